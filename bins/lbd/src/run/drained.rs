//! The servers that an operator drained, written down: a daemon that is started again, or killed, forgets none.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lbd_core::engine::Drain;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tracing::warn;

use super::reload::Asker;
use crate::control::Answer;

/// Wishes that may wait for the disk.
const WAITING: usize = 8;

type Drained = BTreeMap<String, Drain>;

/// Where it is kept, in the runtime directory: a reboot of the host forgets it.
fn path(directory: &Path) -> PathBuf {
    directory.join("drained.json")
}

/// What an earlier daemon wrote; nothing if there is none. What cannot be read keeps no director from starting.
pub(super) fn read(directory: &Path) -> Drained {
    let path = path(directory);
    let drained = match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| error.to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Drained::new(),
        Err(error) => Err(error.to_string()),
    };
    drained.unwrap_or_else(|why| {
        let aside = path.with_extension("damaged");
        // It may not be there to be moved.
        let _ = fs::rename(&path, &aside);
        warn!(
            "{} cannot be read ({why}), so that no server is drained now; say it again. It is left as {}",
            path.display(),
            aside.display()
        );
        Drained::new()
    })
}

/// Forgets it all.
pub(crate) fn forget(directory: &Path) {
    // It may never have been written.
    let _ = fs::remove_file(path(directory));
}

/// Writes on another thread, one wish after the other, and answers whoever had it.
#[derive(Debug)]
pub(super) struct Writer(Sender<(Drained, Asker)>);

impl Writer {
    pub(super) fn start(handle: &Handle, directory: &Path) -> Self {
        let (sender, wishes) = mpsc::channel(WAITING);
        handle.spawn(write_all(path(directory), wishes));
        Self(sender)
    }

    /// Keeps this from now on.
    pub(super) fn keep(&self, drained: Drained, asker: Asker) {
        if let Err(error) = self.0.try_send((drained, asker)) {
            let (_, asker) = error.into_inner();
            // Whoever asked may have gone.
            let _ = asker.send(forgetful("the disk does not keep up"));
        }
    }
}

async fn write_all(path: PathBuf, mut wishes: Receiver<(Drained, Asker)>) {
    while let Some((drained, asker)) = wishes.recv().await {
        let path = path.clone();
        let written = tokio::task::spawn_blocking(move || write(&path, &drained)).await;
        let _ = asker.send(match written {
            Ok(Ok(())) => Answer::Drained,
            Ok(Err(error)) => forgetful(&error.to_string()),
            Err(error) => forgetful(&error.to_string()),
        });
    }
}

/// All of it or nothing.
fn write(path: &Path, drained: &Drained) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, serde_json::to_vec(drained)?)?;
    fs::rename(&new, path)
}

fn forgetful(why: &str) -> Answer {
    Answer::Refused(format!(
        "done, but it will be forgotten when the daemon ends, since it cannot be written down: {why}"
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_what_is_damaged_is_set_aside() {
        let folder = tempfile::TempDir::new().unwrap();
        assert!(read(folder.path()).is_empty());
        let drained = Drained::from([("db2".to_owned(), Drain::Connections)]);
        write(&path(folder.path()), &drained).unwrap();
        assert_eq!(read(folder.path()), drained);
        fs::write(path(folder.path()), "{\"db2\":\"another word\"}").unwrap();
        assert!(read(folder.path()).is_empty());
        assert!(folder.path().join("drained.damaged").exists());
        assert!(!path(folder.path()).exists());
    }
}
