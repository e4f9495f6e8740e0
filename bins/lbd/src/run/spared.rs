//! The servers that an operator keeps from serving, written down: a daemon that is started again, or killed, forgets none.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lbd_core::engine::Spared;

/// The file, in the runtime directory: a reboot of the host forgets it.
#[derive(Debug)]
pub(super) struct SparedFile(PathBuf);

impl SparedFile {
    pub(super) fn at(directory: &Path) -> Self {
        Self(directory.join("spared.json"))
    }

    /// What an earlier daemon wrote; nothing if there is none.
    pub(super) fn read(&self) -> Result<BTreeMap<String, Spared>, String> {
        let named = |what: &dyn std::fmt::Display| format!("{}: {what}", self.0.display());
        match fs::read(&self.0) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|error| named(&format!("damaged ({error}); remove it"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(named(&error)),
        }
    }

    /// Writes it anew: all of it or nothing.
    pub(super) fn write(&self, spared: &BTreeMap<String, Spared>) -> io::Result<()> {
        let new = self.0.with_extension("new");
        fs::write(&new, serde_json::to_vec(spared)?)?;
        fs::rename(&new, &self.0)
    }
}
