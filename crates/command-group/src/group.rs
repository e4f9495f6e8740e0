//! A process group: started, signalled as a whole, and reaped.

use std::fmt;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use nix::errno::Errno;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Gid, Pid, Uid, setgid, setgroups, setuid};
use tokio::signal::unix::{SignalKind, signal};

use crate::{Options, RunAs};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this exit code.
    Exit(u8),
    /// By this signal.
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
pub(crate) struct Group {
    /// None once reaped.
    leader: Option<Child>,
    pid: Pid,
    children: tokio::signal::unix::Signal,
}

impl Group {
    pub(crate) fn start(mut command: Command, options: &Options) -> io::Result<Group> {
        command.process_group(0);
        if let Some(run_as) = options.run_as.as_ref().filter(|other| !is_us(other)) {
            become_other(&mut command, run_as);
        }
        // After that: it is forgotten when a process becomes another user's.
        if options.ends_with_caller {
            end_with_caller(&mut command);
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

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if self.leader.is_some() {
            // It fails when they all have ended, which is as well.
            let _ = killpg(self.pid, signal);
        }
    }

    /// Waits until the leader has ended, and leaves it unreaped.
    pub(crate) async fn ended(&mut self) -> io::Result<End> {
        loop {
            let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
            if let Some(end) = end(waitid(Id::Pid(self.pid), flags)?) {
                return Ok(end);
            }
            self.children.recv().await;
        }
    }

    /// Waits until the leader has ended, and reaps it.
    pub(crate) async fn reap(&mut self) {
        // Without a leader to wait for there is nothing to reap either.
        let _ = self.ended().await;
        if let Some(mut leader) = self.leader.take() {
            let _ = leader.try_wait();
        }
    }
}

/// To become who one is takes no capability.
fn is_us(run_as: &RunAs) -> bool {
    let us = (Uid::effective().as_raw(), Gid::effective().as_raw());
    us == (run_as.uid, run_as.gid)
}

/// Not by [`CommandExt::uid`], which leaves no supplementary groups.
#[allow(unsafe_code)]
fn become_other(command: &mut Command, run_as: &RunAs) {
    let groups: Vec<Gid> = run_as.groups.iter().copied().map(Gid::from_raw).collect();
    let (uid, gid) = (Uid::from_raw(run_as.uid), Gid::from_raw(run_as.gid));
    // SAFETY: between fork and exec only system calls are made, with arguments that were made before; nothing is
    // allocated.
    unsafe {
        command.pre_exec(move || {
            setgroups(&groups)?;
            setgid(gid)?;
            setuid(uid)?;
            Ok(())
        })
    };
}

#[allow(unsafe_code)]
fn end_with_caller(command: &mut Command) {
    let caller = Pid::this();
    // SAFETY: between fork and exec only system calls are made.
    unsafe {
        command.pre_exec(move || {
            set_pdeathsig(Signal::SIGKILL)?;
            match Pid::parent() == caller {
                true => Ok(()),
                // It ended before.
                false => Err(Errno::ESRCH.into()),
            }
        })
    };
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

/// A runner that is given up for good while its command runs still leaves no zombie: the command has been killed,
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
