//! What names a service and a destination in the kernel's table.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::num::NonZeroU32;

/// The address family of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `AF_INET`.
    Ipv4,
    /// `AF_INET6`.
    Ipv6,
}

impl Family {
    /// The family of an address.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::Ipv4,
            IpAddr::V6(_) => Self::Ipv6,
        }
    }
}

/// The transport protocol of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// `IPPROTO_TCP`, 6.
    Tcp,
    /// `IPPROTO_UDP`, 17.
    Udp,
    /// `IPPROTO_SCTP`, 132.
    Sctp,
    /// Any other number. IPVS does not schedule these, but its netlink interface lets a program
    /// add them, so a table may hold one.
    Other(u16),
}

impl Protocol {
    /// The IANA protocol number.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
            Self::Other(number) => number,
        }
    }

    /// The protocol with this IANA number.
    #[must_use]
    pub const fn from_number(number: u16) -> Self {
        match number {
            6 => Self::Tcp,
            17 => Self::Udp,
            132 => Self::Sctp,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp => f.write_str("TCP"),
            Self::Udp => f.write_str("UDP"),
            Self::Sctp => f.write_str("SCTP"),
            Self::Other(number) => write!(f, "protocol {number}"),
        }
    }
}

/// What names a virtual service: a firewall mark, or an address, protocol and port.
///
/// Displays as `ipvsadm -Ln` does: `FWM 7`, `FWM 7 IPv6`, `TCP 192.0.2.1:3306`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceKey {
    /// All packets that carry this mark. The kernel compares all 32 bits.
    Fwmark {
        /// The mark; 0 would mean "no mark".
        mark: NonZeroU32,
        /// The same mark names two services, one for each family.
        family: Family,
    },
    /// All packets of a protocol to an address and port.
    Address {
        /// The transport protocol.
        protocol: Protocol,
        /// The virtual address.
        address: IpAddr,
        /// The virtual port; 0 stands for every port and needs a persistent service.
        port: u16,
    },
}

impl ServiceKey {
    /// A firewall-mark service for IPv4.
    #[must_use]
    pub const fn fwmark(mark: NonZeroU32) -> Self {
        Self::Fwmark {
            mark,
            family: Family::Ipv4,
        }
    }

    /// A TCP service.
    #[must_use]
    pub const fn tcp(address: IpAddr, port: u16) -> Self {
        Self::Address {
            protocol: Protocol::Tcp,
            address,
            port,
        }
    }

    /// A UDP service.
    #[must_use]
    pub const fn udp(address: IpAddr, port: u16) -> Self {
        Self::Address {
            protocol: Protocol::Udp,
            address,
            port,
        }
    }

    /// The family of the clients of this service.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::Fwmark { family, .. } => *family,
            Self::Address { address, .. } => Family::of(*address),
        }
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fwmark { mark, family } => {
                write!(f, "FWM {mark}")?;
                match family {
                    Family::Ipv4 => Ok(()),
                    Family::Ipv6 => f.write_str(" IPv6"),
                }
            }
            Self::Address {
                protocol,
                address,
                port,
            } => write!(f, "{protocol} {}", SocketAddr::new(*address, *port)),
        }
    }
}

/// What names a destination (real server) within its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DestinationKey {
    /// The real server's address.
    pub address: IpAddr,
    /// The real server's port. With direct routing and tunnels the kernel does not rewrite ports;
    /// for a firewall-mark service it is 0.
    pub port: u16,
}

impl fmt::Display for DestinationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.address, self.port).fmt(f)
    }
}
