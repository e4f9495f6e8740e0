//! Reading the file again while the daemon runs: on another thread, one reading at a time, and a file that is not
//! right for this host changes nothing.

use std::future::Future;

use lbd_core::host::Interface;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;
use tracing::{error, info};

use super::driver::Input;
use super::preflight::{self, NewFile, Unfit};
use super::report;
use super::worker::Outcome;
use crate::cli::RunOptions;
use crate::control::Answer;
use crate::failure::Failure;
use crate::file;

/// Whoever asked for a reload over the control socket.
pub(super) type Asker = oneshot::Sender<Answer>;

/// The wishes to reload, and who has them.
#[derive(Debug)]
pub(super) struct Reloads {
    options: RunOptions,
    /// Whether the file is being read.
    reading: bool,
    askers: Vec<Asker>,
    /// Reloads whose end is not known yet; one can be read while the kernel still follows another.
    unfinished: usize,
    /// Wishes that came since the reading began, and may be about a newer file.
    again: bool,
    later: Vec<Asker>,
}

impl Reloads {
    pub(super) fn new(options: RunOptions) -> Self {
        Self {
            options,
            reading: false,
            askers: Vec::new(),
            unfinished: 0,
            again: false,
            later: Vec::new(),
        }
    }

    /// Takes a wish, and gives what reads the file, unless that is going on already.
    pub(super) fn ask(
        &mut self,
        asker: Option<Asker>,
    ) -> Option<impl Future<Output = Result<Box<NewFile>, Failure>> + Send + use<>> {
        if self.reading {
            self.again = true;
            self.later.extend(asker);
            return None;
        }
        self.reading = true;
        self.unfinished += 1;
        self.askers.extend(asker);
        Some(apart(read(self.options.clone())))
    }

    /// Tells everybody what came of it, once the kernel has followed, and first of all says [`Input::Reloaded`]; true when the file is to be read once more.
    pub(super) fn finish(
        &mut self,
        io: &Runtime,
        outcome: Result<oneshot::Receiver<Outcome>, Failure>,
        over: Sender<Input>,
    ) -> bool {
        let path = self.options.config.display().to_string();
        let askers = std::mem::replace(&mut self.askers, std::mem::take(&mut self.later));
        io.spawn(async move {
            let answer = match outcome {
                Ok(worker) => followed(&path, worker).await,
                Err(failure) => {
                    let why = failure.to_string();
                    error!(
                        "not reloaded, everything stays as it was: {}",
                        why.trim_end()
                    );
                    Answer::Refused(format!("not reloaded: {why}"))
                }
            };
            // Nobody listens any more when the daemon stops.
            let _ = over.send(Input::Reloaded).await;
            for asker in askers {
                // It may have gone.
                let _ = asker.send(answer.clone());
            }
        });
        self.reading = false;
        std::mem::take(&mut self.again)
    }

    /// One is over; true when none is left.
    pub(super) fn finished(&mut self) -> bool {
        self.unfinished = self.unfinished.saturating_sub(1);
        self.unfinished == 0
    }
}

/// Of two views of the host's interfaces the newer one. What is watched is up to date from its first view on; what was read with the
/// file may be as old as its reading took, and a link may have gone down since.
pub(super) fn latest<'a>(watched: &'a [Interface], read: &'a [Interface]) -> &'a [Interface] {
    match watched.is_empty() {
        true => read,
        false => watched,
    }
}

/// Has the file read by a task of its own: should that panic, it is a file that could not be read, and the next
/// wish is served.
async fn apart<T: Send + 'static>(
    reading: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::spawn(reading).await {
        Ok(read) => read,
        Err(error) => Err(Failure::Runtime(format!("reading the file: {error}"))),
    }
}

async fn followed(path: &str, worker: oneshot::Receiver<Outcome>) -> Answer {
    match worker.await {
        Ok(Ok(changes)) => {
            info!("reloaded {path}; changes in the kernel: {changes}");
            Answer::Reloaded(changes)
        }
        Ok(Err(why)) => {
            error!("reloaded {path}, but the kernel has not followed yet: {why}");
            Answer::Refused(format!(
                "reloaded, but the kernel has not followed yet: {why}"
            ))
        }
        Err(_) => Answer::Refused("the daemon is stopping".to_owned()),
    }
}

async fn read(options: RunOptions) -> Result<Box<NewFile>, Failure> {
    let path = options.config.clone();
    // Reading and checking a large file takes its time, and there is one thread for all probes.
    let (config, text) = tokio::task::spawn_blocking(move || file::load_with_text(&path))
        .await
        .map_err(|error| Failure::Runtime(error.to_string()))??;
    report::warn_about(&config);
    preflight::fit(config, text, &options, Unfit::Refused)
        .await
        .map(Box::new)
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used)]
mod tests {
    use super::*;

    fn eth0(usable: bool) -> Vec<Interface> {
        vec![Interface {
            name: "eth0".to_owned(),
            index: 2,
            addresses: Vec::new(),
            usable,
            mac: None,
        }]
    }

    #[test]
    fn a_link_that_went_down_while_the_file_was_read_is_down() {
        assert_eq!(latest(&eth0(false), &eth0(true)), eth0(false));
        assert_eq!(latest(&[], &eth0(true)), eth0(true), "nothing seen yet");
    }

    #[test]
    fn a_panic_while_the_file_is_read_is_an_error_and_the_next_reading_works() {
        let runtime = crate::runtime::of_one_thread().unwrap();
        runtime.block_on(async {
            let broken: Result<(), Failure> = apart(async { panic!("a bug") }).await;
            let said = broken.unwrap_err().to_string();
            assert!(
                said.contains("reading the file") && said.contains("a bug"),
                "{said}"
            );
            assert_eq!(apart(async { Ok(7) }).await.unwrap(), 7);
        });
    }
}
