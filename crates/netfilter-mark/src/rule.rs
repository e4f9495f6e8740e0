//! What is to be marked.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;

use crate::Mac;

/// Frames to mark: those for `destination`:`port` that come from none of the `excluded` hosts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarkRule {
    /// The virtual address.
    pub destination: IpAddr,
    /// The transport protocol.
    pub protocol: Protocol,
    /// The destination port.
    pub port: u16,
    /// The mark, all 32 bits.
    pub mark: NonZeroU32,
    /// The source MACs of frames that are not marked: every other director's.
    pub excluded: BTreeSet<Mac>,
}

impl MarkRule {
    /// What the rule matches on, apart from the MAC; two rules of one set may not share it.
    pub(crate) fn target(&self) -> Target {
        (self.destination, self.protocol, self.port)
    }
}

/// Destination, protocol and port of a rule.
pub(crate) type Target = (IpAddr, Protocol, u16);

/// A transport protocol with ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}
