//! The first process on the other side: mounts, modules, the job, its verdict, power off.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, chdir, chroot};

use super::emulated;
use super::job::{FOLDER_VARIABLE, Job, Verdict};

/// Where Debian's package `user-mode-linux` keeps its modules.
pub(super) const UML_MODULES: &str = "/usr/lib/uml/modules";

/// Modules that every guest gets: user-mode Linux loads none by itself.
const NET_MODULES: &[&str] = &[
    "veth",
    "bridge",
    "dummy",
    "macvlan",
    "ipip",
    "tun",
    "nlmon",
    "x_tables",
    "xt_tcpudp",
    "xt_mac",
    "xt_mark",
    "xt_comment",
    "xt_multiport",
    "iptable_mangle",
    "iptable_filter",
    "ip6table_mangle",
];

/// Modules that user-mode Linux has not got in a useful form.
const NFT_MODULES: &[&str] = &["nf_tables", "nft_compat", "nft_ct"];

/// Modules of IPVS, with every scheduler and persistence engine.
const IPVS_MODULES: &[&str] = &[
    "ip_vs",
    "ip_vs_rr",
    "ip_vs_wrr",
    "ip_vs_lc",
    "ip_vs_wlc",
    "ip_vs_sh",
    "ip_vs_dh",
    "ip_vs_sed",
    "ip_vs_nq",
    "ip_vs_mh",
    "ip_vs_fo",
    "ip_vs_ovf",
    "ip_vs_lblc",
    "ip_vs_lblcr",
    "ip_vs_pe_sip",
];

/// Which first process this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Of a user-mode Linux guest: the whole machine is ours.
    Guest,
    /// Of an emulated machine: likewise.
    Emulated,
    /// Of namespaces on this machine's own kernel.
    Namespaces,
}

/// Where this process is and the job's folder, when it was started as a guest's first process.
#[must_use]
pub fn guest() -> Option<(Side, PathBuf)> {
    if std::process::id() != 1 {
        return None;
    }
    let side = match std::env::var_os(emulated::VARIABLE) {
        Some(_) => Side::Emulated,
        None => Side::Guest,
    };
    std::env::var_os(FOLDER_VARIABLE).map(|folder| (side, PathBuf::from(folder)))
}

/// Prepares the place, runs the job, leaves its verdict in the folder. A guest is powered off and this does not return.
///
/// # Errors
/// When the place cannot be prepared or the job's files cannot be read or written.
pub fn run(side: Side, folder: &Path) -> io::Result<()> {
    let done = match side {
        Side::Guest | Side::Emulated => prepare_guest(side, folder).and_then(|()| run_job(folder)),
        Side::Namespaces => prepare_namespaces().and_then(|()| run_job(folder)),
    };
    if side != Side::Namespaces {
        if let Err(error) = &done {
            println!("lbd-lab: the guest could not run its job: {error}");
        }
        nix::unistd::sync();
        reboot(RebootMode::RB_POWER_OFF)?;
    }
    done
}

/// The machine's files as a read-only ground, a layer of memory above them: the guest may write anywhere and nothing
/// of it reaches the machine, but for the job's folder.
fn prepare_guest(side: Side, folder: &Path) -> io::Result<()> {
    mount_at("proc", "/proc", "")?;
    mount_at("tmpfs", "/mnt", "size=90%")?;
    load(side, Path::new("/mnt/modules"), &["overlay"])?;
    for layer in ["/mnt/upper", "/mnt/work", "/mnt/root"] {
        fs::create_dir_all(layer)?;
    }
    mount_at(
        "overlay",
        "/mnt/root",
        "lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work",
    )?;
    if side == Side::Emulated {
        // From the machine's files themselves, which the new root is about to cover.
        let shared = Path::new("/mnt/root").join(folder.strip_prefix("/").unwrap_or(folder));
        bind(folder, &shared)?;
    }
    chdir("/mnt/root")?;
    // The new root must also be what a process finds that enters a mount namespace: moved, not only chrooted.
    mount(Some("."), "/", None::<&str>, MsFlags::MS_MOVE, None::<&str>)?;
    chroot(".")?;
    chdir("/")?;

    mount_at("proc", "/proc", "")?;
    mount_at("sysfs", "/sys", "")?;
    mount_at("devtmpfs", "/dev", "")?;
    fs::create_dir_all("/dev/shm")?;
    fs::create_dir_all("/dev/pts")?;
    mount_at("tmpfs", "/dev/shm", "size=90%")?;
    mount_at("devpts", "/dev/pts", "")?;
    mount_at("tmpfs", "/run", "")?;
    fs::create_dir_all("/run/lock")?;
    fs::create_dir_all("/run/netns")?;
    if side == Side::Guest {
        let shared = folder.to_string_lossy();
        mount(
            Some("none"),
            folder,
            Some("hostfs"),
            MsFlags::empty(),
            Some(&*shared),
        )?;
    }

    run_quietly(system("ip").args(["link", "set", "lo", "up"]));
    let modules = Path::new("/run/modules");
    load(side, modules, NET_MODULES)?;
    if side == Side::Emulated {
        load(side, modules, NFT_MODULES)?;
    }
    if Job::read(folder)?.ipvs {
        load(side, modules, IPVS_MODULES)?;
    }
    Ok(())
}

/// Namespaces made by `unshare`: only what must not be shared with the machine is covered.
fn prepare_namespaces() -> io::Result<()> {
    mount(
        None::<&str>,
        "/",
        None::<&str>,
        MsFlags::MS_REC | MsFlags::MS_PRIVATE,
        None::<&str>,
    )?;
    mount_at("sysfs", "/sys", "")?;
    mount_at("tmpfs", "/run", "")?;
    mount_at("tmpfs", "/dev/shm", "")?;
    fs::create_dir_all("/run/lock")?;
    fs::create_dir_all("/run/netns")?;
    run_quietly(system("ip").args(["link", "set", "lo", "up"]));
    Ok(())
}

fn mount_at(kind: &str, target: &str, options: &str) -> io::Result<()> {
    mount(
        Some(kind),
        target,
        Some(kind),
        MsFlags::empty(),
        Some(options),
    )
    .map_err(|error| io::Error::other(format!("cannot mount {kind} on {target}: {error}")))
}

fn bind(from: &Path, to: &Path) -> io::Result<()> {
    mount(Some(from), to, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .map_err(|error| io::Error::other(format!("cannot mount {}: {error}", to.display())))
}

/// Loads modules from where they are kept, which is not where `modprobe` looks.
fn load(side: Side, root: &Path, modules: &[&str]) -> io::Result<()> {
    let home = root.join("lib/modules");
    if !home.exists() {
        fs::create_dir_all(&home)?;
        let kept = match side {
            Side::Emulated => emulated::MODULES,
            Side::Guest | Side::Namespaces => UML_MODULES,
        };
        bind(Path::new(kept), &home)?;
    }
    let status = system("modprobe")
        .arg("-d")
        .arg(root)
        .arg("-a")
        .args(modules)
        .status()?;
    if !status.success() {
        println!("lbd-lab: not every module of {modules:?} could be loaded ({status})");
    }
    Ok(())
}

/// A system program: the kernel gives a first process no `PATH`.
fn system(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

fn run_quietly(command: &mut Command) {
    let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
}

fn run_job(folder: &Path) -> io::Result<()> {
    let job = Job::read(folder)?;
    let [program, arguments @ ..] = job.command.as_slice() else {
        return Err(io::Error::other("the job names no program"));
    };
    let append = |name: &str| {
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join(name))
    };
    let spawned = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(&job.environment)
        .current_dir(&job.directory)
        .stdin(Stdio::null())
        .stdout(append("stdout")?)
        .stderr(append("stderr")?)
        .spawn();
    match spawned {
        Ok(child) => wait_for(child.id())?.write(folder),
        Err(error) => {
            fs::write(
                folder.join("stderr"),
                format!("lbd-lab: cannot start {program}: {error}\n"),
            )?;
            Verdict::Exited(127).write(folder)
        }
    }
}

/// Waits for one process, and reaps all others that end meanwhile: orphans come to the first process.
fn wait_for(id: u32) -> io::Result<Verdict> {
    let wanted = Pid::from_raw(i32::try_from(id).map_err(io::Error::other)?);
    loop {
        match waitpid(None, None)? {
            WaitStatus::Exited(pid, code) if pid == wanted => return Ok(Verdict::Exited(code)),
            WaitStatus::Signaled(pid, signal, _) if pid == wanted => {
                // The numbers of signals are those of the kernel.
                #[allow(clippy::as_conversions)]
                return Ok(Verdict::Signalled(signal as i32));
            }
            WaitStatus::Exited(..)
            | WaitStatus::Signaled(..)
            | WaitStatus::Stopped(..)
            | WaitStatus::PtraceEvent(..)
            | WaitStatus::PtraceSyscall(..)
            | WaitStatus::Continued(..)
            | WaitStatus::StillAlive => {}
        }
    }
}
