//! Some thousands of LANs, and broken routers that must not pass for good ones.
#![allow(clippy::panic, clippy::unwrap_used)]

use core::ops::Range;
use std::collections::BTreeSet;

use vrrp_sim::{Defect, Failure, Kind, Options, Summary, Violation, replay, run};

/// Panics with the seed and the history of the first LAN that breaks a rule.
fn all_hold(seeds: Range<u64>) -> Vec<Summary> {
    let one = |seed| run(seed, Options::default()).unwrap_or_else(|failure| panic!("{failure}"));
    seeds.map(one).collect()
}

/// The first LAN in which routers with this defect are caught.
fn caught(defect: Defect, steps: bool) -> Failure {
    let options = Options { defect, steps };
    (0..2000)
        .find_map(|seed| run(seed, options).err())
        .unwrap_or_else(|| panic!("{defect:?} is not caught"))
}

/// Judged only by how the LAN settles.
fn caught_in_the_end(defect: Defect) -> Failure {
    caught(defect, false)
}

// Two tests, as they run side by side.

#[test]
fn two_thousand_lans_break_no_rule() {
    all_hold(0..2000);
}

#[test]
fn two_thousand_more_lans_break_no_rule() {
    all_hold(1_000_000..1_002_000);
}

#[test]
fn a_few_hundred_lans_meet_every_kind_of_trouble_and_of_takeover() {
    let runs = all_hold(2_000_000..2_000_500);
    let kinds: BTreeSet<_> = runs.iter().map(|run| run.kind).collect();
    assert!(kinds.into_iter().eq(Kind::ALL));
    let sum = |count: fn(&Summary) -> usize| runs.iter().map(count).sum::<usize>();
    assert!(sum(|run| run.takeovers.timed) > 500);
    assert!(sum(|run| run.takeovers.yielded) > 100);
    assert!(sum(|run| run.takeovers.owner) > 10);
    assert!(sum(|run| run.takeovers.told) > 10);
}

#[test]
fn the_bound_is_no_looser_than_it_has_to_be() {
    let runs = all_hold(3_000_000..3_000_500);
    let nearly = |run: &Summary| run.settled * 100 > run.bound * 97;
    assert!(runs.iter().any(nearly), "no LAN took 97 % of its bound");
}

#[test]
fn a_seed_always_has_the_same_history() {
    for seed in 0..50 {
        let (_, first) = replay(seed, Options::default());
        let (_, second) = replay(seed, Options::default());
        assert_eq!(first, second);
    }
}

#[test]
fn a_failure_names_its_seed_and_replays() {
    let failure = caught(Defect::HardOfHearing, true);
    let text = failure.to_string();
    assert!(text.contains(&format!("--seed {}", failure.seed)), "{text}");
    assert!(text.contains("Tick -> [SendAdvert"), "{text}");
    let options = Options {
        defect: Defect::HardOfHearing,
        steps: true,
    };
    let (again, history) = replay(failure.seed, options);
    assert_eq!(again.unwrap_err(), failure.violation);
    assert_eq!(history, failure.history);
}

#[test]
fn two_masters_of_one_priority_are_caught() {
    let step = caught(Defect::IgnoresTies, true);
    assert!(
        matches!(step.violation, Violation::DidNotYield { .. }),
        "{step}"
    );
    let end = caught_in_the_end(Defect::IgnoresTies);
    assert!(
        matches!(end.violation, Violation::Masters { ref masters, wanted: 1 } if masters.len() > 1),
        "{end}"
    );
}

#[test]
fn a_takeover_while_adverts_arrive_is_caught() {
    let step = caught(Defect::HardOfHearing, true);
    assert!(
        matches!(
            step.violation,
            Violation::TimerTooLate { .. } | Violation::FalseTakeover { .. }
        ),
        "{step}"
    );
    let end = caught_in_the_end(Defect::HardOfHearing);
    assert!(
        matches!(
            end.violation,
            Violation::Flaps { .. } | Violation::NotSettled { .. }
        ),
        "{end}"
    );
}

#[test]
fn a_healed_split_that_nobody_announces_is_caught() {
    for defect in [Defect::NeverMends, Defect::PartsSilently] {
        let end = caught_in_the_end(defect);
        assert!(
            matches!(end.violation, Violation::NotMended { .. }),
            "{defect:?}: {end}"
        );
    }
}

#[test]
fn a_backup_that_waits_too_long_after_a_resignation_is_caught() {
    let step = caught(Defect::DeafToResignation, true);
    assert!(
        matches!(step.violation, Violation::TimerTooLate { .. }),
        "{step}"
    );
}
