//! The namespaces of one host or switch: a network, mounts and a host name of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;

use nix::sched::{CloneFlags, setns};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::failed::{Failed, Result};

/// What the first process of the namespaces does: its own `/run`, so that daemons of two hosts don't meet there.
const PREPARE: &str = include_str!("space/prepare.sh");

/// Namespaces, held open by a sleeping process.
#[derive(Debug)]
pub struct Space {
    holder: Child,
    namespaces: Arc<Vec<(File, CloneFlags)>>,
}

/// The kinds of namespaces a host has of its own. Mounts come last: entering them changes what paths mean.
const KINDS: [(&str, CloneFlags); 3] = [
    ("net", CloneFlags::CLONE_NEWNET),
    ("uts", CloneFlags::CLONE_NEWUTS),
    ("mnt", CloneFlags::CLONE_NEWNS),
];

impl Space {
    /// Makes new namespaces whose host name is `name`.
    ///
    /// # Errors
    /// When the kernel refuses (not root), or `unshare` is missing.
    pub fn new(name: &str) -> Result<Self> {
        let mut holder = Command::new("unshare")
            .args([
                "--net",
                "--mount",
                "--uts",
                "--propagation",
                "private",
                "sh",
                "-c",
                PREPARE,
                name,
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = holder.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        if line.trim() != "ready" {
            let _ = holder.kill();
            return Err(Failed::new(format!("cannot make namespaces for {name}")));
        }
        let mut namespaces = Vec::new();
        for (name, kind) in KINDS {
            namespaces.push((
                File::open(format!("/proc/{}/ns/{name}", holder.id()))?,
                kind,
            ));
        }
        Ok(Self {
            holder,
            namespaces: Arc::new(namespaces),
        })
    }

    /// The process that holds the namespaces; `ip link ... netns PID` takes it.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.holder.id()
    }

    /// A command that will run inside.
    #[must_use]
    #[allow(unsafe_code)]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let namespaces = Arc::clone(&self.namespaces);
        // `nsenter` would do, but costs a second exec: most of a tenth of a second in user-mode Linux.
        // SAFETY: between fork and exec only system calls are made, on descriptors opened before; nothing is allocated.
        unsafe {
            command.pre_exec(move || {
                for (namespace, kind) in namespaces.iter() {
                    setns(namespace, *kind)?;
                }
                Ok(())
            })
        };
        command
    }

    /// Runs a function in a thread that is in the network namespace; sockets it opens belong there.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn thread<T, F>(&self, name: &str, work: F) -> Result<JoinHandle<Result<T>>>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        let namespace = File::open(format!("/proc/{}/ns/net", self.pid()))?;
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                setns(&namespace, CloneFlags::CLONE_NEWNET)?;
                drop(namespace);
                work()
            })?;
        Ok(thread)
    }

    /// The processes inside, without the one that holds the namespaces.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn processes(&self) -> Result<Vec<Pid>> {
        let inode = |pid: &str| {
            fs::metadata(format!("/proc/{pid}/ns/net"))
                .map(|file| file.ino())
                .ok()
        };
        let ours = inode(&self.pid().to_string());
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let Ok(pid) = name.parse::<i32>() else {
                continue;
            };
            if u32::try_from(pid) != Ok(self.pid())
                && inode(&name).is_some_and(|inode| Some(inode) == ours)
            {
                found.push(Pid::from_raw(pid));
            }
        }
        Ok(found)
    }

    /// Kills every process inside at once, without a chance to clean up; the namespaces stay.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn kill_all(&self) -> Result {
        // Twice: a process may have been starting another while we looked.
        for _ in 0..2 {
            for pid in self.processes()? {
                let _ = kill(pid, Signal::SIGKILL);
            }
        }
        Ok(())
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let _ = self.kill_all();
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
