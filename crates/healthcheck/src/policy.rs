//! How often to probe, and how many outcomes make a verdict.

use core::time::Duration;

/// The shortest [`Policy::interval`], [`Policy::timeout`] and [`Policy::retry_delay`] that are honoured: a
/// zero would probe without pause.
pub(crate) const SHORTEST: Duration = Duration::from_millis(1);

/// How one server is probed. Every value is accepted; those that make no sense are read as the nearest
/// that does, as said at each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// From the start of one regular probe to the start of the next; at least 1 ms. Default 10 s.
    pub interval: Duration,
    /// A probe fails when it has taken this long; at least 1 ms. Default 3 s.
    pub timeout: Duration,
    /// Failed probes beyond the first that take a server down: with 3, four failures in a row.
    /// Default 3.
    pub retries: u32,
    /// From the end of a failed probe to the start of the retry; at least 1 ms. Default 1 s.
    pub retry_delay: Duration,
    /// Successes in a row that bring a server up that was down; 0 is read as 1. Default 1.
    pub rise: u32,
    /// How long beyond the probe's deadline its result is waited for. The probe keeps to its deadline
    /// by itself; this covers the result's way back. Default 1 s.
    pub grace: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(3),
            retries: 3,
            retry_delay: Duration::from_secs(1),
            rise: 1,
            grace: Duration::from_secs(1),
        }
    }
}

impl Policy {
    /// The policy with every value one that makes sense.
    pub(crate) fn sane(self) -> Policy {
        Policy {
            interval: self.interval.max(SHORTEST),
            timeout: self.timeout.max(SHORTEST),
            retry_delay: self.retry_delay.max(SHORTEST),
            rise: self.rise.max(1),
            ..self
        }
    }
}
