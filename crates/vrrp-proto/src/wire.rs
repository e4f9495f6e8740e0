//! The packet on the wire.

mod checksum;
mod counters;
mod decode;
mod encode;
mod reject;

pub use counters::Counters;
pub use decode::{Addresses, Envelope, Expect, Incoming, decode, peek_vrid};
pub use encode::{EncodeError, Outgoing, encode};
pub use reject::{Reason, Reject};

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The IP protocol number (RFC 9568 §5.1.1.4).
pub const PROTOCOL: u8 = 112;

/// The only TTL or hop limit that is accepted: it proves that no router forwarded the packet.
pub const TTL: u8 = 255;

/// The group that IPv4 advertisements go to.
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);

/// The group that IPv6 advertisements go to.
pub const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);

/// The longest packet: a version 3 header and 255 IPv6 addresses.
pub const MAX_LEN: usize = HEADER + 255 * 16;

/// Octets before the addresses, in both versions.
const HEADER: usize = 8;

/// The only packet type there is.
const ADVERTISEMENT: u8 = 1;

/// The protocol's version, the high half of the first octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// RFC 3768: IPv4, whole seconds.
    V2,
    /// RFC 5798 and RFC 9568: IPv4 and IPv6, centiseconds.
    V3,
}

impl Version {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

/// Whether a checksum covers the pseudo-header of IP.
///
/// Version 3 over IPv4 is sent in both ways by real routers, and both are accepted. Version 2 never
/// has the pseudo-header, IPv6 always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ChecksumForm {
    /// As keepalived sends it by default.
    #[default]
    WithPseudoHeader,
    /// As RFC 9568 §5.2.8 says for IPv4, and keepalived with `v3_checksum_as_v2`.
    WithoutPseudoHeader,
}

/// Octets of one address of this family.
const fn address_len(family: IpAddr) -> usize {
    match family {
        IpAddr::V4(_) => 4,
        IpAddr::V6(_) => 16,
    }
}

/// Octets of a whole packet, without any padding below it.
fn packet_len(version: Version, family: IpAddr, count: u8) -> usize {
    let trailer = match version {
        Version::V2 => crate::Password::LEN,
        Version::V3 => 0,
    };
    usize::from(count)
        .saturating_mul(address_len(family))
        .saturating_add(HEADER)
        .saturating_add(trailer)
}
