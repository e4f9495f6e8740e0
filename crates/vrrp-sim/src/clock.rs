//! A host's clock: it drifts, starts anywhere, and may stand still with its host.

/// Nanoseconds: of the simulation's true time, or of one host's clock.
pub(crate) type Nanos = u64;

pub(crate) const MICRO: Nanos = 1_000;
pub(crate) const MILLI: Nanos = 1_000_000;
pub(crate) const SECOND: Nanos = 1_000_000_000;

const MILLION: u128 = 1_000_000;

/// Shows `reading` at the true time `since`, and goes `ppm` millionths too fast from there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    since: Nanos,
    reading: Nanos,
    ppm: i32,
}

impl Clock {
    pub(crate) const fn new(reading: Nanos, ppm: i32) -> Self {
        Self {
            since: 0,
            reading,
            ppm,
        }
    }

    /// What it shows at a true time.
    pub(crate) fn read(&self, now: Nanos) -> Nanos {
        let passed = u128::from(now.saturating_sub(self.since));
        self.reading + narrow(passed * rate(self.ppm) / MILLION)
    }

    /// The first true time at which it shows this or more.
    pub(crate) fn when(&self, reading: Nanos) -> Nanos {
        self.since + true_span(reading.saturating_sub(self.reading), self.ppm)
    }

    /// It stood still from one true time to another.
    pub(crate) fn stood_still(&mut self, from: Nanos, to: Nanos) {
        self.reading = self.read(from);
        self.since = to;
    }
}

/// How much true time, rounded up, a clock takes to count this span.
pub(crate) fn true_span(span: Nanos, ppm: i32) -> Nanos {
    narrow((u128::from(span) * MILLION).div_ceil(rate(ppm)))
}

/// Counted microseconds in a million true ones.
fn rate(ppm: i32) -> u128 {
    u128::try_from(1_000_000_i64 + i64::from(ppm))
        .unwrap_or(1)
        .max(1)
}

fn narrow(nanos: u128) -> Nanos {
    Nanos::try_from(nanos).unwrap_or(Nanos::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Clock, SECOND};

    #[test]
    fn a_deadline_is_woken_for_when_the_clock_shows_it_and_not_before() {
        for ppm in [-30_000, -7, 0, 1, 30_000] {
            let clock = Clock::new(17, ppm);
            for deadline in [17, 18, 1_000_003, 7 * SECOND + 1] {
                let at = clock.when(deadline);
                assert!(clock.read(at) >= deadline, "{ppm} {deadline}");
                assert!(at == 0 || clock.read(at - 1) < deadline, "{ppm} {deadline}");
            }
        }
    }

    #[test]
    fn a_clock_that_stood_still_goes_on_from_there() {
        let mut clock = Clock::new(0, 0);
        clock.stood_still(10, 25);
        assert_eq!(clock.read(25), 10);
        assert_eq!(clock.read(30), 15);
    }
}
