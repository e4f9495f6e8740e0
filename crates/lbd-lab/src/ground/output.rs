//! Passes on what the job writes, while it writes it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A growing file, copied to a stream of ours bit by bit.
pub(super) struct Follow<W> {
    path: PathBuf,
    file: Option<File>,
    to: Option<W>,
}

impl<W: Write> Follow<W> {
    /// Follows `name` in `folder`; without a stream it does nothing.
    pub(super) fn new(folder: &Path, name: &str, to: Option<W>) -> Self {
        Self {
            path: folder.join(name),
            file: None,
            to,
        }
    }

    /// Copies what is new.
    pub(super) fn pass_on(&mut self) -> io::Result<()> {
        let Some(to) = self.to.as_mut() else {
            return Ok(());
        };
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        let Some(file) = self.file.as_mut() else {
            return Ok(());
        };
        let mut news = Vec::new();
        file.read_to_end(&mut news)?;
        if !news.is_empty() {
            to.write_all(&news)?;
            to.flush()?;
        }
        Ok(())
    }
}
