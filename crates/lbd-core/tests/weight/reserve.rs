//! Never fewer than `min_serving`: who serves although it should not.

use healthcheck::Health;
use lbd_core::weight::{Input, Policy, Primary, Want, Weights};

use super::{behind, decide, down, primary, seconds, wants, with, with_limits};

const FULL: Want = Want::Present(100);
const REDUCED: Want = Want::Present(50);
const NOTHING: Want = Want::Present(0);

fn at_least(min_serving: usize) -> Weights {
    Weights::new(Policy {
        min_serving,
        primary: Primary::LastResort,
        ..with_limits()
    })
}

#[test]
fn when_all_lag_the_least_bad_serve() {
    let inputs = [behind(300), behind(90), behind(120)];
    for (min_serving, wanted) in [
        (0, [NOTHING, NOTHING, NOTHING]),
        (1, [NOTHING, REDUCED, NOTHING]),
        (2, [NOTHING, REDUCED, REDUCED]),
        (9, [REDUCED, REDUCED, REDUCED]),
    ] {
        assert_eq!(
            wants(&mut at_least(min_serving), seconds(0), &inputs),
            wanted
        );
    }
}

#[test]
fn the_primary_serves_when_the_replicas_are_too_few_lagging_ones_included() {
    let mut weights = at_least(2);
    let inputs = |second| [primary(), behind(90), second];
    assert_eq!(
        wants(&mut weights, seconds(0), &inputs(behind(0))),
        [NOTHING, REDUCED, FULL]
    );
    assert_eq!(
        wants(&mut weights, seconds(1), &inputs(with(down()))),
        [FULL, REDUCED, Want::Absent]
    );
    assert_eq!(
        wants(&mut weights, seconds(2), &inputs(behind(0))),
        [NOTHING, REDUCED, FULL]
    );
}

#[test]
fn busy_and_suspected_servers_serve_when_there_is_nobody_else() {
    let inputs = [with(Health::Suspected), with(Health::Busy), with(down())];
    assert_eq!(
        wants(&mut at_least(1), seconds(0), &inputs),
        [NOTHING, FULL, Want::Absent]
    );
    assert_eq!(
        wants(&mut at_least(2), seconds(0), &inputs),
        [FULL, FULL, Want::Absent]
    );
}

#[test]
fn nobody_serves_who_is_drained_or_worked_on_or_dead() {
    let drained = Input {
        drained: true,
        ..behind(0)
    };
    let worked_on = Input {
        maintenance: true,
        ..behind(0)
    };
    assert_eq!(
        wants(
            &mut at_least(3),
            seconds(0),
            &[drained, worked_on, with(down())]
        ),
        [NOTHING, Want::Absent, Want::Absent]
    );
}

#[test]
fn the_sentence_says_that_it_serves_all_the_same() {
    let decision = decide(&mut at_least(1), seconds(0), &[behind(90)]).remove(0);
    assert_eq!(
        decision.why,
        "up, 1m 30s behind until it is 30s or less: no new connections; serves all the same with weight \
         50, so that 1 do"
    );
}

#[test]
fn who_serves_as_a_last_resort_stays_until_another_is_better_by_far() {
    let mut weights = at_least(1);
    let serves = |weights: &mut Weights, lags: [u64; 2]| {
        let wants = wants(weights, seconds(0), &lags.map(behind));
        assert_eq!(wants.iter().filter(|want| want.serves()).count(), 1);
        usize::from(wants[1].serves())
    };
    let chosen = [[100, 101], [103, 102], [120, 80], [200, 90], [170, 180]]
        .map(|lags| serves(&mut weights, lags));
    assert_eq!(chosen, [0, 0, 0, 1, 1]);
}
