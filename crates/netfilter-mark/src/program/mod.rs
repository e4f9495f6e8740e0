//! Finds programs, runs them with a time limit, and says why they failed.

mod run;

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use crate::Error;
use run::Outcome;

/// How long a program may take, apart from what it waits for a lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most that is read of what a program prints, in octets: about 100 000 rules.
const LIMIT: usize = 16 << 20;

/// A program of this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program(PathBuf);

impl Program {
    /// Looks through PATH and then where administrators' programs are, as a daemon's PATH often lacks that.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path)
            .chain(["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from))
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
            .map(Self)
    }

    /// The program in this file.
    #[cfg(test)]
    pub(crate) fn at(file: PathBuf) -> Self {
        Self(file)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.clone()
    }

    /// Runs it in the calling thread's network namespace, with `input` on its standard input, and gives what it
    /// printed. After 10 s and `lock_wait` it is killed.
    pub(crate) fn run(
        &self,
        arguments: &[&str],
        input: &str,
        lock_wait: Duration,
    ) -> Result<String, Error> {
        self.talk(arguments, input, lock_wait)
            .map(|(printed, _)| printed)
    }

    /// [`run`](Self::run), and what it said on standard error though it succeeded.
    pub(crate) fn talk(
        &self,
        arguments: &[&str],
        input: &str,
        lock_wait: Duration,
    ) -> Result<(String, String), Error> {
        let text = |octets: Vec<u8>| String::from_utf8_lossy(&octets).into_owned();
        let allowed = PATIENCE.saturating_add(lock_wait);
        let outcome = run::run(&self.0, arguments, input, allowed, LIMIT).map_err(|source| {
            let program = self.0.clone();
            Error::Run { program, source }
        })?;
        let program = self.0.clone();
        match outcome {
            Outcome::Ended {
                status,
                printed,
                said,
            } if status.success() => Ok((text(printed), text(said))),
            Outcome::Ended { status, said, .. } => {
                Err(explain(program, status.code(), &text(said)))
            }
            Outcome::TimedOut => Err(Error::TimedOut { program, allowed }),
            Outcome::TooLong => Err(Error::TooLong {
                program,
                limit: LIMIT,
            }),
        }
    }
}

/// The error of a program that ended with this status and these words.
pub(crate) fn explain(program: PathBuf, status: Option<i32>, said: &str) -> Error {
    // The lock of legacy iptables belongs to root; capabilities do not open it.
    let denied = said.contains("Permission denied") || said.contains("Operation not permitted");
    if denied && !said.contains("lock file") {
        return Error::NotPermitted { program };
    }
    let useful = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("Try `"));
    let message = useful
        .collect::<Vec<_>>()
        .join("; ")
        .chars()
        .take(1000)
        .collect();
    Error::Failed {
        program,
        status,
        message,
    }
}
