//! Reading the file again while the daemon runs: on another thread, one reading at a time, and a file that is not
//! right for this host changes nothing.

use std::future::Future;

use lbd_core::host::{Host, Interface};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tracing::{error, info};

use super::commands::{self, Rights};
use super::preflight::{self, Needs};
use super::report;
use super::worker::Outcome;
use crate::cli::RunOptions;
use crate::control::Answer;
use crate::failure::Failure;
use crate::file;

/// Whoever asked for a reload over the control socket.
pub(super) type Asker = oneshot::Sender<Answer>;

/// A file that is right for this host.
#[derive(Debug)]
pub(super) struct NewFile {
    pub(super) host: Host,
    pub(super) interfaces: Vec<Interface>,
    pub(super) needs: Needs,
    pub(super) rights: Rights,
}

/// The wishes to reload, and who has them.
#[derive(Debug)]
pub(super) struct Reloads {
    options: RunOptions,
    /// Whether the file is being read.
    reading: bool,
    askers: Vec<Asker>,
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
        self.askers.extend(asker);
        Some(read(self.options.clone()))
    }

    /// Tells everybody what came of it, once the kernel has followed; true when the file is to be read once more.
    pub(super) fn finish(
        &mut self,
        io: &Runtime,
        outcome: Result<oneshot::Receiver<Outcome>, Failure>,
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
            for asker in askers {
                // It may have gone.
                let _ = asker.send(answer.clone());
            }
        });
        self.reading = false;
        std::mem::take(&mut self.again)
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
    let config = tokio::task::spawn_blocking(move || file::load(&path))
        .await
        .map_err(|error| Failure::Runtime(error.to_string()))??;
    report::warn_about(&config);
    let (host, interfaces) = preflight::host(config, &options).await?;
    let (host, rights) = tokio::task::spawn_blocking(|| fit(host))
        .await
        .map_err(|error| Failure::Runtime(error.to_string()))??;
    let needs = preflight::needs_of(&host).await?;
    Ok(Box::new(NewFile {
        host,
        interfaces,
        needs,
        rights,
    }))
}

/// That every command of the file can be run on this host.
fn fit(host: Host) -> Result<(Host, Rights), Failure> {
    let (rights, unfit) = commands::look_over(&host);
    commands::none_unfit(&unfit)?;
    Ok((host, rights))
}
