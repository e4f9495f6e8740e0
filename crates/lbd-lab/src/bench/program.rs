//! The two programs that are compared, and their configuration for the same virtual routers.

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::cluster::lbd_program;
use crate::daemon::Daemon;
use crate::failed::Result;
use crate::host::Host;

/// Whose daemon it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Lbd,
    Keepalived,
}

/// The protocol's version and interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    /// Version 2 with a password, an advert each second.
    SecondsV2,
    /// Version 3, an advert each second.
    SecondsV3,
    /// Version 3, an advert each 10 ms.
    Centiseconds,
}

/// The priorities of the preferred director and of the other one.
pub(super) const PRIORITIES: [u8; 2] = [100, 90];

impl Program {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Lbd => "lbd",
            Self::Keepalived => "keepalived",
        }
    }

    /// Starts it on `directors[index]`; every address is a virtual router of its own, numbered from 1.
    pub(super) fn start(
        self,
        timing: Timing,
        directors: &[Host],
        index: usize,
        addresses: &[Ipv4Addr],
    ) -> Result<Daemon> {
        let Some(host) = directors.get(index) else {
            return Err(crate::failed::Failed::new("no such director"));
        };
        match self {
            Self::Lbd => {
                let file = host.write_file("lbd.yaml", &lbd_file(timing, directors, addresses))?;
                host.start("lbd", &lbd_program()?, &["run", "--config", &file])
            }
            Self::Keepalived => {
                let priority = PRIORITIES.get(index).copied().unwrap_or(1);
                let text = keepalived_file(timing, host.name(), priority, addresses);
                let file = host.write_file("keepalived.conf", &text)?;
                // The pid files of a killed one would stop the next.
                host.run("rm -f /run/keepalived.pid /run/vrrp.pid")?;
                let pids = ["-p", "/run/keepalived.pid", "-r", "/run/vrrp.pid"];
                let arguments = [&["-P", "-n", "-l", "-f", &file][..], &pids].concat();
                host.start("keepalived", "keepalived", &arguments)
            }
        }
    }
}

impl Timing {
    pub(super) const fn interval(self) -> Duration {
        match self {
            Self::SecondsV2 | Self::SecondsV3 => Duration::from_secs(1),
            Self::Centiseconds => Duration::from_millis(10),
        }
    }

    /// How long the backup waits after an advert: three intervals and the skew. The skew of version 2 is a part of a
    /// second, that of version 3 of the interval; with an interval of one second they are the same.
    pub(super) fn master_down(self) -> Duration {
        let [_, backup] = PRIORITIES;
        self.interval() * 3 + self.interval() * (256 - u32::from(backup)) / 256
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::SecondsV2 => "Version 2 with a password, an advert each second",
            Self::SecondsV3 => "Version 3, an advert each second",
            Self::Centiseconds => "Version 3, an advert each 10 ms",
        }
    }
}

fn lbd_file(timing: Timing, directors: &[Host], addresses: &[Ipv4Addr]) -> String {
    let mut text = String::from("cluster: bench\nnodes:\n");
    let mut ranks = Vec::new();
    // Writing to a string cannot fail.
    for (host, priority) in directors.iter().zip(PRIORITIES) {
        let _ = writeln!(text, "  {}: {{ address: {} }}", host.name(), host.address());
        ranks.push(format!("{}: {priority}", host.name()));
    }
    text.push_str("virtual_routers:\n");
    let timing = match timing {
        Timing::SecondsV2 => {
            "version: 2\n    advert_interval: 1s\n    authentication: { pass: \"1111\" }"
        }
        Timing::SecondsV3 => "version: 3\n    advert_interval: 1s",
        Timing::Centiseconds => "version: 3\n    advert_interval: 10ms",
    };
    for (address, id) in addresses.iter().zip(1..) {
        let _ = writeln!(
            text,
            "  - name: VI_{id}\n    id: {id}\n    interface: eth0\n    {timing}\n    \
             priority: {{ {} }}\n    addresses: [{address}]",
            ranks.join(", ")
        );
    }
    text
}

fn keepalived_file(timing: Timing, name: &str, priority: u8, addresses: &[Ipv4Addr]) -> String {
    let mut text = format!("global_defs {{\n    router_id {name}\n}}\n");
    let timing = match timing {
        Timing::SecondsV2 => {
            "version 2\n    advert_int 1\n    authentication {\n        auth_type PASS\n        auth_pass 1111\n    }"
        }
        Timing::SecondsV3 => "version 3\n    advert_int 1",
        Timing::Centiseconds => "version 3\n    advert_int 0.01",
    };
    for (address, id) in addresses.iter().zip(1..) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "vrrp_instance VI_{id} {{\n    state BACKUP\n    interface eth0\n    virtual_router_id {id}\n    \
             priority {priority}\n    {timing}\n    virtual_ipaddress {{\n        {address}\n    }}\n}}"
        );
    }
    text
}
