//! Starts the other side and waits for the job's end, within a hard time limit.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::emulated;
use super::init::UML_MODULES;
use super::job::{FOLDER_VARIABLE, Job, Verdict};
use super::output::Follow;

/// The program of Debian's package `user-mode-linux`.
const UML: &str = "linux.uml";

/// What a job asks of its kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// With IPVS.
    WithIpvs,
    /// With IPVS, and with nf_tables for IPv4.
    WithNftables,
    /// Without IPVS.
    WithoutIpvs,
    /// Any: the machine's own.
    Any,
}

impl Kernel {
    /// Whether the modules of IPVS are to be loaded.
    #[must_use]
    pub fn has_ipvs(self) -> bool {
        match self {
            Self::WithIpvs | Self::WithNftables => true,
            Self::WithoutIpvs | Self::Any => false,
        }
    }
}

/// Where a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In namespaces of this machine.
    Namespaces,
    /// In a user-mode Linux guest.
    Guest,
    /// In a machine that QEMU computes.
    Emulated,
}

/// How a job ended, seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The command ended so.
    With(Verdict),
    /// It was killed at its time limit.
    TimedOut,
    /// The guest ended without saying how the command did.
    NoVerdict,
}

/// Whether this machine's kernel has IPVS, after asking for the module.
#[must_use]
pub fn host_has_ipvs() -> bool {
    let there = || Path::new("/proc/net/ip_vs").exists();
    if !there() {
        let _ = Command::new("modprobe")
            .arg("ip_vs")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
    there()
}

fn host_has_nftables() -> bool {
    let listed = Command::new("nft")
        .args(["list", "tables", "inet"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    listed.is_ok_and(|status| status.success())
}

/// Chooses where a job that wants `kernel` runs on this machine.
///
/// # Errors
/// In words, what is missing.
pub fn place_for(kernel: Kernel) -> Result<Place, String> {
    let suits = match kernel {
        Kernel::Any => true,
        Kernel::WithIpvs => host_has_ipvs(),
        Kernel::WithNftables => host_has_ipvs() && host_has_nftables(),
        Kernel::WithoutIpvs => !host_has_ipvs(),
    };
    if suits {
        return Ok(Place::Namespaces);
    }
    if kernel == Kernel::WithNftables {
        return emulated::missing().map_or(Ok(Place::Emulated), |what| {
            Err(format!(
                "this kernel has not both IPVS and nf_tables, and {what}"
            ))
        });
    }
    if on_path(UML) && Path::new(UML_MODULES).exists() {
        return Ok(Place::Guest);
    }
    Err(match kernel {
        Kernel::WithIpvs => {
            "this kernel has no IPVS, and user-mode-linux is not installed".to_owned()
        }
        Kernel::WithoutIpvs => {
            "this kernel has IPVS, and user-mode-linux (to do without) is not installed".to_owned()
        }
        Kernel::WithNftables | Kernel::Any => "no place to run".to_owned(),
    })
}

/// Whether a program is found.
#[must_use]
pub fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder: std::path::PathBuf| folder.join(program).is_file())
}

/// Runs a job whose folder exists; passes its output on where `live`. Nothing of it is left running.
///
/// # Errors
/// When it cannot be started.
pub fn run_job(
    place: Place,
    job: &Job,
    folder: &Path,
    limit: Duration,
    live: bool,
) -> io::Result<Ended> {
    let folder = &fs::canonicalize(folder)?;
    for old in ["verdict.json", "stdout", "stderr"] {
        let _ = fs::remove_file(folder.join(old));
    }
    job.write(folder)?;
    let scratch = folder.join("guest");
    fs::create_dir_all(&scratch)?;
    let console = File::create(folder.join("console.log"))?;
    let mut command = match place {
        Place::Guest => guest_command(folder, &scratch)?,
        Place::Emulated => emulated::command(folder, &scratch)?,
        Place::Namespaces => namespaces_command(folder)?,
    };
    let child = command
        .stdin(Stdio::null())
        .stdout(console.try_clone()?)
        .stderr(console)
        .spawn()
        .map_err(|error| io::Error::other(format!("cannot start {command:?}: {error}")))?;
    let mut running = Running(child);
    let ended = watch(&mut running.0, folder, limit, live);
    drop(running);
    let _ = fs::remove_dir_all(scratch);
    ended
}

/// Whatever ends the waiting ends the place, too.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The guest and all of its helper processes live in a process namespace that ends with its first process; that one
/// ends with us.
fn guest_command(folder: &Path, scratch: &Path) -> io::Result<Command> {
    let mut command = contained(&["--pid"]);
    command
        .args([
            "sh",
            "-c",
            "\"$@\"; exit",
            "guest",
            UML,
            "mem=2G",
            "root=/dev/root",
            "rootfstype=hostfs",
            "rootflags=/",
            "ro",
        ])
        .arg(format!("init={}", std::env::current_exe()?.display()))
        .args(["con=null", "con0=fd:0,fd:1", "quiet", "umid=guest"])
        .arg(format!("uml_dir={}/", scratch.display()))
        .arg(format!("{FOLDER_VARIABLE}={}", folder.display()));
    Ok(command)
}

fn namespaces_command(folder: &Path) -> io::Result<Command> {
    let mut command = contained(&[
        "--pid",
        "--mount",
        "--net",
        "--uts",
        "--ipc",
        "--mount-proc",
    ]);
    command
        .arg(std::env::current_exe()?)
        .arg("init")
        .arg(folder);
    Ok(command)
}

/// A command in new namespaces which dies with us, and everything in it with it.
pub(super) fn contained(namespaces: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", "unshare", "--fork", "--kill-child"])
        .args(namespaces)
        .arg("--");
    command
}

fn watch(child: &mut Child, folder: &Path, limit: Duration, live: bool) -> io::Result<Ended> {
    let started = Instant::now();
    let mut out = Follow::new(folder, "stdout", live.then(io::stdout));
    let mut err = Follow::new(folder, "stderr", live.then(io::stderr));
    let timed_out = loop {
        let ended = child.try_wait()?.is_some();
        out.pass_on()?;
        err.pass_on()?;
        if ended {
            break false;
        }
        if started.elapsed() > limit {
            break true;
        }
        std::thread::sleep(Duration::from_millis(30));
    };
    Ok(match Verdict::read(folder) {
        Some(verdict) => Ended::With(verdict),
        None if timed_out => Ended::TimedOut,
        None => Ended::NoVerdict,
    })
}
