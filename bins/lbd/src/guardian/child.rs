//! The daemon as its guardian sees it: a process and a line to it.

use std::io;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::process;
use tracing::warn;

use crate::failure::Failure;
use crate::service_manager;
use crate::testament::Clause;

/// The longest line that is read from a daemon, in octets: far more than 255 addresses need.
const LONGEST: usize = 16 * 1024 * 1024;

/// How a daemon ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It was told to stop, and did.
    Orderly,
    /// It said what was wrong and left with this exit code.
    Failed(u8),
    /// It was killed, or panicked.
    Killed(String),
}

#[derive(Debug)]
pub(super) struct Child {
    process: process::Child,
    line: BufReader<UnixStream>,
    text: Vec<u8>,
}

impl Child {
    /// Starts a daemon that takes over the roles of these routers at once; `revived` if another one was killed before it.
    pub(super) fn start(adopt: &[String], revived: bool) -> Result<Self, Failure> {
        let complain =
            |error: io::Error| Failure::Runtime(format!("cannot start the daemon: {error}"));
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(complain)?;
        ours.set_nonblocking(true).map_err(complain)?;
        let heartbeat = service_manager::heartbeat().map(|every| every.as_micros().to_string());
        let mut command = process::Command::new("/proc/self/exe");
        for name in service_manager::VARIABLES {
            command.env_remove(name);
        }
        if let Some(name) = std::env::args_os().next() {
            command.arg0(name);
        }
        command
            .args(std::env::args_os().skip(1))
            .arg("--guarded")
            .args(revived.then_some("--revived"))
            .args(adopt.iter().flat_map(|router| ["--adopt", router]))
            .args(heartbeat.iter().flat_map(|every| ["--heartbeat", every]))
            .stdin(Stdio::from(OwnedFd::from(theirs)));
        Ok(Self {
            process: command.spawn().map_err(complain)?,
            line: BufReader::new(UnixStream::from_std(ours).map_err(complain)?),
            text: Vec::new(),
        })
    }

    /// The next clause of the daemon's testament; nothing when it has hung up. Cancel-safe.
    pub(super) async fn clause(&mut self) -> Option<Clause> {
        loop {
            match self.line.read_until(b'\n', &mut self.text).await {
                Ok(0) | Err(_) => return None,
                Ok(_) if self.text.len() > LONGEST => return None,
                Ok(_) if self.text.last() != Some(&b'\n') => continue,
                Ok(_) => {}
            }
            let clause = Clause::from_line(&self.text);
            self.text.clear();
            match clause {
                Ok(clause) => return Some(clause),
                Err(error) => warn!("the daemon's testament makes no sense: {error}"),
            }
        }
    }

    /// Tells the daemon to stop, by closing the line to it: it sees that when it is ready to, while a signal
    /// would kill one that is only starting.
    pub(super) async fn stop(&mut self) {
        // It may have ended by itself.
        let _ = self.line.get_mut().shutdown().await;
    }

    /// Tells the daemon to read its file again. It hears that when it has started; a signal would kill one that
    /// has not.
    pub(super) fn reload(&mut self) {
        // A line that is full holds the same wish already; one that is closed has nobody at its end.
        let _ = self.line.get_mut().try_write(b"r");
    }

    /// Ends a daemon that does not come to.
    pub(super) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.process.start_kill();
    }

    /// Waits for the end of a daemon that has hung up.
    pub(super) async fn end(&mut self) -> io::Result<Ended> {
        let status = self.process.wait().await?;
        Ok(match status.code().map(u8::try_from) {
            Some(Ok(0)) => Ended::Orderly,
            Some(Ok(code)) => Ended::Failed(code),
            Some(Err(_)) | None => Ended::Killed(status.to_string()),
        })
    }
}
