//! What a host's kernel holds of everything that lbd could touch, to compare before and after.

use std::collections::BTreeSet;

use crate::failed::{Failed, Result};
use crate::host::Host;

/// Where the settings are that lbd writes, or may come to write. (`sysctl -a` would read all others too: seconds.)
const SETTINGS: &str = "grep -r . /proc/sys/net/ipv4/conf/all /proc/sys/net/ipv4/conf/default \
    /proc/sys/net/ipv4/conf/lo /proc/sys/net/ipv4/conf/eth0";
/// Those of IPVS, where there is any.
const IPVS_SETTINGS: &str = "grep -r . /proc/sys/net/ipv4/vs";

/// Lines, each with its part in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    lines: BTreeSet<String>,
}

/// A part of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The addresses of the card.
    Nic,
    /// The addresses of the loopback interface.
    Loopback,
    /// The IPVS table.
    Ipvs,
    /// The mangle rules.
    Mangle,
    /// The kernel's settings.
    Settings,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Nic,
        Self::Loopback,
        Self::Ipvs,
        Self::Mangle,
        Self::Settings,
    ];
    /// What a stopped lbd must have left as it was; the address on the loopback interface stays, with the settings
    /// without which the host would answer for it.
    pub const TAKEN_BACK: [Self; 3] = [Self::Nic, Self::Ipvs, Self::Mangle];

    fn lines(self, host: &Host) -> Result<Vec<String>> {
        match self {
            Self::Nic => host.addresses("eth0"),
            Self::Loopback => host.addresses("lo"),
            // A kernel without IPVS has an empty table.
            Self::Ipvs => Ok(host
                .run("ipvsadm -Sn")
                .map(|text| text.lines().map(str::to_owned).collect())
                .unwrap_or_default()),
            Self::Mangle => host.mangle(),
            Self::Settings => {
                let text = host.run(SETTINGS)? + &host.run(IPVS_SETTINGS).unwrap_or_default();
                Ok(text.lines().map(str::to_owned).collect())
            }
        }
    }
}

impl Snapshot {
    /// Reads these parts of a host.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn of(host: &Host, parts: &[Part]) -> Result<Self> {
        let mut lines = BTreeSet::new();
        for part in parts {
            lines.extend(
                part.lines(host)?
                    .into_iter()
                    .map(|line| format!("{part:?}: {line}")),
            );
        }
        Ok(Self { lines })
    }

    /// Fails with the difference when `later` is not the same.
    ///
    /// # Errors
    /// Then.
    pub fn must_equal(&self, later: &Self, when: &str) -> Result {
        let gone = self
            .lines
            .difference(&later.lines)
            .map(|line| format!("- {line}"));
        let new = later
            .lines
            .difference(&self.lines)
            .map(|line| format!("+ {line}"));
        let all: Vec<String> = gone.chain(new).collect();
        if all.is_empty() {
            return Ok(());
        }
        Err(Failed::new(format!(
            "the host is not as it was, {when}:\n{}",
            all.join("\n")
        )))
    }
}
