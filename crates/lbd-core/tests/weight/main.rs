//! From verdict to weight: case by case and over random histories.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod lag;
mod pace;
mod properties;
mod reserve;
mod single;

use std::collections::BTreeMap;
use std::time::Duration;

use healthcheck::{Failure, Health, Measured, Role};
use lbd_core::weight::{Decision, Input, LagLimits, Policy, Want, Weights};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn limits() -> LagLimits {
    LagLimits {
        soft: seconds(10),
        hard: seconds(60),
        percent: 50,
        patience: seconds(300),
    }
}

fn with_limits() -> Policy {
    Policy {
        lag: Some(limits()),
        ..Policy::default()
    }
}

fn with(health: Health) -> Input {
    Input::new(100, health)
}

fn down() -> Health {
    Health::Down {
        failure: Failure::Refused,
    }
}

/// A replica that is up.
fn behind(lag: u64) -> Input {
    let measured = Measured {
        lag: Some(seconds(lag)),
        role: Role::Replica,
        ..Measured::default()
    };
    Input {
        measured,
        ..with(Health::Up)
    }
}

fn primary() -> Input {
    let measured = Measured {
        role: Role::Primary,
        ..Measured::default()
    };
    Input {
        measured,
        ..with(Health::Up)
    }
}

/// Named a, b, c and so on.
fn named(inputs: &[Input]) -> BTreeMap<String, Input> {
    let names = ('a'..='z').map(String::from);
    names.zip(inputs.iter().cloned()).collect()
}

fn decide(weights: &mut Weights, now: Duration, inputs: &[Input]) -> Vec<Decision> {
    let decisions = weights.decide(now, &named(inputs));
    decisions.into_values().collect()
}

/// Only what is wanted.
fn wants(weights: &mut Weights, now: Duration, inputs: &[Input]) -> Vec<Want> {
    let decisions = decide(weights, now, inputs);
    decisions
        .into_iter()
        .map(|decision| decision.want)
        .collect()
}
