//! The slow start: where in it a server is.

use std::time::Duration;

use healthcheck::Time;

use super::policy::SlowStart;

/// A place in the slow start; there is none once the weight is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// From 1.
    pub(super) number: u32,
    pub(super) of: u32,
    /// When the next begins.
    pub(super) ends: Time,
}

impl SlowStart {
    pub(super) fn step(&self, recovered: Option<Time>, now: Time) -> Option<Step> {
        let begun = recovered?;
        let elapsed = now.saturating_sub(begun);
        if elapsed >= self.duration || self.steps == 0 {
            return None;
        }
        // Both below 2^94 ns, times at most 2^32 steps.
        let done = elapsed.as_nanos().saturating_mul(self.steps.into()) / self.duration.as_nanos();
        let number = u32::try_from(done).ok()?.saturating_add(1).min(self.steps);
        Some(Step {
            number,
            of: self.steps,
            ends: begun.saturating_add(self.end_of(number)),
        })
    }

    /// From the start to the end of a step, rounded up: at that moment it is over.
    fn end_of(&self, number: u32) -> Duration {
        let nanos = self.duration.as_nanos().saturating_mul(number.into());
        Duration::from_nanos_u128(
            nanos
                .div_ceil(self.steps.max(1).into())
                .min(u64::MAX.into()),
        )
    }
}

impl Step {
    /// That part of the weight which a server has in this step.
    pub(super) fn part(self) -> (u32, u32) {
        (self.number, self.of.saturating_add(1))
    }
}

/// A part of a weight, rounded up, so that a server keeps at least 1 of whatever it has.
pub(super) fn part_of(weight: u32, (numerator, denominator): (u32, u32)) -> u32 {
    let product = u64::from(weight).saturating_mul(numerator.into());
    let part = product.div_ceil(u64::from(denominator.max(1)));
    u32::try_from(part).unwrap_or(weight)
}
