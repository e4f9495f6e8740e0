//! What verdicts do to roles: faults, takeovers, owners, reloads.

use lbd_core::config::Config;
use lbd_core::engine::{Engine, Event};
use vrrp_proto::State;

use super::*;
use crate::support::{deliver, promoted, roles};

#[test]
fn a_weight_of_0_makes_a_failure_a_fault_and_its_end_ends_it() {
    let (mut engine, effects) = started(&script(""), DB1, &failed());
    assert_eq!(roles(&effects), [State::Fault]);
    let (_, effects) = next(&mut engine, &Ok(0));
    assert_eq!(roles(&effects), [State::Backup]);
    promoted(&mut engine);
    let (_, effects) = next(&mut engine, &failed());
    assert_eq!(roles(&effects), [State::Fault]);
    assert_eq!(adverts(&effects), [0], "a master in fault resigns");
}

#[test]
fn a_link_that_comes_back_does_not_end_the_fault_of_a_script() {
    let (mut engine, _) = started(&script(""), DB1, &failed());
    for usable in [false, true] {
        let effects = engine.handle(
            at(10),
            Event::Network {
                interfaces: &[interface("eth0", DB1, usable)],
                neighbours: &[],
            },
        );
        assert_eq!(roles(&effects), []);
    }
}

#[test]
fn a_router_waits_for_the_first_look_before_it_takes_part() {
    for weight in ["", ", weight: -40"] {
        let (mut engine, effects) = begun(&script(weight), DB1);
        assert_eq!(roles(&effects), []);
        let id = look(&effects).unwrap();
        let effects = engine.handle(at(700), Event::Looked { id, found: Ok(0) });
        assert_eq!(roles(&effects), [State::Backup]);
    }
}

#[test]
fn an_adopted_master_waits_for_nothing_and_counts_the_unknown_as_well() {
    let mut engine = Engine::new(host(&script(", weight: 30"), DB1), at(0));
    let adopted = ["V".to_owned()];
    let effects = engine.handle(at(0), Event::Start { adopted: &adopted });
    assert_eq!(roles(&effects), [State::Backup, State::Master]);
    assert_eq!(adverts(&effects), [130]);
}

#[test]
fn the_owner_stays_at_255_but_a_fault_is_a_fault() {
    let owner = "{ db1: 255, db2: 90 }";
    let text = file(
        owner,
        "track_scripts: [{ name: s, command: [/bin/true], weight: -40 }]",
    );
    let (_, effects) = started(&text, DB1, &failed());
    assert_eq!(adverts(&effects), [255]);
    let advice = Config::parse(&text).unwrap().advice();
    assert!(
        advice.iter().any(|line| line.contains("stays 255")),
        "{advice:?}"
    );

    let text = file(owner, "track_scripts: [{ name: s, command: [/bin/true] }]");
    let (_, effects) = started(&text, DB1, &failed());
    assert_eq!(roles(&effects), [State::Fault]);
}

#[test]
fn a_lowered_master_is_replaced_and_takes_the_role_back_when_it_is_well() {
    let text = script(", weight: -40, fall: 1");
    let (mut db1, _) = started(&text, DB1, &Ok(0));
    let (mut db2, _) = started(&text, DB2, &Ok(0));
    let (mut now, effects) = promoted(&mut db1);
    deliver(DB1, &effects, &mut db2, now);
    let mut holder = Vec::new();
    // db1's script fails from the second look to the seventh.
    for step in 0..90 {
        now += at(500);
        let sick = (10..60).contains(&step);
        let mut from_db1 = db1.handle(now, Event::Tick);
        found(
            &mut db1,
            now,
            &mut from_db1,
            &if sick { failed() } else { Ok(0) },
        );
        let mut from_db2 = deliver(DB1, &from_db1, &mut db2, now);
        from_db2.extend(db2.handle(now, Event::Tick));
        found(&mut db2, now, &mut from_db2, &Ok(0));
        let answers = deliver(DB2, &from_db2, &mut db1, now);
        deliver(DB1, &answers, &mut db2, now);
        let masters = (db1.masterships().len(), db2.masterships().len());
        if holder.last() != Some(&masters) {
            holder.push(masters);
        }
    }
    assert_eq!(holder.first(), Some(&(1, 0)));
    assert_eq!(holder.last(), Some(&(1, 0)));
    assert!(holder.contains(&(0, 1)), "{holder:?}");
    assert!(
        !holder.contains(&(0, 0)),
        "somebody is always there: {holder:?}"
    );
}

#[test]
fn a_reload_keeps_the_verdict_of_what_is_tracked_as_before() {
    let text = script(", weight: -40");
    let (mut engine, _) = started(&text, DB1, &Ok(0));
    promoted(&mut engine);
    let (now, effects) = next(&mut engine, &failed());
    assert_eq!(priorities(&effects), [(100, 60)]);
    // The router is another one by its hook, the script is not.
    let other = text + "    notify: { master: [/bin/true] }\n";
    let succession = engine.succession(host(&other, DB1));
    let effects = engine.reload(now, succession, &[interface("eth0", DB1, true)]);
    assert!(verdicts(&effects).is_empty());
    assert_eq!(look(&effects), None, "and it is not run out of turn");
    assert!(adverts(&effects).is_empty(), "nothing is new to the others");
    assert_eq!(engine.masterships(), ["V"]);
    assert_eq!(advertised(&mut engine), 60);
}

#[test]
fn a_fault_lives_through_a_reload_that_counts_otherwise_until_the_next_look() {
    let (mut engine, effects) = started(&script(""), DB1, &failed());
    assert_eq!(roles(&effects), [State::Fault]);
    let succession = engine.succession(host(&script(", rise: 1, timeout: 4s"), DB1));
    let mut effects = engine.reload(at(10), succession, &[interface("eth0", DB1, true)]);
    assert_eq!(roles(&effects), []);
    effects.extend(engine.handle(at(10), Event::Tick));
    let id = look(&effects).expect("it is looked at soon");
    let effects = engine.handle(at(20), Event::Looked { id, found: Ok(0) });
    assert_eq!(roles(&effects), [State::Backup]);
}

#[test]
fn nobody_takes_over_at_once_where_tracked_things_raise_priorities() {
    let heirs = |weight: &str| {
        let (mut db1, _) = started(&script(weight), DB1, &Ok(0));
        let (mut db2, _) = started(&script(weight), DB2, &failed());
        let (now, effects) = promoted(&mut db1);
        deliver(DB1, &effects, &mut db2, now);
        let resigned = db1.handle(now, Event::Stop);
        roles(&deliver(DB1, &resigned, &mut db2, now))
    };
    assert_eq!(heirs(", weight: 20"), []);
    // Below its own rank it waits, too.
    assert_eq!(heirs(", weight: -20"), []);
}

#[test]
fn a_reload_without_what_was_tracked_gives_the_priority_back() {
    let (mut engine, effects) = started(&script(", weight: -40"), DB1, &failed());
    let number = look(&effects).unwrap().track;
    assert!(engine.tracks(number));
    let plain = file("{ db1: 100, db2: 90 }", "");
    let succession = engine.succession(host(&plain, DB1));
    engine.reload(at(10), succession, &[interface("eth0", DB1, true)]);
    assert!(!engine.tracks(number));
    promoted(&mut engine);
    assert_eq!(advertised(&mut engine), 100);
}

#[test]
fn a_file_without_preemption_is_told_what_its_weights_are_worth() {
    let warned = |weight: i32, preempt: bool| {
        let tracked = format!(
            "track_scripts: [{{ name: s, command: [/bin/true], weight: {weight} }}]\n    preempt: {preempt}"
        );
        let config = Config::parse(&file("{ db1: 100, db2: 90 }", &tracked)).unwrap();
        config
            .advice()
            .iter()
            .any(|line| line.contains("does not preempt"))
    };
    assert!(warned(-40, false));
    assert!(!warned(0, false) && !warned(-40, true));
}
