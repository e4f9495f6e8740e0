//! Virtual services.

use core::net::Ipv4Addr;
use core::{fmt, ops};

use crate::attribute::UnknownAttribute;
use crate::key::{Family, ServiceKey};
use crate::name::Name;
use crate::scheduler::Scheduler;
use crate::stats::Stats;

/// A virtual service as it is wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    /// What names it.
    pub key: ServiceKey,
    /// How it picks a destination.
    pub scheduler: Scheduler,
    /// One-packet scheduling, and the scheduler's own flags.
    pub flags: ServiceFlags,
    /// `Some`: connections of one client stay with one destination.
    pub persistence: Option<Persistence>,
    /// Persistence engine (`IPVS_SVC_ATTR_PE_NAME`). Linux has one, `sip`, for persistent UDP
    /// services.
    pub engine: Option<Name>,
}

impl Service {
    /// A service with no flags and no persistence.
    #[must_use]
    pub const fn new(key: ServiceKey, scheduler: Scheduler) -> Self {
        Self {
            key,
            scheduler,
            flags: ServiceFlags::NONE,
            persistence: None,
            engine: None,
        }
    }
}

/// Connections of one client, or of one group of clients, stay with one destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Persistence {
    /// How long the choice outlives the last connection, in seconds. `ipvsadm` allows
    /// 1 to 2 678 400 (31 days) and defaults to 300.
    pub timeout: u32,
    /// Which clients count as one.
    pub mask: ClientMask,
}

impl Persistence {
    /// Every client address for itself.
    #[must_use]
    pub const fn per_client(timeout: u32, family: Family) -> Self {
        Self {
            timeout,
            mask: ClientMask::single(family),
        }
    }
}

/// Which client addresses count as one client (`IPVS_SVC_ATTR_NETMASK`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientMask {
    /// IPv4: the bits that must agree. The kernel takes any pattern but 0.0.0.0.
    Netmask(Ipv4Addr),
    /// IPv6: how many leading bits must agree, 1 to 128.
    PrefixLength(u32),
}

impl ClientMask {
    /// Each address is a client of its own; what the kernel expects where it does not matter.
    #[must_use]
    pub const fn single(family: Family) -> Self {
        match family {
            Family::Ipv4 => Self::Netmask(Ipv4Addr::BROADCAST),
            Family::Ipv6 => Self::PrefixLength(128),
        }
    }

    /// The family of the clients it can be applied to.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::Netmask(_) => Family::Ipv4,
            Self::PrefixLength(_) => Family::Ipv6,
        }
    }
}

/// `IP_VS_SVC_F_*` as far as users set them. `PERSISTENT` follows from [`Service::persistence`],
/// `HASHED` is the kernel's own; neither is ever in here.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceFlags(u32);

impl ServiceFlags {
    pub(crate) const PERSISTENT: u32 = 0x1;
    pub(crate) const HASHED: u32 = 0x2;

    /// No flag.
    pub const NONE: Self = Self(0);
    /// Every packet is scheduled for itself (UDP only in practice).
    pub const ONE_PACKET: Self = Self(0x4);
    /// First flag of the scheduler.
    pub const SCHEDULER_1: Self = Self(0x8);
    /// Second flag of the scheduler.
    pub const SCHEDULER_2: Self = Self(0x10);
    /// Third flag of the scheduler.
    pub const SCHEDULER_3: Self = Self(0x20);
    /// `sh`: when the hashed server is unavailable, take another one.
    pub const SH_FALLBACK: Self = Self::SCHEDULER_1;
    /// `sh`: hash the source port too.
    pub const SH_PORT: Self = Self::SCHEDULER_2;
    /// `mh`: when the hashed server is unavailable, take another one.
    pub const MH_FALLBACK: Self = Self::SCHEDULER_1;
    /// `mh`: hash the source port too.
    pub const MH_PORT: Self = Self::SCHEDULER_2;

    /// From the kernel's bits, unknown ones included.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & !(Self::PERSISTENT | Self::HASHED))
    }

    /// The kernel's bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all of `other`'s flags are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl ops::BitOr for ServiceFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for ServiceFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceFlags({:#x})", self.0)
    }
}

/// A virtual service as the kernel reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEntry {
    /// What was asked for; compare this with the wish.
    pub service: Service,
    /// `IP_VS_SVC_F_HASHED`: it is in the kernel's table. True of every live service.
    pub hashed: bool,
    /// The counters.
    pub stats: Stats,
    /// What a newer kernel says beyond this.
    pub unknown: Vec<UnknownAttribute>,
}
