//! The daemon's clock: time since it started, as the pure crates count it.

use std::time::Duration;

use tokio::time::Instant;

#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn now(&self) -> Duration {
        self.0.elapsed()
    }

    /// The instant at which this clock shows `time`.
    pub(super) fn instant(&self, time: Duration) -> Instant {
        self.0 + time
    }
}
