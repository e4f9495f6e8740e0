//! The daemon's own delays.

use super::*;

/// db1 of the cluster with the MySQL check, one failure of which is enough, and what was asked when a probe of each server
/// is under way.
fn impatient() -> (Engine, Duration, Vec<Effect>) {
    let text = MYSQL.replace("retries: 1", "retries: 0");
    let (mut engine, effects) = started(&text, "10.243.95.3");
    answer(&mut engine, at(2), &effects, |_| measured(0, Role::Replica));
    let mut asked = Vec::new();
    let mut now = at(2);
    while probes(&asked).len() < 3 {
        now = engine.deadline().unwrap();
        asked.extend(engine.handle(now, Event::Tick));
    }
    (engine, now, asked)
}

#[test]
fn the_daemons_own_delay_is_no_servers_failure() {
    let (mut engine, now, asked) = impatient();
    // For a minute nothing runs here. The answers are there; they only come after the timer.
    let later = now + at(60_000);
    assert_eq!(failures(&engine.handle(later, Event::Tick)), []);
    let effects = answer(&mut engine, later + at(1), &asked, |node| match node {
        "db2" => measured(61, Role::Replica),
        _ => measured(0, Role::Replica),
    });
    assert_eq!(failures(&effects), []);
    assert_eq!(weights(&effects).unwrap()[&4], Some(0), "they are taken");
}

#[test]
fn what_stays_away_after_a_delay_of_the_daemons_own_is_given_up_in_the_end() {
    let (mut engine, now, _) = impatient();
    let later = now + at(60_000);
    assert_eq!(failures(&engine.handle(later, Event::Tick)), []);
    let mut lost = Vec::new();
    while lost.is_empty() {
        let now = engine.deadline().unwrap();
        assert!(
            now <= later + at(70_000),
            "for as long again, and no longer"
        );
        lost = failures(&engine.handle(now, Event::Tick));
    }
    assert_eq!(lost[0].1, Failure::Lost);
}

#[test]
fn a_delay_of_what_carries_probes_out_is_no_servers_failure() {
    let (mut engine, _, _) = impatient();
    let end = loop {
        let now = engine.deadline().unwrap();
        engine.handle(now, Event::ProbesHeldUp);
        let effects = engine.handle(now, Event::Tick);
        assert_eq!(failures(&effects), []);
        if now > at(30_000) {
            break now;
        }
    };
    let mut lost = Vec::new();
    while lost.is_empty() {
        let now = engine.deadline().unwrap();
        assert!(now < end + at(10_000));
        lost = failures(&engine.handle(now, Event::Tick));
    }
}

#[test]
fn results_that_say_nothing_are_asked_for_again_and_at_last_count() {
    let (mut engine, now, mut asked) = impatient();
    for _ in 0..3 {
        let id = probes(&asked)["db2"];
        let said = engine.handle(now, Event::Probed(vec![Probed { id, outcome: None }]));
        assert_eq!(failures(&said), []);
        asked = engine.handle(now, Event::Tick);
        assert!(
            probes(&asked).contains_key("db2"),
            "it is asked again at once"
        );
    }
    let id = probes(&asked)["db2"];
    let said = engine.handle(now, Event::Probed(vec![Probed { id, outcome: None }]));
    assert_eq!(failures(&said), [("db2".to_owned(), Failure::Lost)]);
}

#[test]
fn a_probe_that_never_reports_counts_as_failed() {
    let (mut engine, effects) = started(REFERENCE, "10.243.95.4");
    answer(&mut engine, at(2), &effects, well);
    let mut lost = Vec::new();
    while let Some(now) = engine.deadline().filter(|now| *now < at(120_000)) {
        lost.extend(failures(&engine.handle(now, Event::Tick)));
    }
    lost.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = ["db1", "db2", "db3"].map(|node| (node.to_owned(), Failure::Lost));
    assert_eq!(lost, expected);
}
