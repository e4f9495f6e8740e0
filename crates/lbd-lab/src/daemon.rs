//! A long-lived process on a host, and what can happen to it.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::failed::{Failed, Result};

/// A process that was started on a host. Its output goes to a file of the results folder.
#[derive(Debug)]
pub struct Daemon {
    name: String,
    command: Command,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts `command`, its output appended to `log`.
    pub(crate) fn start(name: String, mut command: Command, log: PathBuf) -> Result<Self> {
        let child = spawn(&mut command, &log)
            .map_err(|error| error.while_doing(format!("starting {name}")))?;
        Ok(Self {
            name,
            command,
            child,
            log,
        })
    }

    /// "lbd on db1".
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    ///
    /// # Errors
    /// When it still runs after 15 s.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        self.signal(Signal::SIGTERM)?;
        self.wait(Duration::from_secs(15))
    }

    /// Kills it (SIGKILL).
    ///
    /// # Errors
    /// When it was not running.
    pub fn kill(&mut self) -> Result {
        self.signal(Signal::SIGKILL)?;
        self.child.wait()?;
        Ok(())
    }

    /// Sends a signal: SIGSTOP and SIGCONT to freeze and thaw it, SIGHUP to reload.
    ///
    /// # Errors
    /// When it is not running.
    pub fn signal(&mut self, signal: Signal) -> Result {
        if let Some(status) = self.child.try_wait()? {
            return Err(Failed::new(format!(
                "{} should run, but ended: {status}\n{}",
                self.name,
                self.tail(15)
            )));
        }
        kill(Pid::from_raw(i32::try_from(self.child.id())?), signal)?;
        Ok(())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it still runs after `limit`.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let until = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > until {
                return Err(Failed::new(format!(
                    "{} still runs after {limit:?}\n{}",
                    self.name,
                    self.tail(15)
                )));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it runs (stopped by SIGSTOP counts as running).
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Starts it again after it ended.
    ///
    /// # Errors
    /// When it still runs, or cannot be started.
    pub fn restart(&mut self) -> Result {
        if self.is_running() {
            return Err(Failed::new(format!("{} runs already", self.name)));
        }
        self.child = spawn(&mut self.command, &self.log)?;
        Ok(())
    }

    /// Everything it wrote so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The last lines it wrote.
    #[must_use]
    pub fn tail(&self, lines: usize) -> String {
        let log = self.log();
        let all: Vec<&str> = log.lines().collect();
        all.get(all.len().saturating_sub(lines)..)
            .unwrap_or_default()
            .join("\n")
    }
}

fn spawn(command: &mut Command, log: &Path) -> Result<Child> {
    let log = OpenOptions::new().create(true).append(true).open(log)?;
    Ok(command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?)
}
