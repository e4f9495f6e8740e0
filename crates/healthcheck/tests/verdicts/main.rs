//! The verdicts, step by step and over random scripts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod answers;
mod properties;
mod steps;
mod suspicion;
mod timing;

use std::time::Duration;

use healthcheck::{
    Alarms, Change, Failure, Health, Initial, Measured, Monitor, Outcome, Policy, Role, Time,
};

const SUCCESS: Outcome = Outcome::Success {
    took: Duration::from_millis(2),
    measured: NOTHING,
};
const REFUSED: Outcome = Outcome::Failure(Failure::Refused);
const NOTHING: Measured = Measured {
    lag: None,
    role: Role::Unknown,
    read_only: None,
    cut_off: false,
    weight: None,
};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn policy(retries: u32, rise: u32) -> Policy {
    Policy {
        interval: seconds(10),
        fast_interval: None,
        jitter: seconds(0),
        timeout: seconds(3),
        retries,
        retry_delay: seconds(1),
        rise,
        grace: seconds(1),
        initial: Initial::Down,
        alarms: Alarms::default(),
        suspect_rest: seconds(30),
        suspect_patience: millis(500),
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

/// A monitor that has been up since second 0.
fn up(policy: Policy) -> Monitor {
    let mut monitor = Monitor::new(policy, seconds(0), seconds(0));
    probe(&mut monitor, seconds(0), SUCCESS);
    assert_eq!(monitor.health(), &Health::Up);
    monitor
}
