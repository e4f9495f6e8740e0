//! Facts about the kernel's IPVS, and its time-outs.

use core::fmt;

use crate::attribute::UnknownAttribute;

/// Facts about the kernel's IPVS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// The version of IPVS; 1.2.1 since 2004.
    pub version: Version,
    /// Slots in the table of connections, a power of two.
    pub connection_table_size: u32,
    /// What a newer kernel says beyond this.
    pub unknown: Vec<UnknownAttribute>,
}

/// A version of IPVS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// First number.
    pub major: u8,
    /// Second number.
    pub minor: u8,
    /// Third number.
    pub patch: u8,
}

impl Version {
    /// From `IP_VS_VERSION_CODE`, one octet for each number.
    #[must_use]
    pub const fn from_code(code: u32) -> Self {
        let [_, major, minor, patch] = code.to_be_bytes();
        Self {
            major,
            minor,
            patch,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// How long idle connections are remembered, in seconds. They hold for one network namespace.
///
/// Read: `None` where the kernel was built without the protocol. Written: `None` and 0 leave
/// the kernel's value alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Established TCP connections; 900 by default.
    pub tcp: Option<u32>,
    /// TCP connections after a FIN; 120 by default.
    pub tcp_fin: Option<u32>,
    /// UDP; 300 by default.
    pub udp: Option<u32>,
}
