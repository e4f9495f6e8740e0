//! What is to be marked.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;

use crate::{Error, Mac};

/// Frames to mark: those for `destination`:`port`, with `mark` unless they come from one of the `excluded` hosts, and
/// with `guard` if they do, and their ICMP to `destination` as well. What carries the guard mark may be delivered here,
/// but is dropped when it is about to be sent on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarkRule {
    /// The virtual address.
    pub destination: IpAddr,
    /// The transport protocol.
    pub protocol: Protocol,
    /// The destination port.
    pub port: u16,
    /// The mark to balance by, all 32 bits.
    pub mark: NonZeroU32,
    /// The mark of frames from `excluded`, all 32 bits. It differs from the `mark` of every rule, as what carries it
    /// must never be balanced; several rules may share it. Nothing else on the host should use it.
    ///
    /// A rule that excludes nobody has no guard in the kernel; read back, its guard is the complement of its mark.
    pub guard: NonZeroU32,
    /// The source MACs of frames that must not be balanced again: every other director's.
    pub excluded: BTreeSet<Mac>,
}

impl MarkRule {
    /// What the rule matches on, apart from the MAC; two rules of one set may not share it.
    pub(crate) fn target(&self) -> Target {
        Target {
            destination: self.destination,
            protocol: self.protocol,
            port: self.port,
        }
    }

    /// The rule as it reads back from the kernel.
    pub(crate) fn as_read(&self) -> Self {
        let mut rule = self.clone();
        if rule.excluded.is_empty() {
            rule.guard = no_guard(rule.mark);
        }
        rule
    }
}

/// What stands for the guard of a rule that has none in the kernel.
pub(crate) fn no_guard(mark: NonZeroU32) -> NonZeroU32 {
    NonZeroU32::new(!mark.get()).unwrap_or(NonZeroU32::MIN)
}

/// An address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Family {
    V4,
    V6,
}

impl fmt::Display for Family {
    /// As nft calls it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "ip",
            Self::V6 => "ip6",
        })
    }
}

impl Family {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

/// Destination, protocol and port of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Target {
    pub(crate) destination: IpAddr,
    pub(crate) protocol: Protocol,
    pub(crate) port: u16,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} port {} of {}",
            self.protocol, self.port, self.destination
        )
    }
}

/// The packets that one line of ours is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Packets {
    /// Those of a target.
    Of(Target),
    /// ICMP, or ICMPv6, to a destination: IPVS sends errors on that belong to a connection, by the connection's entry.
    Icmp(IpAddr),
}

impl fmt::Display for Packets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(target) => target.fmt(f),
            Self::Icmp(destination) => write!(f, "icmp of {destination}"),
        }
    }
}

/// Whether all of these rules can have their effect together: one mark for each target, and no guard that is balanced
/// by.
pub(crate) fn check(rules: &[MarkRule]) -> Result<(), Error> {
    let mut targets = BTreeSet::new();
    let marks: BTreeSet<NonZeroU32> = rules.iter().map(|rule| rule.mark).collect();
    for rule in rules {
        let (destination, protocol, port) = (rule.destination, rule.protocol, rule.port);
        if !targets.insert(rule.target()) {
            return Err(Error::SameTarget {
                destination,
                protocol,
                port,
            });
        }
        if marks.contains(&rule.guard) {
            return Err(Error::GuardIsMark {
                destination,
                protocol,
                port,
                guard: rule.guard,
            });
        }
    }
    Ok(())
}

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
