//! The RFCs' timer formulas, in integer microseconds.

use core::time::Duration;

use crate::{Centis, Priority, Version};

/// How much later a backup of this priority takes over, so that the best one is first.
///
/// - Version 2 (RFC 3768 §6.1): (256 − priority) / 256 s, whatever the interval.
/// - Version 3 (RFC 9568 §6.1): (256 − priority) × master's interval / 256.
///
/// Rounded down to a microsecond.
#[must_use]
pub fn skew(version: Version, priority: Priority, master_interval: Centis) -> Duration {
    let unit = match version {
        Version::V2 => 1_000_000,
        Version::V3 => master_interval.micros(),
    };
    let rank = 256_u64.saturating_sub(u64::from(priority.get()));
    // At most 256 × 655.35 s in microseconds: far from the end of u64.
    Duration::from_micros(rank.saturating_mul(unit) / 256)
}

/// How long a backup waits for an advert before it takes over: 3 × master's interval + skew.
#[must_use]
pub fn master_down(version: Version, priority: Priority, master_interval: Centis) -> Duration {
    master_interval
        .as_duration()
        .saturating_mul(3)
        .saturating_add(skew(version, priority, master_interval))
}
