//! A process group: started, signalled as a whole, and reaped.

use std::fmt;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};

use super::RunAs;

/// How the leader of a group ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Exit(u8),
    Signal(Signal),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Exit(code) => write!(f, "exit code {code}"),
            End::Signal(signal) => write!(f, "ended by {signal}"),
        }
    }
}

/// A command and all it starts. As long as the command is not reaped, its number belongs to nobody
/// else, so that a signal to the group cannot hit strangers.
#[derive(Debug)]
pub(super) struct Group {
    /// None once reaped.
    leader: Option<Child>,
    pid: Pid,
    children: tokio::signal::unix::Signal,
}

impl Group {
    pub(super) fn start(mut command: Command, run_as: Option<RunAs>) -> io::Result<Group> {
        command.process_group(0);
        if let Some(RunAs { uid, gid }) = run_as {
            command.gid(gid).uid(uid);
        }
        // Before the start, or the command could end unheard.
        let children = signal(SignalKind::child())?;
        let leader = command.spawn()?;
        let pid = i32::try_from(leader.id()).map_err(io::Error::other)?;
        Ok(Group {
            leader: Some(leader),
            pid: Pid::from_raw(pid),
            children,
        })
    }

    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    pub(super) fn signal(&self, signal: Signal) {
        if self.leader.is_some() {
            // It fails when they all have ended, which is as well.
            let _ = killpg(self.pid, signal);
        }
    }

    /// Waits until the leader has ended, and leaves it unreaped.
    pub(super) async fn ended(&mut self) -> io::Result<End> {
        loop {
            let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
            if let Some(end) = end(waitid(Id::Pid(self.pid), flags)?) {
                return Ok(end);
            }
            self.children.recv().await;
        }
    }

    /// Waits until the leader has ended, and reaps it.
    pub(super) async fn reap(&mut self) {
        // Without a leader to wait for there is nothing to reap either.
        let _ = self.ended().await;
        if let Some(mut leader) = self.leader.take() {
            let _ = leader.try_wait();
        }
    }
}

fn end(status: WaitStatus) -> Option<End> {
    match status {
        WaitStatus::Exited(_, code) => Some(End::Exit(u8::try_from(code).unwrap_or(u8::MAX))),
        WaitStatus::Signaled(_, signal, _) => Some(End::Signal(signal)),
        WaitStatus::Stopped(..)
        | WaitStatus::PtraceEvent(..)
        | WaitStatus::PtraceSyscall(_)
        | WaitStatus::Continued(_)
        | WaitStatus::StillAlive => None,
    }
}

/// A check that is given up for good while its command runs still leaves no zombie: the command has been killed,
/// and is waited for where nobody waits for it.
impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        let Some(mut leader) = self.leader.take() else {
            return;
        };
        if !matches!(leader.try_wait(), Ok(Some(_))) {
            // Without a thread to be had, a zombie stays until the daemon ends.
            let _ = std::thread::Builder::new().spawn(move || leader.wait());
        }
    }
}
