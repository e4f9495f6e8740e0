//! The runtime directory, and the lock that keeps a second daemon out of it.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};

use crate::failure::Failure;

/// How often the lock is tried, and how long between two tries: a second in all.
const TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// Held as long as the daemon runs; the kernel lets go of it however the daemon ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: Flock<File>,
}

/// Makes the runtime directory and takes its lock.
pub(crate) fn take(directory: &Path) -> Result<Lock, Failure> {
    let complaint = |error: std::io::Error| {
        Failure::Runtime(format!(
            "runtime directory {}: {error}",
            directory.display()
        ))
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(directory)
        .map_err(complaint)?;
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        .open(directory.join("lock"))
        .map_err(complaint)?;
    let mut holder = String::new();
    file.read_to_string(&mut holder).map_err(complaint)?;
    let mut file = lock(file).ok_or_else(|| {
        Failure::Running(format!(
            "another lbd (process {}) runs with {}; stop it, or give this one its own --runtime-dir",
            holder.trim(),
            directory.display()
        ))
    })?;
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(complaint)?;
    Ok(Lock { _file: file })
}

/// Tries for a moment: of a daemon that was killed just now the kernel may still be closing the sockets.
fn lock(mut file: File) -> Option<Flock<File>> {
    for _ in 0..TRIES {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(locked) => return Some(locked),
            Err((unlocked, _)) => file = unlocked,
        }
        std::thread::sleep(BETWEEN_TRIES);
    }
    None
}
