//! The daemon's side of the line to its guardian.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

use lbd_core::engine::Holding;
use nix::fcntl::{FcntlArg, fcntl};
use nix::unistd::dup2_stdin;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tracing::warn;

use crate::failure::Failure;
use crate::service_manager::{News, ServiceManager};
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

/// The line to the guardian; without one, no testament is written and nobody can be gone.
#[derive(Debug)]
pub(super) struct Bequest {
    line: Option<UnixStream>,
    /// Who is told directly what there is no guardian to tell.
    manager: ServiceManager,
    /// What the guardian has been told, by the router's name. Of a role that was adopted it knows, but not what it
    /// is now.
    told: BTreeMap<String, Option<Holding>>,
    /// What the line has not taken yet. It holds all roles at most, each once or twice, and news of reloads.
    outbox: Vec<u8>,
}

impl Bequest {
    pub(super) fn none() -> Self {
        Self {
            line: None,
            manager: ServiceManager::of_environment(),
            told: BTreeMap::new(),
            outbox: Vec::new(),
        }
    }

    /// Takes the line from standard input, so that no program that the daemon starts holds it open. The guardian keeps
    /// the adopted roles.
    pub(super) fn from_stdin(adopted: &[String]) -> Result<Self, Failure> {
        let complain = |error: io::Error| Failure::Runtime(format!("no guardian: {error}"));
        let line = high(io::stdin().as_fd()).map_err(complain)?;
        let nothing = std::fs::File::open("/dev/null").map_err(complain)?;
        dup2_stdin(nothing).map_err(|error| complain(error.into()))?;
        let line = std::os::unix::net::UnixStream::from(line);
        line.set_nonblocking(true).map_err(complain)?;
        Ok(Self {
            line: Some(UnixStream::from_std(line).map_err(complain)?),
            manager: ServiceManager::default(),
            told: adopted.iter().map(|name| (name.clone(), None)).collect(),
            outbox: Vec::new(),
        })
    }

    /// Writes down the roles that are held from now on, and crosses the others out. It goes in one piece: a role that
    /// has another name must not be without one should the daemon die here.
    pub(super) fn settle(&mut self, held: Vec<Holding>) {
        if self.line.is_none() {
            return;
        }
        let held: BTreeMap<String, Option<Holding>> = held
            .into_iter()
            .map(|holding| (holding.router.clone(), Some(holding)))
            .collect();
        let gone = self.told.keys().filter(|name| !held.contains_key(*name));
        let gone = gone.map(|name| Clause::Release(name.clone()));
        let new = held
            .iter()
            .filter(|(name, now)| self.told.get(*name) != Some(*now));
        let new =
            new.filter_map(|(_, now)| now.as_ref().map(|holding| Clause::Hold(holding.into())));
        for clause in gone.chain(new) {
            write(&mut self.outbox, &clause);
        }
        self.told = held;
        self.flush();
    }

    /// Has the service manager told.
    pub(super) fn tell(&mut self, news: News) {
        if self.line.is_none() {
            return self.manager.tell(news);
        }
        // Behind a guardian that does not read, signs of life would pile up.
        if news != News::Alive || self.outbox.is_empty() {
            write(&mut self.outbox, &Clause::News(news));
            self.flush();
        }
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

    /// Waits for a word of the guardian, and writes or says what could not be written or said before.
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
        loop {
            self.manager.retry().await;
        }
    }
}

fn write(outbox: &mut Vec<u8>, clause: &Clause) {
    match clause.to_line() {
        Ok(line) => outbox.extend(line),
        Err(error) => warn!("cannot write a testament: {error}"),
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
