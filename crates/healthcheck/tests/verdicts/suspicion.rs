//! A hint that a server's host is gone.

use healthcheck::{Alarm, Change, Failure, Health, Monitor, Outcome, Policy};

use super::{REFUSED, SUCCESS, down, millis, policy, probe, seconds, up};

#[test]
fn a_suspected_server_is_probed_at_once() {
    let mut monitor = up(policy(3, 1));
    let expected = Change {
        at: seconds(4),
        from: Health::Up,
        to: Health::Suspected,
    };
    assert_eq!(monitor.suspect(seconds(4)), Some(expected));
    assert_eq!(monitor.deadline(), Some(seconds(4)));
    assert!(!monitor.health().is_up());
    assert!(monitor.poll(seconds(4)).is_some());
}

#[test]
fn one_success_lifts_a_suspicion_whatever_the_rise_and_the_grid_goes_on() {
    let mut monitor = up(policy(3, 5));
    monitor.suspect(seconds(4));
    let (_, change) = probe(&mut monitor, millis(2), SUCCESS);
    assert_eq!(change.unwrap().to, Health::Up);
    assert_eq!(monitor.recovered(), None, "it was never down");
    assert_eq!(monitor.deadline(), Some(seconds(10)));
}

#[test]
fn one_failure_confirms_a_suspicion_whatever_the_retries() {
    let mut monitor = up(policy(3, 1));
    monitor.suspect(seconds(4));
    let (_, change) = probe(&mut monitor, millis(2), REFUSED);
    assert_eq!(change.unwrap().to, down());
}

#[test]
fn a_probe_that_never_reports_confirms_a_suspicion() {
    let mut monitor = up(policy(3, 1));
    monitor.suspect(seconds(4));
    monitor.poll(seconds(4)).unwrap();
    let change = monitor.expired(seconds(8)).unwrap();
    let failure = Failure::Lost;
    assert_eq!(change.to, Health::Down { failure });
}

#[test]
fn a_suspected_server_that_is_busy_is_busy_and_one_with_an_alarm_lives() {
    for (outcome, health) in [
        (Outcome::Busy, Health::Busy),
        (Outcome::Alarm(Alarm::AccessDenied), Health::Up),
    ] {
        let mut monitor = up(policy(3, 1));
        monitor.suspect(seconds(4));
        let (_, change) = probe(&mut monitor, millis(2), outcome);
        assert_eq!(change.unwrap().to, health);
    }
}

/// Up, with a probe running since second 10, suspected half a second later.
fn suspected_while_probing() -> Monitor {
    let mut monitor = up(policy(3, 1));
    monitor.poll(seconds(10)).unwrap();
    assert!(monitor.suspect(millis(10_500)).is_some());
    monitor
}

#[test]
fn a_running_probe_gets_a_short_deadline_and_the_next_follows_at_once() {
    let mut monitor = suspected_while_probing();
    assert_eq!(monitor.poll(millis(10_500)), None, "two probes at a time");
    assert_eq!(monitor.deadline(), Some(millis(11_000)));
    assert_eq!(monitor.expired(millis(11_000)), None);
    assert_eq!(monitor.health(), &Health::Suspected);
    let start = monitor.poll(millis(11_000)).expect("the next one");
    assert_eq!(
        monitor.finished_probe(millis(11_001), start.probe - 1, SUCCESS),
        None
    );
    assert_eq!(
        monitor
            .finished_probe(millis(11_002), start.probe, SUCCESS)
            .unwrap()
            .to,
        Health::Up
    );
}

#[test]
fn a_good_answer_to_a_probe_older_than_the_hint_proves_nothing() {
    for outcome in [SUCCESS, Outcome::Busy, Outcome::Alarm(Alarm::HostBlocked)] {
        let mut monitor = suspected_while_probing();
        assert_eq!(monitor.finished(millis(10_501), outcome), None);
        assert_eq!(monitor.health(), &Health::Suspected);
        assert_eq!(monitor.deadline(), Some(millis(10_501)), "the next at once");
    }
}

#[test]
fn a_failure_of_a_probe_older_than_the_hint_confirms_it() {
    let mut monitor = suspected_while_probing();
    assert_eq!(
        monitor.finished(millis(10_501), REFUSED).unwrap().to,
        down()
    );
}

#[test]
fn hints_that_come_and_go_cannot_keep_a_healthy_server_out() {
    let mut monitor = up(policy(3, 1));
    let mut suspicions = 0;
    // A hint each 10 ms for 95 s; the server answers each probe within 20 ms.
    for at in (0..95_000).step_by(10).map(millis) {
        suspicions += u32::from(monitor.suspect(at).is_some());
        if monitor.is_probing() && monitor.deadline() <= Some(at + seconds(4) - millis(20)) {
            monitor.finished(at, SUCCESS);
        }
        monitor.poll(at);
    }
    assert_eq!(suspicions, 4, "at 0, 30, 60 and 90 s");
}

#[test]
fn a_hint_takes_nobody_down_who_is_not_up() {
    let mut dead = up(policy(0, 1));
    probe(&mut dead, seconds(0), REFUSED);
    let deadline = dead.deadline();
    assert_eq!(dead.suspect(seconds(12)), None);
    assert_eq!((dead.health(), dead.deadline()), (&down(), deadline));

    let mut unknown = Monitor::new(policy(0, 1), seconds(0), seconds(8));
    assert_eq!(unknown.suspect(seconds(1)), None);
    assert_eq!(unknown.health(), &Health::Unknown);
    assert_eq!(
        unknown.deadline(),
        Some(seconds(1)),
        "but it is asked at once"
    );
}

#[test]
fn a_confirmed_suspicion_is_a_recovery_when_the_server_comes_back() {
    let mut monitor = up(Policy {
        rise: 2,
        ..policy(3, 1)
    });
    monitor.suspect(seconds(4));
    for outcome in [REFUSED, SUCCESS] {
        probe(&mut monitor, seconds(0), outcome);
        assert_eq!(monitor.recovered(), None);
    }
    let (at, _) = probe(&mut monitor, seconds(0), SUCCESS);
    assert_eq!(monitor.recovered(), Some(at));
}
