//! When probes start: fast while things change, spread out else.

use std::collections::BTreeSet;
use std::time::Duration;

use healthcheck::{Monitor, Outcome, Policy, Time, spread};
use proptest::prelude::*;

use super::{REFUSED, SUCCESS, millis, policy, probe, seconds};

fn fast(retries: u32, rise: u32) -> Policy {
    Policy {
        fast_interval: Some(seconds(2)),
        ..policy(retries, rise)
    }
}

/// When each of the probes that end so starts.
fn starts(monitor: &mut Monitor, outcomes: &[Outcome]) -> Vec<u64> {
    let begun = |outcome: &Outcome| probe(monitor, millis(100), outcome.clone()).0.as_secs();
    outcomes.iter().map(begun).collect()
}

#[test]
fn probes_are_fast_for_one_interval_after_a_change_then_regular() {
    let mut monitor = Monitor::new(fast(3, 1), seconds(0), seconds(1));
    let all_well = vec![SUCCESS; 9];
    assert_eq!(
        starts(&mut monitor, &all_well),
        [1, 3, 5, 7, 9, 11, 21, 31, 41]
    );
}

#[test]
fn a_server_on_its_way_back_is_probed_fast() {
    let mut monitor = Monitor::new(fast(0, 3), seconds(0), seconds(0));
    // Down at 0; quiet from 10 on; the first success at 30 speeds it up.
    let mut outcomes = vec![REFUSED; 8];
    outcomes.extend([SUCCESS, SUCCESS, SUCCESS, SUCCESS]);
    assert_eq!(
        starts(&mut monitor, &outcomes),
        [0, 2, 4, 6, 8, 10, 20, 30, 40, 42, 44, 46]
    );
    assert!(monitor.health().is_up());
}

#[test]
fn a_fast_probe_that_takes_long_is_followed_at_once_but_not_overlapped() {
    let mut monitor = Monitor::new(fast(3, 1), seconds(0), seconds(0));
    let (begun, _) = probe(&mut monitor, millis(2_900), SUCCESS);
    assert_eq!(monitor.deadline(), Some(begun + millis(2_901)));
}

#[test]
fn the_first_probe_may_come_early_and_the_phase_stays() {
    let mut monitor =
        Monitor::new(policy(0, 1), seconds(100), seconds(7)).first_probe_at(seconds(100));
    assert_eq!(
        starts(&mut monitor, &[SUCCESS, SUCCESS, SUCCESS]),
        [100, 107, 117]
    );
    let mut early = Monitor::new(policy(0, 1), seconds(0), seconds(7)).first_probe_at(seconds(0));
    assert_eq!(starts(&mut early, &[SUCCESS, SUCCESS]), [0, 7]);
}

#[test]
fn a_thousand_checks_never_fire_together() {
    let interval = seconds(1);
    let mut monitors: Vec<Monitor> = (0..1000)
        .map(|index| {
            let policy = Policy {
                interval,
                ..policy(3, 1)
            };
            Monitor::new(policy, seconds(0), spread(index, 1000, interval))
        })
        .collect();
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        for monitor in &mut monitors {
            let (at, _) = probe(monitor, millis(5), SUCCESS);
            assert!(seen.insert(at), "two at {at:?}");
        }
    }
    let (first, last) = (seen.first().unwrap(), seen.last().unwrap());
    assert_eq!((*first, *last), (seconds(0), millis(2_999)));
}

#[test]
fn a_spread_of_nothing_and_of_extremes_is_within_the_interval() {
    assert_eq!(spread(0, 0, seconds(9)), seconds(0));
    assert_eq!(spread(7, 5, seconds(5)), seconds(2), "begins anew");
    let most = spread(usize::MAX - 1, usize::MAX, Duration::MAX);
    assert!(most <= Duration::MAX);
    assert_eq!(spread(3, 4, Duration::ZERO), seconds(0));
}

/// The starts of five regular probes with this jitter and seed.
fn jittered(jitter: Duration, seed: u64) -> Vec<Time> {
    let policy = Policy {
        jitter,
        ..policy(3, 1)
    };
    let mut monitor = Monitor::new(policy, seconds(0), seconds(0)).with_seed(seed);
    (0..5)
        .map(|_| probe(&mut monitor, seconds(0), SUCCESS).0)
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_times_and_another_one_others() {
    assert_eq!(jittered(seconds(1), 7), jittered(seconds(1), 7));
    assert_ne!(jittered(seconds(1), 7), jittered(seconds(1), 8));
}

proptest! {
    #[test]
    fn jitter_puts_each_probe_off_a_little_and_never_adds_up(jitter in 0_u64..20_000, seed: u64) {
        let honoured = millis(jitter).min(seconds(5));
        for (number, at) in (0_u64..).zip(jittered(millis(jitter), seed)) {
            prop_assert!(at >= seconds(10 * number));
            prop_assert!(at <= seconds(10 * number) + honoured);
        }
    }

    #[test]
    fn spread_phases_differ_by_the_same_share(count in 1_usize..2_000, interval in 1_u64..100_000) {
        let interval = millis(interval);
        let share = interval / u32::try_from(count).unwrap();
        for index in 1..count {
            let step = spread(index, count, interval) - spread(index - 1, count, interval);
            prop_assert!(step >= share && step <= share + Duration::from_nanos(1));
        }
        prop_assert!(spread(count - 1, count, interval) < interval);
    }
}
