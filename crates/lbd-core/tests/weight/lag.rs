//! Two limits, hysteresis, and a lag that is not known.

use healthcheck::{Health, Measured};
use lbd_core::weight::{Input, LagLimits, Want, Weights};

use super::{behind, decide, limits, primary, seconds, wants, with, with_limits};

const FULL: Want = Want::Present(100);
const REDUCED: Want = Want::Present(50);
const NOTHING: Want = Want::Present(0);

/// What a replica gets at each of these lags, one after the other, beside a primary.
fn over(lags: &[u64]) -> Vec<Want> {
    let mut weights = Weights::new(with_limits());
    let at =
        |(now, lag): (u64, &u64)| wants(&mut weights, seconds(now), &[behind(*lag), primary()])[0];
    (0..).zip(lags).map(at).collect()
}

#[test]
fn a_limit_is_passed_above_it_and_back_at_half_of_it() {
    assert_eq!(
        over(&[0, 10, 11, 60, 61, 31, 30, 6, 5]),
        [
            FULL, FULL, REDUCED, REDUCED, NOTHING, NOTHING, REDUCED, REDUCED, FULL
        ]
    );
}

#[test]
fn a_lag_that_jumps_takes_the_weight_along_at_once() {
    assert_eq!(over(&[0, 1000, 0]), [FULL, NOTHING, FULL]);
}

#[test]
fn a_lag_around_a_limit_does_not_flap() {
    assert_eq!(
        over(&[9, 11, 9, 11, 6, 10]),
        [FULL, REDUCED, REDUCED, REDUCED, REDUCED, REDUCED]
    );
    assert_eq!(over(&[59, 61, 59, 61, 31, 60])[1..], [NOTHING; 5]);
}

#[test]
fn the_sentence_says_how_far_behind_and_when_it_ends() {
    let mut weights = Weights::new(with_limits());
    let mut why = |lag| {
        decide(&mut weights, seconds(0), &[behind(lag), primary()])
            .remove(0)
            .why
    };
    assert_eq!(
        why(12),
        "up, 12s behind until it is 5s or less: weight 50 of 100"
    );
    assert_eq!(
        why(70),
        "up, 1m 10s behind until it is 30s or less: no new connections"
    );
    assert_eq!(why(3), "up: full weight 100");
}

#[test]
fn the_primary_has_no_lag() {
    let mut weights = Weights::new(with_limits());
    let promoted = Input {
        measured: Measured {
            lag: Some(seconds(999)),
            ..primary().measured
        },
        ..primary()
    };
    assert_eq!(
        wants(&mut weights, seconds(0), &[behind(999), promoted.clone()]),
        [NOTHING, FULL]
    );
    assert_eq!(
        wants(&mut weights, seconds(1), &[promoted, primary()]),
        [FULL, FULL]
    );
}

#[test]
fn a_lag_that_was_never_measured_is_too_much() {
    let mut weights = Weights::new(with_limits());
    let decision = decide(&mut weights, seconds(0), &[with(Health::Up), primary()]).remove(0);
    assert_eq!(decision.want, NOTHING);
    assert_eq!(decision.why, "up, its lag not known: no new connections");
}

#[test]
fn a_lag_that_is_not_measured_any_more_is_too_much_after_the_patience() {
    let mut weights = Weights::new(with_limits());
    wants(&mut weights, seconds(0), &[behind(20), primary()]);
    let inputs = [with(Health::Up), primary()];
    assert_eq!(wants(&mut weights, seconds(10), &inputs), [REDUCED, FULL]);
    assert_eq!(weights.deadline(), Some(seconds(310)));
    assert_eq!(wants(&mut weights, seconds(309), &inputs), [REDUCED, FULL]);
    assert_eq!(wants(&mut weights, seconds(310), &inputs), [NOTHING, FULL]);
    assert_eq!(weights.deadline(), None);
    assert_eq!(
        wants(&mut weights, seconds(311), &[behind(1), primary()]),
        [FULL, FULL]
    );
}

#[test]
fn limits_that_make_no_sense_are_read_as_the_nearest_that_do() {
    let odd = LagLimits {
        hard: seconds(1),
        percent: 0,
        ..limits()
    };
    let policy = lbd_core::weight::Policy {
        lag: Some(odd),
        ..with_limits()
    };
    let mut weights = Weights::new(policy);
    for (lag, want) in [(10, FULL), (11, NOTHING), (6, NOTHING), (5, FULL)] {
        assert_eq!(
            wants(&mut weights, seconds(0), &[behind(lag), primary()])[0],
            want
        );
    }
}
