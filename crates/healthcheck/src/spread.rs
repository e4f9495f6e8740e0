//! Spreading many checks over time.

use core::time::Duration;

/// The phase, for [`Monitor::new`](crate::Monitor::new), of the check at place `index` (from 0) among `count`
/// checks: they share `interval` evenly, so that no two start together and the load is the same at every moment.
/// Each check may have an interval of its own. An `index` beyond `count` begins anew.
///
/// ```
/// use std::time::Duration;
/// let phases: Vec<Duration> = (0..4).map(|i| healthcheck::spread(i, 4, Duration::from_secs(10))).collect();
/// assert_eq!(phases, [0, 2500, 5000, 7500].map(Duration::from_millis));
/// ```
pub fn spread(index: usize, count: usize, interval: Duration) -> Duration {
    let (index, count) = match (u64::try_from(index), u64::try_from(count)) {
        (Ok(index), Ok(count)) if count > 0 => (index % count, count),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => return Duration::ZERO,
    };
    // No product of a time that fits a Duration (below 2^94 ns) and an index below 2^34 overflows.
    let nanos = interval.as_nanos().saturating_mul(index.into()) / u128::from(count);
    Duration::from_nanos_u128(nanos.min(interval.as_nanos()))
}
