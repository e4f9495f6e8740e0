//! What a router is told at the start.

use core::net::IpAddr;
use core::time::Duration;

use crate::{Centis, Priority, Version};

/// The configuration of one [`Router`](super::Router).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouterConfig {
    /// Sets how the skew is counted and whose interval counts.
    pub version: Version,
    /// 1..=254, or 255 for the owner of the addresses. Zero counts as 1.
    pub priority: Priority,
    /// How often we advertise as master.
    pub interval: Centis,
    /// Our own primary address on the LAN: the source of our adverts, and what breaks ties.
    pub address: IpAddr,
    /// Whether a backup takes the role from a live master of lower priority. An owner always does.
    pub preempt: bool,
    /// How long a backup puts up with a master of lower priority, from the first advert of it on;
    /// then it takes over at once. Zero: as in the RFC, adverts of lower priority are ignored from
    /// the first one on and the master-down timer runs out. An owner does not wait.
    pub preempt_delay: Duration,
    /// When the addresses are announced again.
    pub announce: Announce,
    /// Whether a master that yields to a better one sends one more advert of its own.
    ///
    /// The better one then knows that there were two masters and announces the addresses again;
    /// else, after a split is healed, hosts may keep the loser's ARP entry for minutes. (As
    /// keepalived's `vrrp_higher_prio_send_advert`.) Not in the RFC; harmless to routers that
    /// follow it.
    pub parting_advert: bool,
}

impl RouterConfig {
    /// Preempts at once, announces again after 5 s, sends a parting advert.
    #[must_use]
    pub const fn new(
        version: Version,
        priority: Priority,
        interval: Centis,
        address: IpAddr,
    ) -> Self {
        Self {
            version,
            priority,
            interval,
            address,
            preempt: true,
            preempt_delay: Duration::ZERO,
            announce: Announce::DEFAULT,
            parting_advert: true,
        }
    }
}

/// When a master announces its addresses again. How many frames one announcement has is up to
/// whoever sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announce {
    /// From one announcement to its repeat.
    pub repeat_after: Duration,
    /// Repeats of each announcement.
    pub repeats: u8,
    /// After the repeats: again and again, this far apart. `None` is never.
    ///
    /// For a LAN that loses packets: a master that was usurped for a moment learns of it from the
    /// usurper's parting advert, and only the refresh mends the LAN's hosts if that one is lost.
    pub refresh: Option<Duration>,
}

impl Announce {
    /// As keepalived: once more after 5 s, no refresh.
    pub const DEFAULT: Self = Self {
        repeat_after: Duration::from_secs(5),
        repeats: 1,
        refresh: None,
    };
}

impl Default for Announce {
    fn default() -> Self {
        Self::DEFAULT
    }
}
