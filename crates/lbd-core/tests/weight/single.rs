//! One server beside one that serves: what its own state gives it, and what is said of it.

use healthcheck::{Alarm, Health, Measured};
use lbd_core::weight::{Input, Policy, SlowStart, Want, Weights};

use super::{behind, decide, down, seconds, wants, with};

/// The first of two servers, the second of which is well.
fn decided(input: Input) -> (Want, String) {
    let mut weights = Weights::new(Policy::default());
    let decision = decide(&mut weights, seconds(0), &[input, with(Health::Up)]).remove(0);
    (decision.want, decision.why)
}

#[test]
fn each_health_has_its_want_and_its_sentence() {
    for (health, want, why) in [
        (Health::Up, Want::Present(100), "up: full weight 100"),
        (
            Health::Unknown,
            Want::AsIs,
            "not judged yet: as the kernel has it",
        ),
        (
            Health::Busy,
            Want::Present(0),
            "busy, it takes none: no new connections until it does",
        ),
        (
            Health::Suspected,
            Want::Present(0),
            "suspected, its host fell silent: no new connections until it answers",
        ),
        (
            down(),
            Want::Absent,
            "down (connection refused): not in the table",
        ),
    ] {
        assert_eq!(decided(with(health)), (want, why.to_owned()));
    }
}

#[test]
fn drain_wins_over_health_except_that_a_dead_server_leaves_the_table() {
    for health in [Health::Up, Health::Unknown, Health::Busy, Health::Suspected] {
        let input = Input {
            drained: true,
            ..with(health)
        };
        assert_eq!(
            decided(input),
            (Want::Present(0), "drained: no new connections".to_owned())
        );
    }
    let dead = Input {
        drained: true,
        ..with(down())
    };
    let why = "drained, and down (connection refused): not in the table";
    assert_eq!(decided(dead), (Want::Absent, why.to_owned()));
}

#[test]
fn maintenance_wins_over_everything() {
    for health in [Health::Up, Health::Unknown, down()] {
        let input = Input {
            maintenance: true,
            drained: true,
            ..with(health)
        };
        let why = "in maintenance: not in the table";
        assert_eq!(decided(input), (Want::Absent, why.to_owned()));
    }
}

#[test]
fn a_measured_weight_takes_the_place_of_the_configured_one() {
    for (asked, want) in [(7, Want::Present(7)), (0, Want::Present(0))] {
        let measured = Measured {
            weight: Some(asked),
            ..Measured::default()
        };
        let input = Input {
            measured,
            ..with(Health::Up)
        };
        assert_eq!(decided(input).0, want);
    }
}

#[test]
fn a_weight_of_0_serves_nobody_even_as_a_last_resort() {
    let mut weights = Weights::new(Policy::default());
    assert_eq!(
        wants(&mut weights, seconds(0), &[Input::new(0, Health::Up)]),
        [Want::Present(0)]
    );
}

#[test]
fn an_alarm_moves_no_weight_and_is_told() {
    let input = Input {
        alarm: Some(Alarm::AccessDenied),
        ..with(Health::Up)
    };
    let (want, why) = decided(input);
    assert_eq!(want, Want::Present(100));
    assert_eq!(
        why,
        "up: full weight 100; its check needs you: access denied: correct the probe's user and password"
    );
}

#[test]
fn without_limits_lag_moves_no_weight() {
    assert_eq!(decided(behind(9_999)).0, Want::Present(100));
}

#[test]
fn a_slow_start_grows_in_equal_steps_and_wakes_at_each() {
    let policy = Policy {
        slow_start: Some(SlowStart {
            duration: seconds(40),
            steps: 4,
        }),
        ..Policy::default()
    };
    let mut weights = Weights::new(policy);
    let back = Input {
        recovered: Some(seconds(100)),
        ..with(Health::Up)
    };
    for (now, weight, deadline) in [
        (100, 20, Some(110)),
        (109, 20, Some(110)),
        (110, 40, Some(120)),
        (120, 60, Some(130)),
        (130, 80, Some(140)),
        (140, 100, None),
    ] {
        let inputs = [back.clone()];
        assert_eq!(
            wants(&mut weights, seconds(now), &inputs),
            [Want::Present(weight)]
        );
        assert_eq!(weights.deadline(), deadline.map(seconds));
    }
    let decision = decide(&mut weights, seconds(115), &[back]).remove(0);
    assert_eq!(
        decision.why,
        "up, step 2 of 4 of the slow start: weight 40 of 100"
    );
}

#[test]
fn even_the_first_step_of_a_small_weight_serves() {
    let policy = Policy {
        slow_start: Some(SlowStart {
            duration: seconds(40),
            steps: 10,
        }),
        ..Policy::default()
    };
    let mut weights = Weights::new(policy);
    let small = Input {
        recovered: Some(seconds(0)),
        ..Input::new(1, Health::Up)
    };
    assert_eq!(
        wants(&mut weights, seconds(0), &[small]),
        [Want::Present(1)]
    );
}
