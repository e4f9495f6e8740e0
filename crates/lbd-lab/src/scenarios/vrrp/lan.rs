//! Two routers and a third host on one switch, and what is to be known of them.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::cluster::lbd_program;
use crate::daemon::Daemon;
use crate::failed::{Failed, Result};
use crate::host::Host;
use crate::lab::Lab;

use super::variant::Variant;

/// How long anything may take on a slow machine that takes seconds by design.
pub(super) const LIMIT: Duration = Duration::from_secs(20);

/// Two routers, the second with the higher address, and a host that only looks on.
#[derive(Clone, Debug)]
pub(super) struct Lan {
    pub(super) first: Host,
    pub(super) second: Host,
    pub(super) third: Host,
}

impl Lan {
    pub(super) fn build(lab: &mut Lab, variant: &Variant) -> Result<Self> {
        let lan = Self {
            first: lab.add_host("first", Ipv4Addr::new(10, 243, 95, 3))?,
            second: lab.add_host("second", Ipv4Addr::new(10, 243, 95, 4))?,
            third: lab.add_host("third", Ipv4Addr::new(10, 243, 95, 50))?,
        };
        if variant.is_ipv6() {
            for host in [&lan.first, &lan.second] {
                let filter = "ip -6 -o addr show dev eth0 scope link -tentative";
                let what = format!("{} may use its link-local address", host.name());
                lab.wait_until(&what, LIMIT, || Ok(!host.run(filter)?.is_empty()))?;
            }
        }
        Ok(lan)
    }

    /// The names of those that have the address on their cards.
    pub(super) fn holders(&self, vip: IpAddr) -> Result<Vec<&str>> {
        let mut holders = Vec::new();
        for host in [&self.first, &self.second] {
            if holds(host, vip)? {
                holders.push(host.name());
            }
        }
        Ok(holders)
    }

    /// Waits until this host has the address and the other one has not.
    pub(super) fn held_by(&self, lab: &Lab, host: &Host, vip: IpAddr, why: &str) -> Result {
        let what = format!("{why}: {} alone holds {vip}", host.name());
        let alone = || Ok(self.holders(vip)? == [host.name()]);
        lab.wait_until(&what, LIMIT, alone).map(drop)
    }
}

/// Whether the card has the address.
pub(super) fn holds(host: &Host, vip: IpAddr) -> Result<bool> {
    let all = host.run("ip -o addr show dev eth0")?;
    Ok(all.contains(&format!(" {vip}/")))
}

/// Starts lbd, with its guardian, on a host.
pub(super) fn lbd(host: &Host, file: &str) -> Result<Daemon> {
    let config = host.write_file("lbd.yaml", file)?;
    host.start("lbd", &lbd_program()?, &["run", "--config", &config])
}

/// The changes of role that an lbd told in its log: `backup -> master`.
pub(super) fn roles(daemon: &Daemon) -> Vec<String> {
    let log = daemon.log();
    let changes = log.lines().filter(|line| line.contains(" -> "));
    changes.map(str::to_owned).collect()
}

/// The name of the program under test in the list of processes.
pub(super) fn lbd_name() -> Result<String> {
    let program = PathBuf::from(lbd_program()?);
    let name = program.file_name().unwrap_or_default();
    Ok(name.to_string_lossy().into_owned())
}

/// The processes of this program on a host, the oldest first.
pub(in crate::scenarios) fn processes(host: &Host, program: &str) -> Result<Vec<Pid>> {
    // Not by `comm`: a process that was started as /proc/self/exe is called `exe` at first.
    let named = |pid: &Pid| {
        fs::read_link(format!("/proc/{pid}/exe"))
            .is_ok_and(|path| path.file_name().is_some_and(|name| name == program))
    };
    let mut found: Vec<Pid> = host.space().processes()?;
    found.retain(named);
    found.sort();
    Ok(found)
}

/// The daemon that the guardian watches over.
pub(in crate::scenarios) fn child_of(guardian: &Daemon, host: &Host) -> Result<Pid> {
    let guardian_pid = i32::try_from(guardian.pid())?;
    processes(host, &lbd_name()?)?
        .into_iter()
        .find(|pid| pid.as_raw() != guardian_pid)
        .ok_or_else(|| Failed::new(format!("{} has no daemon beside it", guardian.name())))
}

/// Kills all of a program's processes on a host at the same moment: none sees another one die.
pub(in crate::scenarios) fn kill_together(
    host: &Host,
    daemon: &mut Daemon,
    program: &str,
) -> Result {
    let all = processes(host, program)?;
    for signal in [Signal::SIGSTOP, Signal::SIGKILL] {
        for pid in all.iter().rev() {
            kill(*pid, signal)?;
        }
    }
    daemon.wait(LIMIT).map(drop)
}

/// Writes down each coming and going of an address on a host's cards.
#[derive(Debug)]
pub(super) struct AddressWatch(Daemon);

impl AddressWatch {
    pub(super) fn start(lab: &Lab, host: &Host) -> Result<Self> {
        let watch = host.start("addresses", "ip", &["-o", "monitor", "address"])?;
        // There is no sign that it listens by now.
        lab.pause(Duration::from_millis(300));
        Ok(Self(watch))
    }

    /// How often the address left.
    pub(super) fn left(&self, vip: IpAddr) -> usize {
        self.count(vip, true)
    }

    /// How often it came.
    pub(super) fn came(&self, vip: IpAddr) -> usize {
        self.count(vip, false)
    }

    fn count(&self, vip: IpAddr, deleted: bool) -> usize {
        let wanted = format!(" {vip}/");
        let log = self.0.log();
        let lines = log.lines().filter(|line| line.contains(&wanted));
        lines
            .filter(|line| line.starts_with("Deleted") == deleted)
            .count()
    }
}
