//! How late checks are: the time between two checks of one server, beyond the interval.

use std::time::Duration;

/// What was seen of every server. Moments are the kernel's wall clock, since 1970.
#[derive(Debug)]
pub(super) struct Gaps {
    interval: Duration,
    last: Vec<Option<Check>>,
    began: Duration,
    /// Since then, in milliseconds; below zero where a check came early.
    late: Vec<f64>,
    repeated: usize,
}

#[derive(Clone, Copy, Debug)]
struct Check {
    at: Duration,
    /// The number that its connection begins with.
    sequence: u32,
}

/// What a window of time showed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lateness {
    /// Checks seen.
    pub(super) checks: usize,
    /// Milliseconds.
    pub(super) half: f64,
    /// Of 99 in 100: no more than this.
    pub(super) most: f64,
    pub(super) worst: f64,
    /// Connections that had to be asked for twice: nobody accepted them in time, which is the listener's fault.
    pub(super) repeated: usize,
}

impl Gaps {
    pub(super) fn new(servers: usize, interval: Duration) -> Self {
        Self {
            interval,
            last: vec![None; servers],
            began: Duration::ZERO,
            late: Vec::new(),
            repeated: 0,
        }
    }

    /// A server was asked for a connection that begins with this sequence number.
    pub(super) fn add(&mut self, server: usize, at: Duration, sequence: u32) {
        let Some(last) = self.last.get_mut(server) else {
            return;
        };
        match *last {
            Some(before) if before.sequence == sequence => {
                self.repeated += 1;
                return;
            }
            Some(before) => self.late.push(beyond(self.interval, before.at, at)),
            None => {}
        }
        *last = Some(Check { at, sequence });
    }

    /// Servers that were never checked.
    pub(super) fn unchecked(&self) -> usize {
        self.last.iter().filter(|last| last.is_none()).count()
    }

    /// What counts is what comes from now on.
    pub(super) fn begin(&mut self, now: Duration) {
        self.began = now;
        self.late.clear();
        self.repeated = 0;
    }

    /// Since the beginning. A server whose next check is overdue is as late as it is by now.
    pub(super) fn end(&self, now: Duration) -> Lateness {
        let mut late = self.late.clone();
        let overdue = self.last.iter().map(|last| {
            let since = last.map_or(self.began, |check| check.at);
            beyond(self.interval, since, now)
        });
        late.extend(overdue.filter(|late| *late > 0.0));
        late.sort_unstable_by(f64::total_cmp);
        Lateness {
            checks: self.late.len(),
            half: percentile(&late, 50),
            most: percentile(&late, 99),
            worst: percentile(&late, 100),
            repeated: self.repeated,
        }
    }
}

/// Milliseconds from one moment to another, less the interval.
fn beyond(interval: Duration, from: Duration, to: Duration) -> f64 {
    (to.as_secs_f64() - from.as_secs_f64() - interval.as_secs_f64()) * 1000.0
}

/// The least value that so many in a hundred do not exceed; 0 of none.
fn percentile(sorted: &[f64], hundredths: usize) -> f64 {
    let rank = (sorted.len() * hundredths).div_ceil(100);
    let place = rank.saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(1_000_000 + milliseconds)
    }

    fn rounded(lateness: &Lateness) -> [f64; 3] {
        [lateness.half, lateness.most, lateness.worst].map(f64::round)
    }

    #[test]
    fn a_check_is_late_by_what_the_gap_before_it_has_beyond_the_interval() {
        let mut gaps = Gaps::new(1, SECOND);
        gaps.add(0, at(0), 1);
        gaps.begin(at(500));
        gaps.add(0, at(1010), 2);
        gaps.add(0, at(2000), 3);
        gaps.add(0, at(3200), 4);
        let seen = gaps.end(at(4000));
        assert_eq!((seen.checks, seen.repeated), (3, 0));
        assert_eq!(rounded(&seen), [10.0, 200.0, 200.0]);
    }

    #[test]
    fn what_came_before_the_window_does_not_count() {
        let mut gaps = Gaps::new(1, SECOND);
        gaps.add(0, at(0), 1);
        gaps.add(0, at(9000), 2);
        gaps.begin(at(9000));
        assert_eq!(gaps.end(at(9500)).checks, 0);
        assert_eq!(rounded(&gaps.end(at(9500))), [0.0; 3]);
    }

    #[test]
    fn a_server_that_is_not_checked_any_more_is_late_until_the_end() {
        let mut gaps = Gaps::new(2, SECOND);
        gaps.add(0, at(0), 1);
        assert_eq!(gaps.unchecked(), 1);
        gaps.begin(at(100));
        let seen = gaps.end(at(5100));
        assert_eq!(seen.checks, 0);
        // The one never seen counts from the beginning of the window.
        assert_eq!(rounded(&seen), [4000.0, 4100.0, 4100.0]);
    }

    #[test]
    fn a_connection_asked_for_twice_is_one_check() {
        let mut gaps = Gaps::new(1, SECOND);
        gaps.add(0, at(0), 7);
        gaps.begin(at(0));
        gaps.add(0, at(1000), 7);
        gaps.add(0, at(1100), 8);
        let seen = gaps.end(at(1100));
        assert_eq!((seen.checks, seen.repeated), (1, 1));
        assert_eq!(rounded(&seen), [100.0; 3]);
    }

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(percentile(&values, 50), 100.0);
        assert_eq!(percentile(&values, 99), 198.0);
        assert_eq!(percentile(&values, 100), 200.0);
        assert_eq!(percentile(&[], 50), 0.0);
    }
}
