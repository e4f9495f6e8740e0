//! What the engine does with what is known of the servers' health.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

mod support;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use healthcheck::{Alarm, Failure, Measured, Outcome, Role};
use lbd_core::config::Config;
use lbd_core::desired::Want;
use lbd_core::engine::{
    Drain, Effect, Engine, Event, Neighbour, ProbeId, Probed, Report, Resolution, Table,
};
use lbd_core::host::{Host, Interface};
use netfilter_mark::Mac;
use support::{at, deliver, promoted, roles};
use vrrp_proto::State;

const REFERENCE: &str = include_str!("../../../testdata/lbd.yaml");
const MYSQL: &str = "
cluster: orders
nodes:
  db1: { address: 10.243.95.3 }
  db2: { address: 10.243.95.4 }
  db3: { address: 10.243.95.5 }
virtual_services:
  - name: reads
    address: 10.243.95.101
    port: 3306
    fwmark: 2
    mark: external
    scheduler: wrr
    weight: 100
    directors: [db1]
    health_check:
      mysql: { user: lbd, interval: 2s, retries: 1 }
    lag: { soft: 10s, hard: 60s }
";

fn interfaces(address: &str) -> Vec<Interface> {
    vec![Interface {
        index: 2,
        name: "eth0".to_owned(),
        mac: None,
        usable: true,
        addresses: vec![address.parse().unwrap()],
    }]
}

/// A running engine that has heard of its network.
fn started(text: &str, address: &str) -> (Engine, Vec<Effect>) {
    let interfaces = interfaces(address);
    let host = Host::new(Config::parse(text).unwrap(), &interfaces, None).unwrap();
    let mut engine = Engine::new(host, at(0));
    let mut effects = engine.handle(at(0), Event::Start { adopted: &[] });
    let neighbours = ["10.243.95.3", "10.243.95.4", "10.243.95.5"].map(known);
    effects.extend(engine.handle(
        at(0),
        Event::Network {
            interfaces: &interfaces,
            neighbours: &neighbours,
        },
    ));
    support::well(&mut engine, at(0), &mut effects);
    (engine, effects)
}

fn known(address: &str) -> Neighbour {
    Neighbour {
        address: address.parse().unwrap(),
        resolution: Resolution::Known(Mac([2, 0, 0, 0, 0, 4])),
    }
}

/// The probes that were asked for, by node.
fn probes(effects: &[Effect]) -> BTreeMap<String, ProbeId> {
    let probe = |effect: &Effect| match effect {
        Effect::Probe { id, assignment, .. } => Some((assignment.node.clone(), *id)),
        _ => None,
    };
    effects.iter().filter_map(probe).collect()
}

fn answer(
    engine: &mut Engine,
    now: Duration,
    effects: &[Effect],
    outcome: impl Fn(&str) -> Outcome,
) -> Vec<Effect> {
    let results = probes(effects)
        .into_iter()
        .map(|(node, id)| Probed {
            id,
            outcome: Some(outcome(&node)),
        })
        .collect();
    engine.handle(now, Event::Probed(results))
}

fn well(_: &str) -> Outcome {
    Outcome::success(at(1))
}

fn measured(lag: u64, role: Role) -> Outcome {
    Outcome::Success {
        took: at(1),
        measured: Measured {
            lag: Some(Duration::from_secs(lag)),
            role,
            ..Measured::default()
        },
    }
}

/// What the service's servers get, by the last octet of their address; none: not in the table.
fn weights(effects: &[Effect]) -> Option<BTreeMap<u8, Option<u32>>> {
    let desired = effects.iter().rev().find_map(|effect| match effect {
        Effect::Converge(desired) => Some(desired),
        _ => None,
    })?;
    let service = desired.services.values().next()?;
    let weight = |want: &Want| match want {
        Want::Present(destination) => Some(destination.weight),
        Want::Absent | Want::AsIs => None,
    };
    let octet = |address: &IpAddr| match address {
        IpAddr::V4(v4) => v4.octets()[3],
        IpAddr::V6(_) => 0,
    };
    let servers = service.destinations.iter();
    Some(
        servers
            .map(|(key, want)| (octet(&key.address), weight(want)))
            .collect(),
    )
}

fn failures(effects: &[Effect]) -> Vec<(String, Failure)> {
    let failure = |effect: &Effect| match effect {
        Effect::Report(Report::Server {
            node,
            failure: Some(failure),
            ..
        }) => Some((node.clone(), failure.clone())),
        _ => None,
    };
    effects.iter().filter_map(failure).collect()
}

/// db2 as a backup that knows all servers to be well and db1 to be master, until shortly before db1 would
/// be missed.
fn backup() -> (Engine, Engine, Duration) {
    let (mut db1, _) = started(REFERENCE, "10.243.95.3");
    let (mut db2, effects) = started(REFERENCE, "10.243.95.4");
    answer(&mut db2, at(2), &effects, well);
    let (now, effects) = promoted(&mut db1);
    deliver("10.243.95.3", &effects, &mut db2, now);
    (db1, db2, now)
}

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

#[test]
fn a_service_without_a_check_can_be_drained_too() {
    let begin = MYSQL.find("    health_check:").unwrap();
    let (mut engine, effects) = started(&MYSQL[..begin], "10.243.95.3");
    let full = [(3, Some(100)), (4, Some(100)), (5, Some(100))];
    assert_eq!(weights(&effects), Some(full.into()));
    let mut drain = |how| engine.handle(at(3), Event::Drain { node: "db2", how });
    assert_eq!(
        weights(&drain(Some(Drain::Connections))).unwrap()[&4],
        Some(0)
    );
    assert_eq!(weights(&drain(Some(Drain::Maintenance))).unwrap()[&4], None);
    assert_eq!(weights(&drain(None)).unwrap()[&4], Some(100));
    let server = &engine.status(at(4)).services[0].servers[1];
    assert_eq!(
        (server.health.as_str(), server.why.as_str()),
        ("unchecked", "not checked: full weight")
    );
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

#[test]
fn a_drained_server_keeps_its_connections_and_health_does_not_bring_it_back() {
    let (mut engine, effects) = started(MYSQL, "10.243.95.3");
    answer(&mut engine, at(2), &effects, |_| measured(0, Role::Replica));
    let mut drain = |millis, how| engine.handle(at(millis), Event::Drain { node: "db2", how });
    let effects = drain(3, Some(Drain::Connections));
    assert_eq!(weights(&effects).unwrap()[&4], Some(0));
    let effects = drain(4, Some(Drain::Maintenance));
    assert_eq!(weights(&effects).unwrap()[&4], None);
    let effects = drain(5, None);
    assert_eq!(weights(&effects).unwrap()[&4], Some(100));
    assert!(drain(6, None).is_empty());
}

#[test]
fn a_server_stays_drained_over_a_restart_and_a_reload() {
    let interfaces = interfaces("10.243.95.3");
    let host = |text: &str| Host::new(Config::parse(text).unwrap(), &interfaces, None).unwrap();
    let mut engine = Engine::new(host(MYSQL), at(0));
    let how = Some(Drain::Connections);
    assert!(
        engine
            .handle(at(0), Event::Drain { node: "db2", how })
            .is_empty()
    );
    let effects = engine.handle(at(0), Event::Start { adopted: &[] });
    let effects = answer(&mut engine, at(2), &effects, |_| measured(0, Role::Replica));
    assert_eq!(weights(&effects).unwrap()[&4], Some(0));
    let other = engine.succession(host(&MYSQL.replace("weight: 100", "weight: 50")));
    let effects = engine.reload(at(3), other, &interfaces);
    let expected = [(3, Some(50)), (4, Some(0)), (5, Some(50))];
    assert_eq!(weights(&effects), Some(expected.into()));
    assert_eq!(engine.drained().len(), 1);
}
