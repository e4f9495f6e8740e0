//! The neighbour table (ARP and neighbour discovery).

use std::net::IpAddr;

/// What the kernel knows of a neighbour.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Neighbour {
    /// The interface it is reached through.
    pub index: u32,
    /// Its address.
    pub address: IpAddr,
    /// Its MAC, if known and of 6 octets. In state [`NudState::Failed`] the kernel still shows the last one at times:
    /// believe it only while [`NudState::is_valid`].
    pub mac: Option<[u8; 6]>,
    /// How sure the kernel is.
    pub state: NudState,
}

impl Neighbour {
    /// The MAC, if the kernel would send to it.
    pub fn valid_mac(&self) -> Option<[u8; 6]> {
        self.mac.filter(|_| self.state.is_valid())
    }
}

/// The state of neighbour unreachability detection (`NUD_*` in `linux/neighbour.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NudState {
    /// Nothing known, nothing asked.
    None,
    /// Being asked for, no answer yet.
    Incomplete,
    /// Confirmed a moment ago.
    Reachable,
    /// Known, not confirmed lately; used all the same.
    Stale,
    /// As stale, and used just now: probed if no confirmation comes within 5 s (`delay_first_probe_time`).
    Delay,
    /// Being probed at the known MAC.
    Probe,
    /// Did not answer.
    Failed,
    /// Needs no resolution (loopback, multicast).
    NoArp,
    /// Set by hand.
    Permanent,
    /// A value this crate does not know.
    Other(u16),
}

impl NudState {
    /// Whether the kernel would send to the known MAC (`NUD_VALID`).
    pub fn is_valid(self) -> bool {
        match self {
            Self::Reachable
            | Self::Stale
            | Self::Delay
            | Self::Probe
            | Self::NoArp
            | Self::Permanent => true,
            Self::None | Self::Incomplete | Self::Failed | Self::Other(_) => false,
        }
    }
}
