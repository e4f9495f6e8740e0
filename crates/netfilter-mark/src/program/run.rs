//! One run of a program: fed, read, and at the latest when its time is over, killed and reaped.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// How long a killed program is waited for before a thread of its own does that.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// How often an ending program is asked whether it has ended, at most.
const ASK: Duration = Duration::from_millis(10);

/// How a run went.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The program ended.
    Ended {
        status: ExitStatus,
        /// What came on standard output.
        printed: Vec<u8>,
        /// What came on standard error.
        said: Vec<u8>,
    },
    /// It took too long, and was killed.
    TimedOut,
    /// It printed more than wanted, and was killed.
    TooLong,
}

/// Runs `program` with `input` on its standard input, for no longer than `allowed` and for no more than `limit` octets.
pub(super) fn run(
    program: &Path,
    arguments: &[&str],
    input: &str,
    allowed: Duration,
    limit: usize,
) -> io::Result<Outcome> {
    let deadline = Instant::now().checked_add(allowed);
    let mut child = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own, so that what it has started is killed with it.
        .process_group(0)
        .spawn()?;
    let outcome = Pipes::take(&mut child, input)
        .and_then(|mut pipes| pipes.talk(deadline, limit).map(|talk| (talk, pipes)))
        .and_then(|(talk, pipes)| match talk {
            Talk::Over => Ok(match wait(&mut child, deadline)? {
                Some(status) => Outcome::Ended {
                    status,
                    printed: pipes.printed,
                    said: pipes.said,
                },
                None => Outcome::TimedOut,
            }),
            Talk::TimedOut => Ok(Outcome::TimedOut),
            Talk::TooLong => Ok(Outcome::TooLong),
        });
    if !matches!(outcome, Ok(Outcome::Ended { .. })) {
        end(child);
    }
    outcome
}

/// How a conversation with a program ended.
#[derive(Clone, Copy)]
enum Talk {
    /// Everything was said, by both.
    Over,
    TimedOut,
    TooLong,
}

/// The pipes to and from a program, and what has come so far.
struct Pipes<'a> {
    input: &'a [u8],
    stdin: Option<File>,
    stdout: Option<File>,
    stderr: Option<File>,
    printed: Vec<u8>,
    said: Vec<u8>,
}

impl<'a> Pipes<'a> {
    fn take(child: &mut Child, input: &'a str) -> io::Result<Self> {
        Ok(Self {
            input: input.as_bytes(),
            stdin: child
                .stdin
                .take()
                .map(|pipe| ready(pipe.into()))
                .transpose()?,
            stdout: child
                .stdout
                .take()
                .map(|pipe| ready(pipe.into()))
                .transpose()?,
            stderr: child
                .stderr
                .take()
                .map(|pipe| ready(pipe.into()))
                .transpose()?,
            printed: Vec::new(),
            said: Vec::new(),
        })
    }

    /// Writes and reads until the program has closed its outputs.
    fn talk(&mut self, deadline: Option<Instant>, limit: usize) -> io::Result<Talk> {
        while self.stdout.is_some() || self.stderr.is_some() {
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Talk::TimedOut);
            }
            self.wait(left)?;
            self.feed();
            pull(&mut self.stdout, &mut self.printed)?;
            pull(&mut self.stderr, &mut self.said)?;
            if self.printed.len().max(self.said.len()) > limit {
                return Ok(Talk::TooLong);
            }
        }
        Ok(Talk::Over)
    }

    fn wait(&self, left: Option<Duration>) -> io::Result<()> {
        let inputs = [&self.stdout, &self.stderr].into_iter().flatten();
        let mut fds: Vec<PollFd<'_>> = inputs
            .map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN))
            .chain(
                self.stdin
                    .iter()
                    .map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLOUT)),
            )
            .collect();
        // Longer than the kernel can be told is cut, and asked again.
        let left = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut fds, left) {
            Ok(_) | Err(nix::Error::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes what fits; closes the pipe after the last octet, and if the program does not want any more, which its
    /// status will explain.
    fn feed(&mut self) {
        let Some(pipe) = &mut self.stdin else { return };
        loop {
            match pipe.write(self.input) {
                Ok(written) if written > 0 => {
                    self.input = self.input.get(written..).unwrap_or_default();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => break,
            }
        }
        self.stdin = None;
    }
}

/// Reads what is there; closes the pipe at its end.
fn pull(pipe: &mut Option<File>, into: &mut Vec<u8>) -> io::Result<()> {
    let Some(open) = pipe else { return Ok(()) };
    let mut buffer = [0; 1 << 14];
    match open.read(&mut buffer) {
        Ok(0) => *pipe = None,
        Ok(length) => into.extend_from_slice(buffer.get(..length).unwrap_or_default()),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Our end of a pipe, made not to block.
fn ready(pipe: OwnedFd) -> io::Result<File> {
    let fd: BorrowedFd<'_> = pipe.as_fd();
    let flags = OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL)?);
    fcntl(fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(File::from(pipe))
}

/// Waits for the end of a program that has closed its outputs; `None` if that takes too long.
fn wait(child: &mut Child, deadline: Option<Instant>) -> io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_micros(50);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if deadline.is_some_and(|at| Instant::now() >= at) {
            return Ok(None);
        }
        thread::sleep(pause);
        pause = pause.saturating_mul(2).min(ASK);
    }
}

/// Kills the program and what it started, and reaps it. One that hangs in the kernel does not die before it comes back
/// from there: a thread waits for it.
fn end(mut child: Child) {
    let group = i32::try_from(child.id()).map(Pid::from_raw);
    // Fails if all of them have ended by themselves.
    let _ = group.map(|group| killpg(group, Signal::SIGKILL));
    let soon = Instant::now().checked_add(LAST_WAIT);
    if let Ok(None) = wait(&mut child, soon) {
        let reaper = thread::Builder::new().name("reaper".to_owned());
        // Without a thread it stays a zombie until this process ends: no reason to hang.
        let _ = reaper.spawn(move || child.wait());
    }
}

#[cfg(test)]
mod tests;
