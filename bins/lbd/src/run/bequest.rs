//! The daemon's side of the line to its guardian.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

use lbd_core::engine::Holding;
use nix::fcntl::{FcntlArg, fcntl};
use nix::unistd::dup2_stdin;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tracing::warn;

use crate::failure::Failure;
use crate::testament::Clause;

/// Where the line lies among the descriptors: above all that the daemon ever opens, below the usual limit of 1024.
///
/// Of a process that was killed the kernel closes the highest first, one after the other, and a packet socket takes it
/// some 10 to 20 ms (it waits for every processor to have seen it go). The guardian must not learn of the death only then.
const HIGH: i32 = 1000;

/// What the guardian says to its daemon: an end of the line, or an octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// It wants the daemon to stop, or is gone.
    Stop,
    /// It was asked to have the file read again.
    Reload,
}

/// The line to the guardian; without one, nothing is written and nobody can be gone.
#[derive(Debug)]
pub(super) struct Bequest {
    line: Option<UnixStream>,
    /// What the line has not taken yet. It holds all roles at most, each once or twice.
    outbox: Vec<u8>,
}

impl Bequest {
    pub(super) fn none() -> Self {
        Self {
            line: None,
            outbox: Vec::new(),
        }
    }

    /// Takes the line from standard input, so that no program that the daemon starts holds it open.
    pub(super) fn from_stdin() -> Result<Self, Failure> {
        let complain = |error: io::Error| Failure::Runtime(format!("no guardian: {error}"));
        let line = high(io::stdin().as_fd()).map_err(complain)?;
        let nothing = std::fs::File::open("/dev/null").map_err(complain)?;
        dup2_stdin(nothing).map_err(|error| complain(error.into()))?;
        let line = std::os::unix::net::UnixStream::from(line);
        line.set_nonblocking(true).map_err(complain)?;
        Ok(Self {
            line: Some(UnixStream::from_std(line).map_err(complain)?),
            outbox: Vec::new(),
        })
    }

    /// Writes down a role that is held from now on.
    pub(super) fn hold(&mut self, holding: &Holding) {
        self.write(&Clause::Hold(holding.into()));
    }

    /// Crosses out a role.
    pub(super) fn release(&mut self, router: &str) {
        self.write(&Clause::Release(router.to_owned()));
    }

    fn write(&mut self, clause: &Clause) {
        if self.line.is_none() {
            return;
        }
        match clause.to_line() {
            Ok(line) => self.outbox.extend(line),
            Err(error) => warn!("cannot write a testament: {error}"),
        }
        self.flush();
    }

    fn flush(&mut self) {
        let Some(line) = &self.line else {
            return;
        };
        while !self.outbox.is_empty() {
            match line.try_write(&self.outbox) {
                Ok(count) => {
                    self.outbox.drain(..count);
                }
                // Full: the rest goes when there is room. Gone: `word` says so.
                Err(_) => return,
            }
        }
    }

    /// Waits for a word of the guardian, and writes what could not be written before.
    pub(super) async fn word(&mut self) -> Word {
        while let Some(line) = &self.line {
            let wanted = match self.outbox.is_empty() {
                true => Interest::READABLE,
                false => Interest::READABLE | Interest::WRITABLE,
            };
            let Ok(_) = line.ready(wanted).await else {
                return Word::Stop;
            };
            match line.try_read(&mut [0; 64]) {
                Ok(0) => return Word::Stop,
                // However often it was asked: one look at the file serves all.
                Ok(_) => return Word::Reload,
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Word::Stop,
                Err(_) => self.flush(),
            }
        }
        std::future::pending().await
    }
}

/// A copy of the descriptor, at [`HIGH`] where the process's limit allows that.
#[allow(unsafe_code)]
fn high(line: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    match fcntl(line, FcntlArg::F_DUPFD_CLOEXEC(HIGH)) {
        // SAFETY: the kernel has just made it, for us alone.
        Ok(number) => Ok(unsafe { OwnedFd::from_raw_fd(number) }),
        Err(_) => line.try_clone_to_owned(),
    }
}
