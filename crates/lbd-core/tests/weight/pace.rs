//! At most so many changes a second.

use std::num::NonZeroU32;

use healthcheck::Health;
use lbd_core::weight::{Input, Policy, Want, Weights};

use super::{behind, decide, down, millis, primary, seconds, wants, with, with_limits};

const FULL: Want = Want::Present(100);
const REDUCED: Want = Want::Present(50);
const NOTHING: Want = Want::Present(0);

fn paced(changes: u32, min_serving: usize) -> Weights {
    Weights::new(Policy {
        changes_per_second: NonZeroU32::new(changes),
        min_serving,
        ..with_limits()
    })
}

/// Three servers of full weight, decided at second 0, with no change in the second before 10.
fn serving(changes: u32, min_serving: usize) -> Weights {
    let mut weights = paced(changes, min_serving);
    for now in 0..4 {
        decide(
            &mut weights,
            seconds(now),
            &[behind(0), behind(0), behind(0)],
        );
    }
    weights
}

#[test]
fn changes_beyond_the_limit_wait_and_say_so() {
    let mut weights = serving(1, 1);
    let lagging = [behind(20), behind(20), behind(20)];
    assert_eq!(
        wants(&mut weights, seconds(10), &lagging),
        [REDUCED, FULL, FULL]
    );
    assert_eq!(weights.deadline(), Some(seconds(11)));
    let decisions = decide(&mut weights, millis(10_999), &lagging);
    assert_eq!(decisions[1].want, FULL);
    assert_eq!(
        decisions[1].why,
        "up, 20s behind until it is 5s or less: weight 50 of 100, soon: there are no more than 1 changes a second"
    );
    assert_eq!(
        wants(&mut weights, seconds(11), &lagging),
        [REDUCED, REDUCED, FULL]
    );
    assert_eq!(
        wants(&mut weights, seconds(12), &lagging),
        [REDUCED, REDUCED, REDUCED]
    );
    assert_eq!(weights.deadline(), None);
}

#[test]
fn dead_suspected_busy_and_drained_servers_never_wait() {
    let mut weights = serving(1, 1);
    let drained = Input {
        drained: true,
        ..behind(0)
    };
    let inputs = [with(down()), with(Health::Suspected), drained, behind(0)];
    assert_eq!(
        wants(&mut weights, seconds(10), &inputs)[..3],
        [Want::Absent, NOTHING, NOTHING]
    );
    assert_eq!(
        wants(&mut weights, seconds(10), &[with(Health::Busy), behind(0)])[0],
        NOTHING
    );
}

#[test]
fn a_change_that_waits_longest_comes_first() {
    let mut weights = serving(1, 1);
    let lags = |first, second, third| [behind(first), behind(second), behind(third)];
    wants(&mut weights, seconds(10), &lags(0, 20, 20));
    // The first begins to lag later than the third, which waits.
    assert_eq!(
        wants(&mut weights, seconds(11), &lags(20, 20, 20)),
        [FULL, REDUCED, REDUCED]
    );
}

#[test]
fn nobody_leaves_before_who_takes_its_place_has_come() {
    let mut weights = paced(1, 1);
    wants(&mut weights, seconds(0), &[behind(0), with(down())]);
    // One change a second: first b comes, then a leaves.
    let swapped = [behind(100), behind(0)];
    assert_eq!(wants(&mut weights, seconds(10), &swapped), [FULL, FULL]);
    assert_eq!(wants(&mut weights, seconds(11), &swapped), [NOTHING, FULL]);
}

#[test]
fn who_is_needed_comes_without_waiting() {
    let mut weights = serving(1, 2);
    let inputs = [with(down()), with(down()), behind(100), primary()];
    assert_eq!(
        wants(&mut weights, seconds(10), &inputs),
        [Want::Absent, Want::Absent, FULL, FULL],
        "the third leaves its full weight later"
    );
}
