//! When regular probes are due.

use core::time::Duration;

use crate::policy::SHORTEST;
use crate::{Policy, Time};

/// The points at which regular probes are due: `origin` plus any multiple of the interval, each put off
/// by a jitter of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// Below the interval.
    origin: Time,
    pub(super) seed: u64,
}

impl Grid {
    /// The grid of which `point` is one.
    pub(super) fn through(point: Time, interval: Duration) -> Grid {
        let into = point.as_nanos() % interval.as_nanos().max(1);
        Grid {
            origin: Duration::from_nanos_u128(into),
            seed: 0,
        }
    }

    /// The first point after `now`, for the probe with this number.
    pub(super) fn after(self, now: Time, policy: &Policy, probe: u64) -> Time {
        let interval = policy.interval.as_nanos().max(1);
        let rest = match self.origin.checked_sub(now) {
            Some(rest) if !rest.is_zero() => rest,
            Some(_) | None => {
                let into = now.saturating_sub(self.origin).as_nanos() % interval;
                Duration::from_nanos_u128(interval.saturating_sub(into))
            }
        };
        now.saturating_add(rest.max(SHORTEST))
            .saturating_add(self.jitter(policy.jitter, probe))
    }

    /// From nothing up to `most`.
    fn jitter(self, most: Duration, probe: u64) -> Duration {
        let share = u128::from(scramble(self.seed ^ scramble(probe)) >> 32);
        Duration::from_nanos_u128(most.as_nanos().saturating_mul(share) >> 32)
    }
}

/// The output function of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", 2014): neighbouring numbers come out unrelated.
fn scramble(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
