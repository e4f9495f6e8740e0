//! When to look, and what results in a row make of a verdict.

use lbd_core::engine::Event;
use vrrp_proto::State;

use super::*;
use crate::support::{promoted, roles};

#[test]
fn the_first_result_decides_at_once_though_fall_asks_for_more() {
    let text = script(", weight: -40, fall: 3");
    let (mut engine, effects) = started(&text, DB1, &failed());
    assert_eq!(verdicts(&effects), [false]);
    promoted_without_answers(&mut engine);
    assert_eq!(advertised(&mut engine), 60);
}

/// As [`promoted`], with every look unanswered: none is due yet.
fn promoted_without_answers(engine: &mut Engine) {
    for _ in 0..10 {
        let now = engine.deadline().unwrap();
        if roles(&engine.handle(now, Event::Tick)).contains(&State::Master) {
            return;
        }
    }
    panic!("never became master");
}

#[test]
fn after_the_first_result_it_takes_fall_failures_and_rise_successes_in_a_row() {
    let text = script(", weight: -40, fall: 3, rise: 2");
    let (mut engine, _) = started(&text, DB1, &Ok(0));
    let bad = failed();
    let mut seen = Vec::new();
    for finding in [
        &bad,
        &bad,
        &Ok(0),
        &bad,
        &bad,
        &bad,
        &Ok(0),
        &bad,
        &Ok(0),
        &Ok(0),
    ] {
        seen.push(priorities(&next(&mut engine, finding).1));
    }
    let mut expected = vec![Vec::new(); 10];
    expected[5] = vec![(100, 60)];
    expected[9] = vec![(60, 100)];
    assert_eq!(seen, expected);
}

#[test]
fn a_positive_weight_is_added_while_it_succeeds() {
    let (mut engine, _) = started(&script(", weight: 30"), DB1, &Ok(0));
    promoted(&mut engine);
    assert_eq!(advertised(&mut engine), 130);
    let (_, effects) = next(&mut engine, &failed());
    assert_eq!(priorities(&effects), [(130, 100)]);
}

#[test]
fn a_look_that_is_never_answered_has_failed_and_is_followed_by_another() {
    let (mut engine, effects) = begun(&script(", weight: -40, timeout: 2s"), DB1);
    let lost = look(&effects).unwrap();
    let now = engine.deadline().unwrap();
    assert!(now >= at(2000) && now <= at(6000), "{now:?}");
    let effects = engine.handle(now, Event::Tick);
    assert_eq!(verdicts(&effects), [false]);
    let (_, effects) = next(&mut engine, &failed());
    assert_ne!(look(&effects), Some(lost));
    let late = engine.handle(
        at(7000),
        Event::Looked {
            id: lost,
            found: Ok(0),
        },
    );
    assert_eq!(late, [], "nobody waits for the lost one any more");
}

#[test]
fn no_look_begins_before_the_one_before_has_ended() {
    let (mut engine, effects) = begun(&script(", timeout: 60s"), DB1);
    let id = look(&effects).unwrap();
    for second in 1..60 {
        let effects = engine.handle(at(second * 1000), Event::Tick);
        assert_eq!(look(&effects), None, "after {second} s");
    }
    engine.handle(at(60_000), Event::Looked { id, found: Ok(0) });
    let effects = engine.handle(at(60_000), Event::Tick);
    assert!(look(&effects).is_some(), "it was long due");
}

#[test]
fn looks_begin_an_interval_apart_however_long_they_take() {
    let (mut engine, effects) = begun(&script(""), DB1);
    let id = look(&effects).unwrap();
    engine.handle(at(3000), Event::Looked { id, found: Ok(0) });
    assert_eq!(next(&mut engine, &Ok(0)).0, at(5000));
    assert_eq!(next(&mut engine, &Ok(0)).0, at(10_000));
}
