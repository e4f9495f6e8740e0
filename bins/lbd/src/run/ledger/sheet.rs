//! The ledger's file, written whole or not at all, and anew on a full disk too.
//!
//! A host whose `/run` has filled up since must still be able to take a role over. So room is kept: beside the file lies
//! a spare of its size, which holds the next version and takes its place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Everybody may read what is lbd's.
const MODE: u32 = 0o644;
/// Memory and disks are given out in pages of this many octets.
const PAGE: usize = 4096;

/// Puts this text in place of the file's, with blanks behind it.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let spare = path.with_extension("new");
    let kept = size_of(&spare);
    // A master has about twice as much to write down as a backup.
    let roomy = text.len().saturating_mul(2).next_multiple_of(PAGE);
    let written = fill(&spare, text, roomy.max(kept))
        .or_else(|_| fill(&spare, text, kept.max(text.len())))
        .and_then(|()| fs::rename(&spare, path));
    match (&written, kept) {
        // The pages of the file before have just become free. Without a spare it is tried again next time.
        (Ok(()), _) => keep(&spare, size_of(path)),
        (Err(_), 0) => remove(&spare),
        (Err(_), kept) => keep(&spare, kept),
    }
    written
}

/// Removes the file and what is kept beside it.
pub(super) fn close(path: &Path) -> io::Result<()> {
    remove(&path.with_extension("new"));
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn keep(spare: &Path, size: usize) {
    if fill(spare, "", size).is_err() {
        remove(spare);
    }
}

/// Half of it would take room that is short already.
fn remove(spare: &Path) {
    // It may never have been there.
    let _ = fs::remove_file(spare);
}

/// Octets; none where there is no file.
fn size_of(path: &Path) -> usize {
    let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
    usize::try_from(length).unwrap_or(0)
}

/// Writes over what is there, so that pages which the file has already are used again.
fn fill(path: &Path, text: &str, size: usize) -> io::Result<()> {
    let mut octets = text.as_bytes().to_vec();
    octets.resize(size, b' ');
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(MODE);
    let mut file: File = options.open(path)?;
    file.write_all(&octets)?;
    file.set_len(u64::try_from(size).unwrap_or(u64::MAX))
}
