//! Why a received packet is dropped.

use core::net::IpAddr;

use thiserror::Error;

use super::Version;
use crate::{Centis, Vrid};

/// A packet that a receive check refused, with the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Reject {
    /// RFC 9568 §7.1, first check: the packet may have come from beyond the LAN.
    #[error("TTL or hop limit {found}, not 255: it may come from outside the LAN")]
    Ttl {
        /// From the IP header.
        found: u8,
    },
    /// The packet ends before its fixed fields, addresses and authentication do.
    #[error("{found} octets, the packet needs {needed}: it was cut")]
    Length {
        /// Octets received.
        found: usize,
        /// Octets that its own header asks for.
        needed: usize,
    },
    /// Not the version that is configured.
    #[error("version {found}, configured is {expected}: configure one version on all routers")]
    Version {
        /// On the wire.
        found: u8,
        /// Configured.
        expected: Version,
    },
    /// Not an advertisement.
    #[error("packet type {found}, not 1 (advertisement)")]
    Type {
        /// On the wire.
        found: u8,
    },
    /// Version 2 over IPv6, or an IP header whose two addresses are not of one family.
    #[error("from {source_address} to {destination}: no family that this version is used with")]
    Family {
        /// From the IP header.
        source_address: IpAddr,
        /// From the IP header.
        destination: IpAddr,
    },
    /// An address count of zero (RFC 9568 §5.2.5: must be ignored).
    #[error("an advertisement without addresses")]
    NoAddresses,
    /// Neither accepted form of the checksum fits.
    #[error("checksum {found:#06x} is wrong: the packet was damaged")]
    Checksum {
        /// On the wire.
        found: u16,
    },
    /// Our own packet came back, or another router has our address.
    #[error("sent from our own address {address}: a loop, or an address used twice")]
    OwnAddress {
        /// Ours.
        address: IpAddr,
    },
    /// Another virtual router's.
    #[error("VRID {found}, configured is {expected}")]
    Vrid {
        /// On the wire.
        found: u8,
        /// Configured.
        expected: Vrid,
    },
    /// Not the configured type of authentication (version 2).
    #[error("authentication type {found}, configured is {expected}: configure one on all routers")]
    AuthenticationType {
        /// On the wire: 0 none, 1 password, 2 IP authentication header.
        found: u8,
        /// Configured.
        expected: u8,
    },
    /// The wrong password (version 2).
    #[error("wrong password")]
    Password,
    /// Version 2: not our interval. Accepting it would make two masters.
    #[error("interval {found_secs} s, configured is {expected}: configure one on all routers")]
    Interval {
        /// On the wire, in seconds.
        found_secs: u8,
        /// Configured.
        expected: Centis,
    },
    /// Version 3: an interval of zero.
    #[error("an interval of zero")]
    ZeroInterval,
}

impl Reject {
    /// The check that failed, without the numbers.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Ttl { .. } => Reason::Ttl,
            Self::Length { .. } => Reason::Length,
            Self::Version { .. } => Reason::Version,
            Self::Type { .. } => Reason::Type,
            Self::Family { .. } => Reason::Family,
            Self::NoAddresses => Reason::NoAddresses,
            Self::Checksum { .. } => Reason::Checksum,
            Self::OwnAddress { .. } => Reason::OwnAddress,
            Self::Vrid { .. } => Reason::Vrid,
            Self::AuthenticationType { .. } => Reason::AuthenticationType,
            Self::Password => Reason::Password,
            Self::Interval { .. } | Self::ZeroInterval => Reason::Interval,
        }
    }
}

/// The receive checks, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// TTL or hop limit.
    Ttl,
    /// Length.
    Length,
    /// Version.
    Version,
    /// Packet type.
    Type,
    /// Address family.
    Family,
    /// Address count of zero.
    NoAddresses,
    /// Checksum.
    Checksum,
    /// Our own source address.
    OwnAddress,
    /// Virtual router identifier.
    Vrid,
    /// Type of authentication.
    AuthenticationType,
    /// Password.
    Password,
    /// Advertisement interval.
    Interval,
}

impl Reason {
    /// All, in the order of the checks.
    pub const ALL: [Self; 12] = [
        Self::Ttl,
        Self::Length,
        Self::Version,
        Self::Type,
        Self::Family,
        Self::NoAddresses,
        Self::Checksum,
        Self::OwnAddress,
        Self::Vrid,
        Self::AuthenticationType,
        Self::Password,
        Self::Interval,
    ];

    /// A short name for logs, status and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ttl => "ttl",
            Self::Length => "length",
            Self::Version => "version",
            Self::Type => "type",
            Self::Family => "family",
            Self::NoAddresses => "no-addresses",
            Self::Checksum => "checksum",
            Self::OwnAddress => "own-address",
            Self::Vrid => "vrid",
            Self::AuthenticationType => "authentication-type",
            Self::Password => "password",
            Self::Interval => "interval",
        }
    }
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}
