//! A copy of the file in force, kept in the runtime directory. A daemon that comes after one that was killed goes on with it
//! where the file itself has become one that it would refuse: a bad file changes nothing, then either.

use std::fs;
use std::path::{Path, PathBuf};

use tracing::warn;

use crate::file;

/// For root alone, as the file may be: it can hold a password.
const MODE: u32 = 0o600;

/// The text of a file that is right for this host, and where it is kept as long as it is in force.
#[derive(Debug)]
pub(super) struct InForce {
    path: PathBuf,
    text: String,
}

/// Where the copy is.
pub(super) fn path(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("in-force.yaml")
}

/// Removes the copy: no daemon is to go on with it.
pub(crate) fn forget(runtime_dir: &Path) {
    // It may never have been kept.
    let _ = fs::remove_file(path(runtime_dir));
}

impl InForce {
    pub(super) fn new(runtime_dir: &Path, text: String) -> Self {
        let path = path(runtime_dir);
        Self { path, text }
    }

    /// Keeps the copy from now on. Where that fails there is none, rather than one of an older file.
    pub(super) fn keep(&self) {
        if fs::read(&self.path).is_ok_and(|kept| kept == self.text.as_bytes()) {
            return;
        }
        if let Err(error) = file::replace(&self.path, &self.text, MODE) {
            let _ = fs::remove_file(&self.path);
            warn!(
                "cannot keep a copy of the file in {}: {error}; should the file be broken when the daemon dies, there is nothing \
                 to go on with",
                self.path.display()
            );
        }
    }
}
