//! Destinations: the real servers of a service.

use core::net::IpAddr;
use core::num::NonZeroU16;
use core::ops;

use crate::attribute::UnknownAttribute;
use crate::key::DestinationKey;
use crate::stats::Stats;

/// A real server as it is wished for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    /// The real server's address. It may differ in family from the service with
    /// [`Forwarding::Tunnel`] only.
    pub address: IpAddr,
    /// The real server's port; must be the service's with anything but masquerading, and 0 for a
    /// firewall-mark service.
    pub port: u16,
    /// How packets reach it.
    pub forwarding: Forwarding,
    /// Its share, 0 to `i32::MAX`. 0: no new connections, the old ones finish.
    pub weight: u32,
    /// When to stop and resume sending connections.
    pub thresholds: Thresholds,
}

impl Destination {
    /// A destination without thresholds.
    #[must_use]
    pub const fn new(address: IpAddr, port: u16, forwarding: Forwarding, weight: u32) -> Self {
        Self {
            address,
            port,
            forwarding,
            weight,
            thresholds: Thresholds { upper: 0, lower: 0 },
        }
    }

    /// What names it within its service.
    #[must_use]
    pub const fn key(&self) -> DestinationKey {
        DestinationKey {
            address: self.address,
            port: self.port,
        }
    }
}

/// Limits on the number of connections of a destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thresholds {
    /// No new connections above this many; 0 is no limit.
    pub upper: u32,
    /// New connections again below this many; 0 means three quarters of `upper`.
    /// Not more than `upper`.
    pub lower: u32,
}

/// How packets reach a destination (`IP_VS_CONN_F_FWD_MASK`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Forwarding {
    /// Network address translation (`IP_VS_CONN_F_MASQ`, 0).
    Masquerade,
    /// Handed to the local stack (`IP_VS_CONN_F_LOCALNODE`, 1). A director that is its own real
    /// server does not need it: the kernel notices by itself, whatever the method.
    Local,
    /// Wrapped in another packet (`IP_VS_CONN_F_TUNNEL`, 2).
    Tunnel(Tunnel),
    /// Only the link-layer address changes (`IP_VS_CONN_F_DROUTE`, 3).
    DirectRoute,
    /// Past IPVS, to the original address (`IP_VS_CONN_F_BYPASS`, 4).
    Bypass,
    /// A number that Linux does not define yet: 5, 6 or 7.
    Other(u8),
}

/// What a tunnelled packet is wrapped in (from Linux 5.3; before, always IPIP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tunnel {
    /// IP in IP.
    Ipip,
    /// Generic UDP encapsulation.
    Gue {
        /// The UDP port of the real server.
        port: NonZeroU16,
        /// Check sums.
        flags: TunnelFlags,
    },
    /// Generic routing encapsulation.
    Gre {
        /// Check sums.
        flags: TunnelFlags,
    },
    /// A kind of a newer kernel, kept as it is.
    Other {
        /// `IPVS_DEST_ATTR_TUN_TYPE`.
        kind: u8,
        /// `IPVS_DEST_ATTR_TUN_PORT`.
        port: u16,
        /// `IPVS_DEST_ATTR_TUN_FLAGS`.
        flags: TunnelFlags,
    },
}

/// `IP_VS_TUNNEL_ENCAP_FLAG_*`: the check sum of the outer packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TunnelFlags(u16);

impl TunnelFlags {
    /// No check sum.
    pub const NO_CHECKSUM: Self = Self(0);
    /// With a check sum.
    pub const CHECKSUM: Self = Self(1);
    /// Remote check-sum offload (GUE).
    pub const REMOTE_CHECKSUM: Self = Self(2);

    /// From the kernel's bits, unknown ones included.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The kernel's bits.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }
}

impl ops::BitOr for TunnelFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A destination as the kernel reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationEntry {
    /// What was asked for; compare this with the wish.
    pub destination: Destination,
    /// Connections in the established state.
    pub active_connections: u32,
    /// All other connections.
    pub inactive_connections: u32,
    /// Persistence templates.
    pub persistent_connections: u32,
    /// The counters.
    pub stats: Stats,
    /// What a newer kernel says beyond this.
    pub unknown: Vec<UnknownAttribute>,
}
