//! What a director knows of hosts that fell silent.

use super::*;

#[test]
fn the_server_on_a_silent_masters_host_is_suspected_and_asked_with_the_takeover() {
    let (_, mut db2, _) = backup();
    let (now, effects) = promoted(&mut db2);
    assert_eq!(
        weights(&effects),
        Some([(3, Some(0)), (4, Some(3)), (5, Some(3))].into())
    );
    let asked = probes(&effects);
    assert_eq!(asked.keys().collect::<Vec<_>>(), ["db1"]);
    // It is dead: the first failure is enough.
    let effects = answer(&mut db2, now + at(1000), &effects, |_| {
        Outcome::Failure(Failure::Unreachable)
    });
    assert_eq!(
        failures(&effects),
        [("db1".to_owned(), Failure::Unreachable)]
    );
    assert_eq!(weights(&effects).unwrap()[&3], None);
}

#[test]
fn a_silent_master_whose_server_answers_gets_its_connections_back_at_once() {
    let (_, mut db2, _) = backup();
    let (now, effects) = promoted(&mut db2);
    let effects = answer(&mut db2, now + at(2), &effects, well);
    assert_eq!(weights(&effects).unwrap()[&3], Some(3));
}

#[test]
fn a_master_that_resigns_is_not_suspected() {
    let (mut db1, mut db2, now) = backup();
    let resigned = db1.handle(now + at(500), Event::Stop);
    let effects = deliver("10.243.95.3", &resigned, &mut db2, now + at(500));
    assert_eq!(roles(&effects), [State::Master]);
    assert_eq!(weights(&effects).unwrap()[&3], Some(3));
    assert!(probes(&effects).is_empty());
}

#[test]
fn a_live_master_of_lower_priority_is_not_suspected_when_it_is_replaced() {
    let (mut db1, effects) = started(REFERENCE, "10.243.95.3");
    answer(&mut db1, at(2), &effects, well);
    let (mut db2, _) = started(REFERENCE, "10.243.95.4");
    let (mut now, mut adverts) = promoted(&mut db2);
    for _ in 0..8 {
        deliver("10.243.95.4", &adverts, &mut db1, now);
        now += at(1000);
        let mut effects = db1.handle(now, Event::Tick);
        support::well(&mut db1, now, &mut effects);
        if roles(&effects).contains(&State::Master) {
            assert_eq!(weights(&effects).unwrap()[&4], Some(3));
            return;
        }
        adverts = db2.handle(now, Event::Tick);
    }
    panic!("never took over");
}

#[test]
fn a_neighbour_that_is_found_no_more_is_suspected() {
    let (mut db2, effects) = started(REFERENCE, "10.243.95.4");
    answer(&mut db2, at(2), &effects, well);
    let (now, _) = promoted(&mut db2);
    let lost = |resolution| Neighbour {
        resolution,
        ..known("10.243.95.5")
    };
    let mut look = |millis, resolution| {
        db2.handle(
            now + at(millis),
            Event::Network {
                interfaces: &interfaces("10.243.95.4"),
                neighbours: &[lost(resolution)],
            },
        )
    };
    assert_eq!(weights(&look(1, Resolution::Pending)), None);
    let effects = look(2, Resolution::Failed);
    assert_eq!(weights(&effects).unwrap()[&5], Some(0));
    assert_eq!(probes(&effects).keys().collect::<Vec<_>>(), ["db3"]);
    assert!(probes(&look(3, Resolution::Failed)).is_empty());
}

#[test]
fn a_master_that_this_host_replaced_long_ago_is_not_suspected_when_it_takes_the_role_back() {
    let (mut db1, mut db2, now) = backup();
    let resigned = db1.handle(now + at(500), Event::Stop);
    deliver("10.243.95.3", &resigned, &mut db2, now + at(500));
    assert_eq!(db2.masterships(), ["VI_1"]);
    // Nobody takes over: it becomes master again by its timer.
    db2.handle(now + at(20_000), Event::HandOver);
    let (_, effects) = promoted(&mut db2);
    assert!(probes(&effects).is_empty());
    let silent = |effect: &Effect| matches!(effect, Effect::Report(Report::MasterSilent { .. }));
    assert!(!effects.iter().any(silent));
}
