//! A command of the operator's that checks a server, as keepalived's `MISC_CHECK` runs one.
//!
//! # Exit codes
//! | code | means | with [`Options::dynamic`] (keepalived's `misc_dynamic`) |
//! |---|---|---|
//! | 0 | well | well, with the configured weight |
//! | 1 | failed | failed |
//! | 2 to 255 | failed | well, with the weight code − 2 ([`Measured::weight`]) |
//! | 126, 127 | failed | failed: so a shell says that it found no command, or may not run it |
//! | ended by a signal | failed | failed |
//!
//! A program that is missing or not executable is a failure. The last line that the command writes is
//! kept as the reason. (keepalived counts 126 and 127 as the weights 124 and 125, and so takes a script that
//! calls a missing program for a healthy server.)
//!
//! # What the command finds
//! - environment: `PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`, `LC_ALL=C`, and
//!   [`Options::environment`]; nothing of the daemon's;
//! - working folder `/`, empty standard input, one pipe for both outputs. Whatever it writes is read, so that
//!   it never blocks, and forgotten but for the last line;
//! - a process group of its own. When its time is over the whole group gets SIGTERM, and after
//!   [`Options::kill_after`] SIGKILL. When the command itself ends, what it left in its group is
//!   killed, too: a check leaves nothing running. (A process that makes itself a session, as `setsid`
//!   does, escapes.)
//!
//! No zombie stays, and there are never two runs of one [`Check`] at once. Dropping the future of a probe kills the
//! group; its leader is reaped when the check is dropped, too, or by the next probe, before it starts anything.

mod group;
mod running;
mod tail;

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::{Failure, Measured, Outcome};

use group::{End, Group};
use running::Running;

/// How long a process that was killed may take to be gone; longer only while the kernel itself holds it up.
const DEATH: Duration = Duration::from_millis(200);

/// What to run, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The program; without a slash it is looked for in the path above.
    pub program: String,
    /// Its arguments. No shell reads them.
    pub arguments: Vec<String>,
    /// The command is to end within this time.
    pub timeout: Duration,
    /// How long it has for ending by itself after that, when it got SIGTERM. The probe ends so much
    /// later than `timeout`; [`Policy::grace`](crate::Policy::grace) should be more. Default 500 ms.
    pub kill_after: Duration,
    /// Whether exit codes from 2 are weights.
    pub dynamic: bool,
    /// Further variables.
    pub environment: Vec<(String, String)>,
    /// Whose rights the command has; none: the daemon's.
    pub run_as: Option<RunAs>,
}

/// A user and group by number; there are no supplementary groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunAs {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

impl Options {
    /// A program without arguments, with the daemon's rights.
    pub fn new(program: impl Into<String>, timeout: Duration) -> Options {
        Options {
            program: program.into(),
            arguments: Vec::new(),
            timeout,
            kill_after: Duration::from_millis(500),
            dynamic: false,
            environment: Vec::new(),
            run_as: None,
        }
    }
}

/// The check of one server by a command: runs it once for each probe.
#[derive(Debug)]
pub struct Check {
    options: Options,
    /// What is running, or was not gone yet when it was last looked at.
    group: Option<Group>,
}

impl Check {
    /// Nothing runs yet.
    pub fn new(options: Options) -> Check {
        Check {
            options,
            group: None,
        }
    }

    /// Runs the command once.
    ///
    /// Returns within the time-out, [`Options::kill_after`] and 200 ms. Needs a tokio runtime with IO and time
    /// enabled.
    pub async fn probe(&mut self) -> Outcome {
        let begun = Instant::now();
        if let Err(failure) = self.bury().await {
            return Outcome::Failure(failure);
        }
        let Check { options, group } = self;
        let mut running = match Running::start(options, group) {
            Ok(running) => running,
            Err(failure) => return Outcome::Failure(failure),
        };
        let timeout = options.timeout.saturating_sub(begun.elapsed());
        let end = tokio::time::timeout(timeout, running.end()).await;
        if end.is_err() {
            running.signal(Signal::SIGTERM);
            // Whether it obeys or not, the group is killed next.
            let _ = tokio::time::timeout(options.kill_after, running.end()).await;
        }
        running.signal(Signal::SIGKILL);
        let gone = tokio::time::timeout(DEATH, running.reap()).await.is_ok();
        let last_line = running.last_line();
        drop(running);
        if gone {
            *group = None;
        }
        match end {
            Ok(Ok(end)) => judge(end, options.dynamic, &last_line, begun.elapsed()),
            Ok(Err(error)) => other(format!("cannot wait for {}: {error}", options.program)),
            Err(_elapsed) => Outcome::Failure(Failure::TimedOut),
        }
    }

    /// Sees an earlier run off that was not gone when its probe ended.
    async fn bury(&mut self) -> Result<(), Failure> {
        let Some(group) = &mut self.group else {
            return Ok(());
        };
        group.signal(Signal::SIGKILL);
        let pid = group.pid();
        match tokio::time::timeout(self.options.timeout, group.reap()).await {
            Ok(()) => {
                self.group = None;
                Ok(())
            }
            Err(_elapsed) => Err(Failure::Other(
                format!("process {pid} of an earlier run was killed and does not end").into(),
            )),
        }
    }
}

fn judge(end: End, dynamic: bool, last_line: &str, took: Duration) -> Outcome {
    let weight = match end {
        End::Exit(0) => None,
        End::Exit(code @ (2..=125 | 128..)) if dynamic => Some(u32::from(code).saturating_sub(2)),
        End::Exit(_) | End::Signal(_) => return wrong(end, last_line),
    };
    let measured = Measured {
        weight,
        ..Measured::default()
    };
    Outcome::Success { took, measured }
}

fn wrong(end: End, last_line: &str) -> Outcome {
    let reason = match last_line {
        "" => end.to_string(),
        last_line => format!("{end}: {last_line}"),
    };
    Outcome::Failure(Failure::Wrong(reason.into()))
}

fn other(what: String) -> Outcome {
    Outcome::Failure(Failure::Other(what.into()))
}
