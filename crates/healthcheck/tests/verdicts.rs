//! The verdicts, step by step and over random scripts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::time::Duration;

use healthcheck::{Change, Failure, Health, Monitor, Outcome, Policy, Start, Time};
use proptest::prelude::*;

const SUCCESS: Outcome = Outcome::Success {
    took: Duration::from_millis(2),
};
const REFUSED: Outcome = Outcome::Failure(Failure::Refused);

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn policy(retries: u32, rise: u32) -> Policy {
    Policy {
        interval: seconds(10),
        timeout: seconds(3),
        retries,
        retry_delay: seconds(1),
        rise,
        grace: seconds(1),
    }
}

fn down() -> Health {
    Health::Down {
        failure: Failure::Refused,
    }
}

/// Advances to the next probe, ends it `took` later with `outcome`, and gives its start and the change.
fn probe(monitor: &mut Monitor, took: Duration, outcome: Outcome) -> (Time, Option<Change>) {
    let begun = monitor.deadline().unwrap();
    monitor.poll(begun).expect("a probe is due");
    (begun, monitor.finished(begun + took, outcome))
}

#[test]
fn the_first_probe_starts_at_its_phase() {
    let mut monitor = Monitor::new(policy(3, 1), seconds(100), seconds(4));
    assert_eq!(monitor.deadline(), Some(seconds(104)));
    assert_eq!(monitor.poll(seconds(103)), None);
    let start = Start {
        probe: 1,
        deadline: seconds(107),
        timeout: seconds(3),
    };
    assert_eq!(monitor.poll(seconds(104)), Some(start));
    assert_eq!(monitor.poll(seconds(104)), None, "one probe at a time");
}

#[test]
fn the_first_success_counts_at_once_whatever_the_rise() {
    let mut monitor = Monitor::new(policy(3, 5), seconds(0), seconds(0));
    let (_, change) = probe(&mut monitor, seconds(1), SUCCESS);
    let expected = Change {
        at: seconds(1),
        from: Health::Unknown,
        to: Health::Up,
    };
    assert_eq!(change, Some(expected));
    assert_eq!(monitor.since(), seconds(1));
}

#[test]
fn three_retries_take_a_server_down_at_the_fourth_failure() {
    for first in [None, Some(SUCCESS)] {
        let mut monitor = Monitor::new(policy(3, 1), seconds(0), seconds(0));
        if let Some(outcome) = first {
            probe(&mut monitor, seconds(0), outcome);
        }
        let before = monitor.health().clone();
        let (begun, change) = probe(&mut monitor, seconds(1), REFUSED);
        assert_eq!(change, None);
        for retry in 1..=3 {
            // Each failed after one second and was retried one second later.
            let (at, change) = probe(&mut monitor, seconds(1), REFUSED);
            assert_eq!(at, begun + seconds(2 * retry));
            assert_eq!(change.is_some(), retry == 3);
            if let Some(change) = change {
                assert_eq!((change.from, change.to), (before.clone(), down()));
            }
        }
    }
}

#[test]
fn with_no_retries_the_first_failure_takes_a_server_down() {
    let mut monitor = Monitor::new(policy(0, 1), seconds(0), seconds(0));
    let (_, change) = probe(&mut monitor, seconds(0), REFUSED);
    assert_eq!(change.unwrap().to, down());
}

#[test]
fn one_success_forgives_all_failures_so_far() {
    let mut monitor = Monitor::new(policy(1, 1), seconds(0), seconds(0));
    for _ in 0..5 {
        probe(&mut monitor, seconds(0), SUCCESS);
        let (_, change) = probe(&mut monitor, seconds(0), REFUSED);
        assert_eq!(change, None);
        assert_eq!(monitor.failures(), 1);
    }
    assert!(monitor.health().is_up());
}

#[test]
fn a_down_server_comes_back_after_rise_successes_in_a_row() {
    let mut monitor = Monitor::new(policy(0, 3), seconds(0), seconds(0));
    for outcome in [REFUSED, SUCCESS, SUCCESS, REFUSED, SUCCESS, SUCCESS] {
        probe(&mut monitor, seconds(0), outcome);
        assert_eq!(monitor.health(), &down());
    }
    let (_, change) = probe(&mut monitor, seconds(0), SUCCESS);
    assert_eq!(change.unwrap().to, Health::Up);
}

#[test]
fn a_down_server_is_probed_at_the_interval_and_keeps_the_latest_reason() {
    let mut monitor = Monitor::new(policy(0, 1), seconds(0), seconds(0));
    probe(&mut monitor, seconds(0), REFUSED);
    let failure = Failure::TimedOut;
    let (at, change) = probe(&mut monitor, seconds(3), Outcome::Failure(failure.clone()));
    assert_eq!((at, change), (seconds(10), None));
    assert_eq!(monitor.health(), &Health::Down { failure });
    assert_eq!(monitor.since(), seconds(0));
    assert_eq!(monitor.deadline(), Some(seconds(20)));
}

#[test]
fn regular_probes_keep_their_phase_however_long_they_take() {
    let mut monitor = Monitor::new(policy(3, 1), seconds(0), seconds(4));
    for (took, start) in [(0, 4), (2, 14), (3, 24), (0, 34)] {
        let (at, _) = probe(&mut monitor, seconds(took), SUCCESS);
        assert_eq!(at, seconds(start));
    }
    probe(&mut monitor, seconds(1), REFUSED); // 44, and a retry at 46
    let (retry, _) = probe(&mut monitor, seconds(1), SUCCESS);
    assert_eq!(retry, seconds(46));
    assert_eq!(monitor.deadline(), Some(seconds(54)), "back on the grid");
}

#[test]
fn probes_missed_while_the_host_slept_are_not_made_up_for() {
    let mut monitor = Monitor::new(policy(3, 1), seconds(0), seconds(0));
    probe(&mut monitor, seconds(0), SUCCESS);
    let late = seconds(1005);
    assert!(monitor.poll(late).is_some());
    monitor.finished(late, SUCCESS);
    assert_eq!(monitor.deadline(), Some(seconds(1010)));
}

#[test]
fn a_probe_that_never_reports_counts_against_the_server() {
    let mut monitor = Monitor::new(policy(0, 1), seconds(0), seconds(0));
    monitor.poll(seconds(0)).unwrap();
    assert_eq!(monitor.deadline(), Some(seconds(4)), "deadline and grace");
    assert_eq!(monitor.expired(Duration::from_millis(3999)), None);
    let change = monitor.expired(seconds(4)).unwrap();
    let failure = Failure::Lost;
    assert_eq!(change.to, Health::Down { failure });
    assert!(!monitor.is_probing());
}

#[test]
fn poll_alone_also_counts_a_lost_probe() {
    let mut monitor = Monitor::new(policy(0, 1), seconds(0), seconds(0));
    monitor.poll(seconds(0)).unwrap();
    assert_eq!(monitor.poll(seconds(4)), None);
    let failure = Failure::Lost;
    assert_eq!(monitor.health(), &Health::Down { failure });
}

#[test]
fn the_result_of_a_probe_given_up_is_not_taken_for_the_next_ones() {
    let mut monitor = Monitor::new(policy(3, 1), seconds(0), seconds(0));
    let lost = monitor.poll(seconds(0)).unwrap();
    monitor.expired(seconds(4));
    assert_eq!(
        monitor.finished(seconds(4), SUCCESS),
        None,
        "none is running"
    );
    let running = monitor.poll(seconds(5)).unwrap();
    assert_eq!(
        monitor.finished_probe(seconds(5), lost.probe, SUCCESS),
        None
    );
    assert!(monitor.is_probing());
    assert!(
        monitor
            .finished_probe(seconds(5), running.probe, SUCCESS)
            .is_some()
    );
}

/// One step of a random script.
#[derive(Clone, Debug)]
enum Step {
    Wait(u32),
    ToDeadline,
    Poll,
    Expired,
    Finish(bool),
    FinishStale(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        1 => (0_u32..20_000).prop_map(Step::Wait),
        3 => Just(Step::ToDeadline),
        3 => Just(Step::Poll),
        1 => Just(Step::Expired),
        3 => any::<bool>().prop_map(Step::Finish),
        1 => any::<bool>().prop_map(Step::FinishStale),
    ];
    prop::collection::vec(step, 0..300)
}

fn policies() -> impl Strategy<Value = Policy> {
    let duration =
        || prop_oneof![Just(0), 0_u64..20_000, Just(u64::MAX)].prop_map(Duration::from_millis);
    (
        duration(),
        duration(),
        0_u32..5,
        duration(),
        0_u32..5,
        duration(),
    )
        .prop_map(
            |(interval, timeout, retries, retry_delay, rise, grace)| Policy {
                interval,
                timeout,
                retries,
                retry_delay,
                rise,
                grace,
            },
        )
}

/// A second, naive account of what was told to the monitor.
#[derive(Default)]
struct Account {
    running: Option<Start>,
    failures: u32,
    successes: u32,
    ever: bool,
}

impl Account {
    fn ended(&mut self, success: bool) {
        self.running = None;
        self.ever |= success;
        self.failures = if success { 0 } else { self.failures + 1 };
        self.successes = if success { self.successes + 1 } else { 0 };
    }
}

fn outcome(success: bool) -> Outcome {
    if success { SUCCESS } else { REFUSED }
}

proptest! {
    #[test]
    fn the_monitor_keeps_its_promises(policy in policies(), script in steps(), phase in 0_u64..20_000) {
        let mut now = Duration::ZERO;
        let mut monitor = Monitor::new(policy, now, Duration::from_millis(phase));
        let policy = monitor.policy().clone();
        let mut account = Account::default();
        for step in script {
            let before = monitor.health().clone();
            let mut change = None;
            let lost = account.running.is_some_and(|start| start.deadline.saturating_add(policy.grace) <= now);
            match step {
                Step::Wait(millis) => now = now.saturating_add(Duration::from_millis(millis.into())),
                Step::ToDeadline => now = now.max(monitor.deadline().unwrap()),
                Step::Poll => {
                    if lost { account.ended(false); }
                    if let Some(start) = monitor.poll(now) {
                        prop_assert!(account.running.is_none(), "two probes at a time");
                        prop_assert_eq!(start.deadline, now.saturating_add(policy.timeout));
                        account.running = Some(start);
                    }
                }
                Step::Expired => {
                    change = monitor.expired(now);
                    if lost { account.ended(false); }
                }
                Step::Finish(success) => {
                    change = monitor.finished(now, outcome(success));
                    if account.running.is_some() { account.ended(success); }
                }
                Step::FinishStale(success) => {
                    let probe = account.running.map_or(0, |start| start.probe - 1);
                    prop_assert_eq!(monitor.finished_probe(now, probe, outcome(success)), None);
                }
            }
            prop_assert_eq!(monitor.is_probing(), account.running.is_some());
            let deadline = monitor.deadline();
            prop_assert!(deadline.is_some(), "a monitor never falls silent");
            if let Some(change) = change {
                prop_assert_eq!(&change.from, &before);
                prop_assert_eq!(&change.to, monitor.health());
                prop_assert_ne!(change.from, change.to);
                prop_assert_eq!(monitor.since(), change.at);
            }
            let health = monitor.health();
            if !account.ever { prop_assert!(!health.is_up(), "up without one success"); }
            if account.failures > policy.retries { let is_down = matches!(health, Health::Down { .. }); prop_assert!(is_down); }
            if account.successes >= policy.rise { prop_assert!(health.is_up()); }
            match (&before, health) {
                (Health::Unknown | Health::Up, Health::Down { .. }) => {
                    prop_assert_eq!(account.failures, policy.retries + 1);
                }
                (Health::Down { .. }, Health::Up) => prop_assert_eq!(account.successes, policy.rise),
                (_, Health::Unknown) => prop_assert_eq!(&before, &Health::Unknown),
                _ => {}
            }
        }
    }

    #[test]
    fn the_next_probe_is_after_now_and_within_the_interval(
        interval in 1_u64..100_000,
        delay in 1_u64..100_000,
        phase in 0_u64..100_000,
        script in prop::collection::vec((0_u64..50_000, any::<bool>()), 1..50),
    ) {
        let policy = Policy {
            interval: Duration::from_millis(interval),
            retry_delay: Duration::from_millis(delay),
            timeout: Duration::from_millis(50_000),
            ..policy(2, 2)
        };
        let phase = Duration::from_millis(phase);
        let mut monitor = Monitor::new(policy.clone(), Duration::ZERO, phase);
        for (took, success) in script {
            let (begun, _) = probe(&mut monitor, Duration::from_millis(took), outcome(success));
            let now = begun + Duration::from_millis(took);
            let next = monitor.deadline().unwrap();
            prop_assert!(next > now);
            prop_assert!(next - now <= policy.interval.max(policy.retry_delay));
            let retry = (1..=policy.retries).contains(&monitor.failures())
                && !matches!(monitor.health(), Health::Down { .. });
            if !retry {
                let into = (next - phase).as_millis() % policy.interval.as_millis();
                prop_assert_eq!(into, 0, "off the grid");
            }
        }
    }
}
