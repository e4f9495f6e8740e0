//! What holds over every history.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use healthcheck::{Failure, Health, Measured, Role};
use lbd_core::weight::{Input, LagLimits, Policy, Primary, SlowStart, Want, Weights};
use proptest::prelude::*;

use super::{millis, named, seconds};

fn healths() -> impl Strategy<Value = Health> {
    let down = Health::Down {
        failure: Failure::TimedOut,
    };
    prop_oneof![
        6 => Just(Health::Up),
        1 => Just(Health::Unknown),
        1 => Just(Health::Suspected),
        1 => Just(Health::Busy),
        2 => Just(down),
    ]
}

prop_compose! {
    fn inputs()(
        base in 0_u32..200,
        health in healths(),
        lag in prop::option::weighted(0.9, 0_u64..120),
        role in prop_oneof![1 => Just(Role::Primary), 4 => Just(Role::Replica), 1 => Just(Role::Unknown)],
        recovered in prop::option::of(0_u64..40),
        drained in prop::bool::weighted(0.1),
        maintenance in prop::bool::weighted(0.05),
    ) -> Input {
        Input {
            measured: Measured { lag: lag.map(seconds), role, ..Measured::default() },
            recovered: recovered.map(seconds),
            drained,
            maintenance,
            ..Input::new(base, health)
        }
    }
}

prop_compose! {
    fn policies()(
        lag in prop::option::weighted(0.8, (0_u64..60, 0_u64..100, 0_u32..120, 0_u64..20)),
        slow_start in prop::option::of((0_u64..20_000, 0_u32..6)),
        min_serving in 0_usize..5,
        last in any::<bool>(),
        changes in prop::option::of(1_u32..4),
    ) -> Policy {
        Policy {
            lag: lag.map(|(soft, hard, percent, patience)| LagLimits {
                soft: seconds(soft), hard: seconds(hard), percent, patience: seconds(patience),
            }),
            slow_start: slow_start.map(|(duration, steps)| SlowStart { duration: millis(duration), steps }),
            min_serving,
            primary: if last { Primary::LastResort } else { Primary::Serves },
            changes_per_second: changes.and_then(NonZeroU32::new),
        }
    }
}

/// Time passed, and what is known then; the number of servers changes, too.
type Round = (u64, Vec<Input>);

fn histories() -> impl Strategy<Value = Vec<Round>> {
    let round = (0_u64..1_500, prop::collection::vec(inputs(), 1..6));
    prop::collection::vec(round, 1..40)
}

/// The weights after a history, and the time then.
fn after(policy: &Policy, history: &[Round]) -> (Weights, Duration) {
    let mut weights = Weights::new(policy.clone());
    let mut now = Duration::ZERO;
    for (passed, inputs) in history {
        now += millis(*passed);
        weights.decide(now, &named(inputs));
    }
    (weights, now)
}

/// It lives and may serve, were it not for lag, load or doubt.
fn could_serve(input: &Input) -> bool {
    let alive = matches!(input.health, Health::Up | Health::Busy | Health::Suspected);
    alive && input.base > 0 && !input.drained && !input.maintenance
}

/// Its first verdict is to come, and nobody has to act for it.
fn is_pending(input: &Input) -> bool {
    let undecided = input.health == Health::Unknown && input.alarm.is_none();
    undecided && !input.drained && !input.maintenance
}

/// Whether this change had to be made without waiting.
fn must_not_wait(input: &Input) -> bool {
    !could_serve(input) || !input.health.is_up()
}

proptest! {
    #[test]
    fn every_decision_keeps_the_rules(policy in policies(), history in histories()) {
        let mut weights = Weights::new(policy.clone());
        let mut now = Duration::ZERO;
        for (passed, inputs) in history {
            now += millis(passed);
            let inputs = named(&inputs);
            let decisions = weights.decide(now, &inputs);
            prop_assert!(decisions.keys().eq(inputs.keys()));
            let able = inputs.values().filter(|input| could_serve(input)).count();
            let serving = decisions.values().filter(|decision| decision.want.serves()).count();
            // While one is about to be judged, nobody serves instead.
            let pending = inputs.values().any(is_pending);
            prop_assert!(pending || serving >= policy.min_serving.min(able), "{serving} serve of {able}");
            for (name, input) in &inputs {
                let decision = &decisions[name];
                prop_assert!(!decision.why.is_empty());
                if !could_serve(input) {
                    prop_assert!(!decision.want.serves(), "{name} serves: {}", decision.why);
                }
                if input.health.is_down() || input.maintenance {
                    prop_assert_eq!(decision.want, Want::Absent);
                }
                if let Want::Present(weight) = decision.want {
                    prop_assert!(weight <= 200);
                }
            }
            if let Some(deadline) = weights.deadline() {
                prop_assert!(deadline > now, "a deadline that has passed would spin");
            }
        }
    }

    #[test]
    fn more_lag_never_gives_more_weight(
        policy in policies(), history in histories(), last in prop::collection::vec(inputs(), 1..6),
        more in 1_u64..120, passed in 0_u64..2_000,
    ) {
        let policy = Policy { changes_per_second: None, ..policy };
        let (mut less_behind, now) = after(&policy, &history);
        let mut more_behind = less_behind.clone();
        let now = now + millis(passed);
        let mut inputs = named(&last);
        let weight = |weights: &mut Weights, inputs: &BTreeMap<String, Input>| match weights.decide(now, inputs)["a"].want {
            Want::Present(weight) => weight,
            Want::Absent | Want::AsIs => 0,
        };
        let before = weight(&mut less_behind, &inputs);
        let first = inputs.get_mut("a").unwrap();
        first.measured.lag = first.measured.lag.map(|lag| lag + seconds(more));
        prop_assert!(weight(&mut more_behind, &inputs) <= before);
    }

    #[test]
    fn a_lag_between_half_of_a_limit_and_the_limit_changes_the_weight_once_at_most(
        lags in prop::collection::vec(31_u64..=60, 2..40), begins in 0_u64..200,
    ) {
        let limits = LagLimits { soft: seconds(60), hard: seconds(60), percent: 50, patience: seconds(1) };
        let policy = Policy { lag: Some(limits), min_serving: 0, ..Policy::default() };
        let mut weights = Weights::new(policy);
        let mut seen = Vec::new();
        for lag in std::iter::once(begins).chain(lags) {
            let want = weights.decide(seconds(0), &named(&[super::behind(lag)]))["a"].want;
            if seen.last() != Some(&want) {
                seen.push(want);
            }
        }
        prop_assert_eq!(seen.len(), 1, "{:?}", seen);
    }

    #[test]
    fn the_rate_limit_is_kept_by_all_that_may_wait(
        policy in policies(), changes in 1_u32..4,
        history in prop::collection::vec((0_u64..700, prop::collection::vec(inputs(), 4)), 1..60),
    ) {
        let policy = Policy { changes_per_second: NonZeroU32::new(changes), min_serving: 0, ..policy };
        let mut weights = Weights::new(policy);
        let mut now = Duration::ZERO;
        let mut given: BTreeMap<String, Want> = BTreeMap::new();
        let mut patient: Vec<Duration> = Vec::new();
        for (passed, inputs) in history {
            now += millis(passed);
            let inputs = named(&inputs);
            for (name, decision) in weights.decide(now, &inputs) {
                let before = given.insert(name.clone(), decision.want).unwrap_or(Want::AsIs);
                if before != decision.want && !must_not_wait(&inputs[&name]) {
                    patient.push(now);
                }
            }
            let recent = patient.iter().filter(|at| **at + seconds(1) > now).count();
            prop_assert!(recent <= usize::try_from(changes).unwrap(), "{recent} in a second");
        }
    }

    #[test]
    fn whatever_waits_comes_to_pass_when_nothing_else_happens(
        policy in policies(), history in histories(), last in prop::collection::vec(inputs(), 1..6),
    ) {
        let policy = Policy { changes_per_second: NonZeroU32::new(1), slow_start: None, ..policy };
        let (mut weights, mut now) = after(&policy, &history);
        let inputs = named(&last);
        weights.decide(now, &inputs);
        let mut rounds = 0;
        while let Some(deadline) = weights.deadline() {
            now = deadline;
            weights.decide(now, &inputs);
            rounds += 1;
            prop_assert!(rounds <= 20, "it never settles");
        }
        let settled = weights.decide(now + seconds(100), &inputs);
        prop_assert!(settled.values().all(|decision| !decision.why.contains("soon")));
    }
}
