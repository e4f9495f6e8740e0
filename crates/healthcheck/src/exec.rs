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

use std::time::Duration;

pub use command_group::RunAs;
use command_group::{End, Error, Run, Runner};

use crate::{Failure, Measured, Outcome};

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
    /// Whether a program is refused that others than root and its user can write
    /// ([`command_group::vet`]). Default: no.
    pub vetted: bool,
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
            vetted: false,
        }
    }

    fn command(&self) -> command_group::Options {
        command_group::Options {
            arguments: self.arguments.clone(),
            environment: self.environment.clone(),
            kill_after: self.kill_after,
            run_as: self.run_as.clone(),
            vetted: self.vetted,
            ..command_group::Options::new(&self.program, self.timeout)
        }
    }
}

/// The check of one server by a command: runs it once for each probe.
#[derive(Debug)]
pub struct Check {
    options: Options,
    runner: Runner,
}

impl Check {
    /// Nothing runs yet.
    pub fn new(options: Options) -> Check {
        Check {
            options,
            runner: Runner::new(),
        }
    }

    /// Runs the command once.
    ///
    /// Returns within the time-out, [`Options::kill_after`] and 200 ms. Needs a tokio runtime with IO and time
    /// enabled.
    pub async fn probe(&mut self) -> Outcome {
        let run = self.runner.run(&self.options.command()).await;
        match run {
            Ok(run) => judge(&run, self.options.dynamic),
            Err(Error::TimedOut) => Outcome::Failure(Failure::TimedOut),
            Err(
                error @ (Error::NotStarted { .. }
                | Error::Unfit { .. }
                | Error::Remains { .. }
                | Error::Lost { .. }),
            ) => Outcome::Failure(Failure::Other(error.to_string().into())),
        }
    }
}

fn judge(run: &Run, dynamic: bool) -> Outcome {
    let weight = match run.end {
        End::Exit(0) => None,
        End::Exit(code @ (2..=125 | 128..)) if dynamic => Some(u32::from(code).saturating_sub(2)),
        End::Exit(_) | End::Signal(_) => {
            return Outcome::Failure(Failure::Wrong(run.to_string().into()));
        }
    };
    let measured = Measured {
        weight,
        ..Measured::default()
    };
    Outcome::Success {
        took: run.took,
        measured,
    }
}
