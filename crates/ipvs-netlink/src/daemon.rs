//! Connection synchronisation daemons.

use core::fmt;
use core::net::IpAddr;

use crate::attribute::UnknownAttribute;
use crate::name::Name;

/// A connection synchronisation daemon: a kernel thread that sends (master) or takes (backup)
/// connection entries by unauthenticated UDP multicast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Daemon {
    /// One of each may run in a network namespace.
    pub role: DaemonRole,
    /// The interface it is bound to.
    pub interface: Name,
    /// Daemons with other ids are not heard. 0 means "hear every id" on a backup.
    pub sync_id: u8,
    /// Longest UDP payload in octets; `None`: what the interface carries.
    pub max_length: Option<u16>,
    /// Multicast group; `None`: 224.0.0.81.
    pub group: Option<IpAddr>,
    /// UDP port; `None`: 8848.
    pub port: Option<u16>,
    /// Multicast TTL; `None`: 1.
    pub ttl: Option<u8>,
}

impl Daemon {
    /// A daemon with the kernel's defaults.
    #[must_use]
    pub const fn new(role: DaemonRole, interface: Name, sync_id: u8) -> Self {
        Self {
            role,
            interface,
            sync_id,
            max_length: None,
            group: None,
            port: None,
            ttl: None,
        }
    }
}

/// A sync daemon as the kernel reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonEntry {
    /// What was asked for, with the kernel's values where it was left to the kernel.
    pub daemon: Daemon,
    /// What a newer kernel says beyond this.
    pub unknown: Vec<UnknownAttribute>,
}

/// Which end of the synchronisation a daemon is (`IP_VS_STATE_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DaemonRole {
    /// Sends its entries.
    Master,
    /// Takes the entries of a master. With `net.ipv4.vs.backup_only=1` the kernel balances
    /// nothing while only this one runs.
    Backup,
}

impl fmt::Display for DaemonRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Master => "master",
            Self::Backup => "backup",
        })
    }
}
