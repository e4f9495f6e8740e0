//! Answers that are neither plain success nor failure: busy, alarms, and what was measured.

use healthcheck::{
    Alarm, Alarms, Counts, Failure, Health, Initial, Measured, Monitor, Outcome, Policy, Role,
};

use super::{NOTHING, REFUSED, SUCCESS, down, policy, probe, seconds, up};

const BUSY: Outcome = Outcome::Busy;
const DENIED: Outcome = Outcome::Alarm(Alarm::AccessDenied);

/// The health after each of these outcomes.
fn healths(monitor: &mut Monitor, outcomes: &[Outcome]) -> Vec<Health> {
    let health_after = |outcome: &Outcome| {
        probe(monitor, seconds(0), outcome.clone());
        monitor.health().clone()
    };
    outcomes.iter().map(health_after).collect()
}

#[test]
fn a_server_is_busy_after_as_many_busy_answers_as_failures_take_it_down() {
    let mut monitor = up(policy(2, 1));
    assert_eq!(
        healths(&mut monitor, &[BUSY, BUSY, BUSY]),
        [Health::Up, Health::Up, Health::Busy]
    );
    assert_eq!(monitor.failures(), 0);
}

#[test]
fn busy_answers_are_asked_again_soon() {
    let mut monitor = up(policy(2, 1));
    let (first, _) = probe(&mut monitor, seconds(0), BUSY);
    assert_eq!(monitor.deadline(), Some(first + seconds(1)));
}

#[test]
fn failures_among_busy_answers_do_not_break_connections() {
    let mut monitor = up(policy(3, 1));
    assert_eq!(
        healths(&mut monitor, &[REFUSED, BUSY, REFUSED, REFUSED])
            .last()
            .unwrap(),
        &Health::Busy
    );
    // The two failures that came last count on.
    assert_eq!(
        healths(&mut monitor, &[REFUSED, REFUSED]),
        [Health::Busy, down()]
    );
}

#[test]
fn a_busy_server_comes_back_after_rise_successes_in_a_row() {
    let mut monitor = up(policy(0, 2));
    assert_eq!(
        healths(&mut monitor, &[BUSY, SUCCESS, BUSY, SUCCESS, SUCCESS]),
        [
            Health::Busy,
            Health::Busy,
            Health::Busy,
            Health::Busy,
            Health::Up
        ]
    );
    assert_eq!(monitor.recovered(), None, "it was never down");
}

#[test]
fn a_dead_server_that_answers_busy_lives_but_is_not_up() {
    let mut monitor = up(policy(0, 2));
    assert_eq!(
        healths(&mut monitor, &[REFUSED, BUSY, SUCCESS, SUCCESS]),
        [down(), Health::Busy, Health::Busy, Health::Up]
    );
    assert_eq!(monitor.recovered(), Some(monitor.since()));
}

#[test]
fn an_alarm_changes_no_verdict_unless_the_policy_says_so() {
    let mut fresh = Monitor::new(policy(0, 1), seconds(0), seconds(0));
    assert_eq!(healths(&mut fresh, &[DENIED]), [Health::Unknown]);
    let mut well = up(policy(0, 1));
    assert_eq!(
        healths(&mut well, &[DENIED, DENIED]),
        [Health::Up, Health::Up]
    );
    let mut ill = up(policy(0, 1));
    assert_eq!(healths(&mut ill, &[REFUSED, DENIED]), [down(), down()]);
}

#[test]
fn failures_stay_in_a_row_across_an_alarm() {
    let mut monitor = up(policy(1, 1));
    assert_eq!(
        healths(&mut monitor, &[REFUSED, DENIED, REFUSED]),
        [Health::Up, Health::Up, down()]
    );
}

#[test]
fn each_kind_of_alarm_counts_as_the_policy_says() {
    let alarms = Alarms {
        host_blocked: Counts::Failure,
        access_denied: Counts::Success,
        other: Counts::Nothing,
    };
    let policy = Policy {
        alarms,
        ..policy(0, 1)
    };
    let mut monitor = Monitor::new(policy, seconds(0), seconds(0));
    let blocked = Outcome::Alarm(Alarm::HostBlocked);
    let other = Outcome::Alarm(Alarm::Other("no right to see replication".into()));
    let refused_us = Health::Down {
        failure: Failure::Alarm(Alarm::HostBlocked),
    };
    assert_eq!(
        healths(
            &mut monitor,
            &[other.clone(), DENIED, blocked, other, DENIED]
        ),
        [
            Health::Unknown,
            Health::Up,
            refused_us.clone(),
            refused_us,
            Health::Up
        ]
    );
}

#[test]
fn an_alarm_is_told_until_a_probe_ends_without_one() {
    let mut monitor = up(policy(0, 1));
    for outcome in [SUCCESS, BUSY, REFUSED] {
        probe(&mut monitor, seconds(0), DENIED);
        assert_eq!(monitor.alarm(), Some(&Alarm::AccessDenied));
        probe(&mut monitor, seconds(0), outcome);
        assert_eq!(monitor.alarm(), None);
    }
}

#[test]
fn an_alarm_is_not_asked_about_sooner_than_the_interval() {
    let fast = Policy {
        fast_interval: Some(seconds(1)),
        ..policy(3, 1)
    };
    let mut monitor = Monitor::new(fast, seconds(0), seconds(0));
    probe(&mut monitor, seconds(0), REFUSED);
    let (at, _) = probe(&mut monitor, seconds(0), DENIED);
    assert_eq!(at, seconds(1));
    assert_eq!(monitor.deadline(), Some(seconds(10)));
}

#[test]
fn what_was_measured_is_kept_over_a_failure_and_forgotten_when_down_or_alarmed() {
    let measured = Measured {
        lag: Some(seconds(7)),
        role: Role::Replica,
        read_only: Some(true),
        weight: None,
        cut_off: false,
    };
    let success = Outcome::Success {
        took: seconds(0),
        measured,
    };
    let mut monitor = up(policy(1, 1));
    assert_eq!(monitor.measured(), NOTHING);
    for ending in [vec![REFUSED, REFUSED], vec![DENIED]] {
        healths(&mut monitor, &[success.clone(), REFUSED]);
        assert_eq!(monitor.measured(), measured);
        healths(&mut monitor, &ending);
        assert_eq!(monitor.measured(), NOTHING);
    }
}

#[test]
fn a_server_said_to_be_up_serves_at_once_and_leaves_when_probes_fail() {
    let policy = Policy {
        initial: Initial::Up,
        ..policy(1, 1)
    };
    let mut monitor = Monitor::new(policy, seconds(0), seconds(5));
    assert_eq!(monitor.health(), &Health::Up);
    assert_eq!(
        healths(&mut monitor, &[REFUSED, REFUSED]),
        [Health::Up, down()]
    );
}
