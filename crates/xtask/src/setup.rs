//! Installs the Debian packages that the lab and the demo need, where they are missing.

use crate::{host, process};
use std::path::Path;
use std::process::Command;

/// A Debian package, the program that shows it is there, and what it is for.
#[derive(Clone, Copy, Debug)]
struct Package {
    name: &'static str,
    program: &'static str,
    purpose: &'static str,
}

const fn package(name: &'static str, program: &'static str, purpose: &'static str) -> Package {
    Package {
        name,
        program,
        purpose,
    }
}

/// MariaDB in its `-core` packages: the programs alone, without a service, a user and a database of the machine's own.
const ALWAYS: [Package; 10] = [
    package(
        "iproute2",
        "ip",
        "namespaces, links and addresses of the lab's hosts",
    ),
    package(
        "kmod",
        "modprobe",
        "loads the kernel's modules: IPVS, matches of iptables",
    ),
    package("iptables", "iptables", "the mark rule"),
    package("nftables", "nft", "the mark rule, in its other form"),
    package(
        "ipvsadm",
        "ipvsadm",
        "reads the balancer's tables with other code than ours",
    ),
    package(
        "keepalived",
        "keepalived",
        "the other director, for interoperability",
    ),
    package(
        "strace",
        "strace",
        "kills the daemon in the middle of what it does",
    ),
    package("python3-aiosmtpd", "aiosmtpd", "a mail server"),
    package("mariadb-server-core", "mariadbd", "the database servers"),
    package(
        "mariadb-client-core",
        "mariadb",
        "their client, and what mariadb-install-db needs",
    ),
];

const USER_MODE_LINUX: Package = package(
    "user-mode-linux",
    "linux.uml",
    "a kernel with IPVS, since this machine's has none and `modprobe ip_vs` does not help",
);

/// With virtiofsd, in `qemu-system-common`.
const QEMU: Package = package(
    "qemu-system-x86",
    "qemu-system-x86_64",
    "a machine with IPVS and nftables: user-mode Linux has no nftables",
);

/// Where the emulated machine's kernel is unpacked: `lbd-lab` looks there.
const EMULATED: &str = "/var/cache/lbd-lab/emulated";

const LIBFUZZER: Package = package("g++", "c++", "compiles the fuzzer's engine");

/// Installs what the fuzz targets need.
pub(crate) fn fuzzing() -> Result<(), String> {
    install(&missing(&[LIBFUZZER]))
}

/// Installs what is missing, and says what and why.
pub(crate) fn host_programs() -> Result<(), String> {
    install(&missing(&ALWAYS))?;
    // Only now: without kmod nobody can tell whether modprobe helps.
    if host::has_ipvs() {
        println!("setup: this kernel has IPVS: the lab runs in namespaces");
        return Ok(());
    }
    println!("setup: no IPVS in this kernel: the lab runs in user-mode Linux");
    install(&missing(&[USER_MODE_LINUX]))
}

/// The same, and the emulated machine. What needs that one is skipped without it, and nothing else.
pub(crate) fn lab() -> Result<(), String> {
    host_programs()?;
    if !host::has_ipvs()
        && let Err(why) = emulated()
    {
        println!("setup: no emulated machine, so no scenario with nftables: {why}");
    }
    Ok(())
}

fn emulated() -> Result<(), String> {
    if !cfg!(target_arch = "x86_64") {
        return Err("it is made for x86_64 only".to_owned());
    }
    install(&missing(&[QEMU]))?;
    if Path::new(EMULATED).join("initrd").exists() {
        return Ok(());
    }
    println!(
        "setup: unpacking a kernel of Debian into {EMULATED}, some 110 MB (it is not installed)"
    );
    let mut command = Command::new("sh");
    command.args(["-c", include_str!("emulated.sh"), "emulated.sh", EMULATED]);
    process::run(&mut command)
}

fn missing(packages: &[Package]) -> Vec<Package> {
    let absent = |package: &&Package| host::program(package.program).is_none();
    packages.iter().filter(absent).copied().collect()
}

fn install(packages: &[Package]) -> Result<(), String> {
    if packages.is_empty() {
        return Ok(());
    }
    for package in packages {
        println!("setup: {} is missing: {}", package.name, package.purpose);
    }
    let names: Vec<&str> = packages.iter().map(|package| package.name).collect();
    let list = names.join(" ");
    if host::program("apt-get").is_none() {
        return Err(format!(
            "there is no apt-get here; install by this system's own means what Debian calls: {list}"
        ));
    }
    if !host::is_root() {
        return Err(format!(
            "installing needs root; run this again as root, or first: sudo apt-get install {list}"
        ));
    }
    println!("setup: installing with apt-get (nothing it brings is started)");
    let script = include_str!("install.sh");
    let mut command = Command::new("sh");
    command.args(["-c", script, "install.sh"]).args(&names);
    process::run(&mut command).map_err(|why| format!("apt-get did not install {list}: {why}"))?;
    match missing(packages).first() {
        None => Ok(()),
        Some(package) => Err(format!(
            "{} was installed, but brought no program '{}'",
            package.name, package.program
        )),
    }
}
