//! What tracked things do to a router.

use std::iter::Sum;

use vrrp_proto::Priority;

/// The lowest and highest priority that weights can lead to: 0 resigns, and 255 is the owner's (RFC 9568, 5.2.4).
const REACHABLE: (i64, i64) = (1, 254);

/// What one tracked thing does to its router, or all of them together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Standing {
    /// What is added to the configured priority.
    pub(in crate::engine) change: i64,
    /// Whether the router cannot take part.
    pub(in crate::engine) fault: bool,
    /// Whether something has not been looked at yet.
    pub(in crate::engine) unknown: bool,
}

impl Standing {
    /// The priority in effect: 1 to 254. An owner's stays what it is, as the priority is what makes it the owner.
    pub(in crate::engine) fn priority(self, configured: Priority) -> Priority {
        if configured == Priority::OWNER {
            return configured;
        }
        let (lowest, highest) = REACHABLE;
        let wanted = i64::from(configured.get()).saturating_add(self.change);
        u8::try_from(wanted.clamp(lowest, highest)).map_or(configured, Priority::new)
    }
}

impl Sum for Standing {
    fn sum<I: Iterator<Item = Self>>(standings: I) -> Self {
        standings.fold(Self::default(), |sum, one| Self {
            change: sum.change.saturating_add(one.change),
            fault: sum.fault || one.fault,
            unknown: sum.unknown || one.unknown,
        })
    }
}
