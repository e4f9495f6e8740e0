//! Weights that follow what is known.

use super::*;

#[test]
fn an_alarm_does_not_make_the_primary_forgotten() {
    let text = MYSQL.replace("    lag:", "    primary: last-resort\n    lag:");
    let (mut engine, effects) = started(&text, "10.243.95.3");
    let first = |node: &str| match node {
        "db1" => measured(0, Role::Primary),
        _ => measured(0, Role::Replica),
    };
    let effects = answer(&mut engine, at(2), &effects, first);
    assert_eq!(weights(&effects).unwrap()[&3], Some(0));
    let mut rounds = 0;
    while rounds < 9 {
        let now = engine.deadline().unwrap();
        let effects = engine.handle(now, Event::Tick);
        rounds += probes(&effects).len();
        let effects = answer(&mut engine, now, &effects, |node| match node {
            "db1" => Outcome::Alarm(Alarm::AccessDenied),
            _ => measured(0, Role::Replica),
        });
        assert_eq!(weights(&effects), None, "nothing changes");
    }
}

#[test]
fn who_should_not_serve_does_not_while_others_are_about_to_be_judged() {
    let text = MYSQL.replace("    lag:", "    primary: last-resort\n    lag:");
    let (mut engine, effects) = started(&text, "10.243.95.3");
    let asked = probes(&effects);
    let mut tell = |node: &str, role| {
        let outcome = Some(measured(0, role));
        let id = asked[node];
        engine.handle(at(2), Event::Probed(vec![Probed { id, outcome }]))
    };
    let effects = tell("db1", Role::Primary);
    assert_eq!(weights(&effects).unwrap()[&3], Some(0));
    let effects = tell("db2", Role::Replica);
    assert_eq!(weights(&effects).unwrap()[&3], Some(0));
}

#[test]
fn a_server_that_comes_up_and_gets_nothing_is_told_of() {
    let (mut engine, effects) = started(MYSQL, "10.243.95.3");
    let effects = answer(&mut engine, at(2), &effects, |node| match node {
        "db2" => measured(99, Role::Replica),
        _ => measured(0, Role::Replica),
    });
    let told = |effect: &Effect| match effect {
        Effect::Report(Report::Weight { node, why, .. }) => Some((node.clone(), why.clone())),
        _ => None,
    };
    let told: Vec<_> = effects.iter().filter_map(told).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].0 == "db2" && told[0].1.contains("99") | told[0].1.contains("1m 39s"));
}

#[test]
fn many_results_at_once_make_one_change_of_the_table() {
    let (mut engine, effects) = started(MYSQL, "10.243.95.3");
    let effects = answer(&mut engine, at(2), &effects, |_| measured(0, Role::Replica));
    let changes = effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Converge(_)));
    assert_eq!(changes.count(), 1);
    assert_eq!(
        weights(&effects),
        Some([(3, Some(100)), (4, Some(100)), (5, Some(100))].into())
    );
}

#[test]
fn weights_follow_the_lag_and_the_status_says_why() {
    let (mut engine, effects) = started(MYSQL, "10.243.95.3");
    let effects = answer(&mut engine, at(2), &effects, |node| match node {
        "db1" => measured(0, Role::Primary),
        "db2" => measured(12, Role::Replica),
        _ => measured(61, Role::Replica),
    });
    assert_eq!(
        weights(&effects),
        Some([(3, Some(100)), (4, Some(50)), (5, Some(0))].into())
    );
    let status = engine.status(at(1002));
    let servers = &status.services[0].servers;
    let why: Vec<&str> = servers.iter().map(|server| server.why.as_str()).collect();
    assert_eq!(
        why,
        [
            "up: full weight 100",
            "up, 12s behind until it is 5s or less: weight 50 of 100",
            "up, 1m 1s behind until it is 30s or less: no new connections"
        ]
    );
    assert_eq!(servers[1].lag_seconds, Some(12.0));
    assert_eq!(servers[1].since_seconds, Some(1.0));
    assert_eq!(
        (servers[2].table, servers[2].weight),
        (Table::Present, Some(0))
    );
    assert_eq!(servers[0].role.as_deref(), Some("primary"));
}

#[test]
fn a_second_primary_gets_no_connections_until_the_first_is_gone() {
    let (mut engine, effects) = started(MYSQL, "10.243.95.3");
    let asked = probes(&effects);
    let tell = |engine: &mut Engine, now, id, role| {
        let outcome = Some(measured(0, role));
        engine.handle(now, Event::Probed(vec![Probed { id, outcome }]))
    };
    tell(&mut engine, at(2), asked["db1"], Role::Primary);
    tell(&mut engine, at(3), asked["db3"], Role::Replica);
    let effects = tell(&mut engine, at(4), asked["db2"], Role::Primary);
    assert_eq!(
        weights(&effects),
        Some([(3, Some(100)), (4, Some(0)), (5, Some(100))].into())
    );
    let why = &engine.status(at(5)).services[0].servers[1].why;
    assert!(why.starts_with("a primary beside db1"), "{why}");
    // The first becomes a replica of the second, as after a planned change.
    let mut effects = Vec::new();
    let mut now = at(5);
    while !probes(&effects).contains_key("db1") {
        now = engine.deadline().unwrap();
        effects = engine.handle(now, Event::Tick);
    }
    let effects = tell(&mut engine, now, probes(&effects)["db1"], Role::Replica);
    assert_eq!(weights(&effects).unwrap()[&4], Some(100));
}

#[test]
fn an_alarm_is_told_once_and_again_when_it_is_over() {
    let (mut engine, effects) = started(MYSQL, "10.243.95.3");
    let told = |effects: &[Effect]| {
        let alarm = |effect: &Effect| match effect {
            Effect::Report(Report::Alarm { node, alarm, .. }) => {
                Some((node.clone(), alarm.clone()))
            }
            _ => None,
        };
        effects.iter().filter_map(alarm).collect::<Vec<_>>()
    };
    let denied = |node: &str| match node {
        "db2" => Outcome::Alarm(Alarm::AccessDenied),
        _ => measured(0, Role::Replica),
    };
    let effects = answer(&mut engine, at(2), &effects, denied);
    assert_eq!(
        told(&effects),
        [("db2".to_owned(), Some(Alarm::AccessDenied))]
    );
    // Not judged: it does not enter.
    assert_eq!(weights(&effects).unwrap()[&4], None);
    let mut rounds = 0;
    while rounds < 20 {
        let now = engine.deadline().unwrap();
        let effects = engine.handle(now, Event::Tick);
        let over = rounds >= 10;
        let effects = answer(&mut engine, now, &effects, |node| match over {
            true => well(node),
            false => denied(node),
        });
        match told(&effects).as_slice() {
            [] => {}
            [(node, None)] if over => {
                assert_eq!(node, "db2");
                return;
            }
            other => panic!("told {other:?}"),
        }
        rounds += 1;
    }
    panic!("its end was not told");
}

fn cut_off() -> Outcome {
    Outcome::Success {
        took: at(1),
        measured: Measured {
            role: Role::Replica,
            cut_off: true,
            ..Measured::default()
        },
    }
}

/// Answers every probe in this way for so many seconds, and gives the last weights that changed.
fn go_on(
    engine: &mut Engine,
    seconds: u64,
    outcome: impl Fn(&str) -> Outcome,
) -> Option<BTreeMap<u8, Option<u32>>> {
    let mut last = None;
    let end = engine.deadline().unwrap() + Duration::from_secs(seconds);
    while let Some(now) = engine.deadline().filter(|now| *now < end) {
        let mut effects = engine.handle(now, Event::Tick);
        let asked = effects.clone();
        effects.extend(answer(engine, now + at(1), &asked, &outcome));
        last = weights(&effects).or(last);
    }
    last
}

#[test]
fn replicas_go_on_serving_while_their_primary_is_gone() {
    let text = MYSQL.replace("    lag: { soft: 10s, hard: 60s }\n", "");
    let (mut engine, effects) = started(&text, "10.243.95.3");
    let well = |node: &str| match node {
        "db1" => measured(0, Role::Primary),
        _ => measured(0, Role::Replica),
    };
    answer(&mut engine, at(2), &effects, well);
    let dead = |node: &str| match node {
        "db1" => Outcome::Failure(Failure::Refused),
        _ => cut_off(),
    };
    let all_but_one = [(3, None), (4, Some(100)), (5, Some(100))];
    assert_eq!(go_on(&mut engine, 300, dead), Some(all_but_one.into()));
    let why = &engine.status(at(0)).services[0].servers[1].why;
    assert_eq!(why, "up, its source does not answer it: full weight 100");
}

#[test]
fn a_replica_that_alone_does_not_reach_its_primary_gets_nothing_after_a_minute() {
    let text = MYSQL.replace("    lag: { soft: 10s, hard: 60s }\n", "");
    let (mut engine, effects) = started(&text, "10.243.95.3");
    let one = |node: &str| match node {
        "db1" => measured(0, Role::Primary),
        "db2" => cut_off(),
        _ => measured(0, Role::Replica),
    };
    let well = |node: &str| match node {
        "db1" => measured(0, Role::Primary),
        _ => measured(0, Role::Replica),
    };
    answer(&mut engine, at(2), &effects, well);
    assert_eq!(go_on(&mut engine, 55, one), None);
    let without = [(3, Some(100)), (4, Some(0)), (5, Some(100))];
    assert_eq!(go_on(&mut engine, 10, one), Some(without.into()));
    assert_eq!(go_on(&mut engine, 10, well).unwrap()[&4], Some(100));
}
