//! Success and failure, step by step.

use std::time::Duration;

use healthcheck::{Change, Failure, Health, Monitor, Outcome, Start};

use super::{REFUSED, SUCCESS, down, policy, probe, seconds};

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

#[test]
fn a_result_that_says_nothing_is_asked_for_again_at_once() {
    let mut monitor = Monitor::new(policy(0, 1), seconds(0), seconds(0));
    let start = monitor.poll(seconds(0)).unwrap();
    monitor.voided(seconds(1), start.probe + 1);
    assert!(monitor.is_probing(), "that was another probe");
    monitor.voided(seconds(1), start.probe);
    assert_eq!(monitor.deadline(), Some(seconds(1)));
    assert_eq!(monitor.health(), &Health::Unknown);
    let again = monitor.poll(seconds(1)).unwrap();
    assert_eq!(again.probe, start.probe + 1);
    let late = monitor.finished_probe(seconds(2), start.probe, REFUSED);
    assert_eq!(late, None, "the first one counts no more");
}

#[test]
fn another_policy_keeps_the_verdict_and_the_probe_under_way() {
    let mut monitor = Monitor::new(policy(3, 1), seconds(0), seconds(0));
    probe(&mut monitor, seconds(0), SUCCESS);
    let since = monitor.since();
    let mut sooner = policy(0, 1);
    sooner.interval = seconds(2);
    monitor.reform(sooner, seconds(1), seconds(1));
    assert_eq!((monitor.health(), monitor.since()), (&Health::Up, since));
    assert_eq!(monitor.deadline(), Some(seconds(2)), "at the new phase");
    let start = monitor.poll(seconds(2)).unwrap();
    monitor.reform(policy(0, 1), seconds(3), seconds(0));
    let change = monitor.finished_probe(seconds(3), start.probe, REFUSED);
    assert_eq!(change.unwrap().to, down(), "judged by the latest policy");
}
