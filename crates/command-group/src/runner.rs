//! One run after another.

use std::fmt;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::group::{End, Group};
use crate::running::Running;
use crate::{Error, Options, vet};

/// How long a process that was killed may take to be gone; longer only while the kernel itself holds it up.
const DEATH: Duration = Duration::from_millis(200);

/// How a command ended, in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// How.
    pub end: End,
    /// The last line that it wrote to either output, without control characters; at most 200 octets.
    pub last_line: String,
    /// How long it took.
    pub took: Duration,
}

impl Run {
    /// Whether it ended by itself with exit code 0.
    #[must_use]
    pub fn went_well(&self) -> bool {
        self.end == End::Exit(0)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.last_line.as_str() {
            "" => self.end.fmt(f),
            line => write!(f, "{}: {line}", self.end),
        }
    }
}

/// Runs commands, one at a time: whatever is left of a run is seen off before the next one begins.
#[derive(Debug, Default)]
pub struct Runner {
    /// What is running, or was not gone yet when it was last looked at.
    group: Option<Group>,
}

impl Runner {
    /// Nothing runs yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a command to its end, or to that of its time.
    ///
    /// Returns within the time-out, [`Options::kill_after`] and 200 ms. Needs a tokio runtime with IO and time
    /// enabled. Dropping the future kills the group; its leader is reaped when the runner is dropped, too, or by the
    /// next run, before it starts anything.
    ///
    /// # Errors
    /// See [`Error`]. How the command ended is none.
    pub async fn run(&mut self, options: &Options) -> Result<Run, Error> {
        let begun = Instant::now();
        self.bury(options.timeout).await?;
        if options.vetted {
            vetted(options).await?;
        }
        let mut running = Running::start(options, &mut self.group)?;
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
            self.group = None;
        }
        let end = end.map_err(|_elapsed| Error::TimedOut)?;
        Ok(Run {
            end: end.map_err(|source| Error::Lost {
                program: options.program.clone(),
                source,
            })?,
            last_line,
            took: begun.elapsed(),
        })
    }

    /// Sees an earlier run off that was not gone when it was given up.
    async fn bury(&mut self, limit: Duration) -> Result<(), Error> {
        let Some(group) = &mut self.group else {
            return Ok(());
        };
        group.signal(Signal::SIGKILL);
        let pid = group.pid();
        match tokio::time::timeout(limit, group.reap()).await {
            Ok(()) => {
                self.group = None;
                Ok(())
            }
            Err(_elapsed) => Err(Error::Remains { pid: pid.as_raw() }),
        }
    }
}

/// The disk may be slow, or far away.
async fn vetted(options: &Options) -> Result<(), Error> {
    let (program, run_as) = (options.program.clone(), options.run_as.clone());
    let look = tokio::task::spawn_blocking(move || vet(program.as_ref(), run_as.as_ref()));
    match tokio::time::timeout(options.timeout, look).await {
        Ok(Ok(fit)) => Ok(fit?),
        Ok(Err(error)) => Err(Error::NotStarted {
            program: options.program.clone(),
            source: std::io::Error::other(error),
        }),
        Err(_elapsed) => Err(Error::TimedOut),
    }
}
