//! Going over to another file while running: what is the same goes on, what differs follows; and which kernel state each
//! role asks for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

mod routers;
#[path = "../support/mod.rs"]
mod support;

use healthcheck::Outcome;
use ipvs_netlink::DaemonRole;
use lbd_core::config::Config;
use lbd_core::desired::{Desired, Want};
use lbd_core::engine::{Effect, Engine, Event, Neighbour, Probed, Resolution};
use lbd_core::host::{Host, Interface};
use netfilter_mark::Mac;
use support::{adverts, at, deliver, roles, well};

const REFERENCE: &str = include_str!("../../../../testdata/lbd.yaml");

fn interfaces(address: &str) -> [Interface; 1] {
    [Interface {
        index: 2,
        name: "eth0".to_owned(),
        mac: None,
        usable: true,
        addresses: vec![address.parse().unwrap()],
    }]
}

fn host(text: &str, address: &str) -> Host {
    let config = Config::parse(text).unwrap_or_else(|error| panic!("{error}"));
    Host::new(config, &interfaces(address), None).unwrap()
}

/// The master of a file, all of whose servers are up.
fn master(text: &str) -> (Engine, Vec<Effect>) {
    let mut engine = Engine::new(host(text, "10.243.95.3"), at(0));
    let adopted: Vec<String> = engine
        .host()
        .routers()
        .map(|(_, r)| r.name.clone())
        .collect();
    let mut effects = engine.handle(at(0), Event::Start { adopted: &adopted });
    effects.extend(meet(&mut engine));
    effects.extend(all_up(&mut engine, &effects.clone()));
    well(&mut engine, at(2), &mut effects);
    (engine, effects)
}

/// The first look at the network: the other director's MAC is known.
fn meet(engine: &mut Engine) -> Vec<Effect> {
    let neighbour = Neighbour {
        address: "10.243.95.4".parse().unwrap(),
        resolution: Resolution::Known(Mac([2, 0, 0, 0, 0, 4])),
    };
    engine.handle(
        at(0),
        Event::Network {
            interfaces: &interfaces("10.243.95.3"),
            neighbours: &[neighbour],
        },
    )
}

#[test]
fn a_master_waits_with_the_service_until_the_guard_can_be_made() {
    let mut engine = Engine::new(host(REFERENCE, "10.243.95.3"), at(0));
    let adopted = ["VI_1".to_owned()];
    let effects = engine.handle(at(0), Event::Start { adopted: &adopted });
    let asked = desired(&effects).unwrap();
    assert!(asked.services.is_empty() && asked.kept.len() == 1);
    let effects = meet(&mut engine);
    let asked = desired(&effects).unwrap();
    assert!(asked.services.len() == 1 && asked.kept.is_empty());
}

fn all_up(engine: &mut Engine, effects: &[Effect]) -> Vec<Effect> {
    let mut heard = Vec::new();
    for effect in effects {
        if let Effect::Probe { id, .. } = effect {
            let (id, outcome) = (*id, Some(Outcome::success(at(1))));
            heard.extend(engine.handle(at(2), Event::Probed(vec![Probed { id, outcome }])));
        }
    }
    heard
}

fn backup(text: &str) -> (Engine, Vec<Effect>) {
    let mut engine = Engine::new(host(text, "10.243.95.3"), at(0));
    let mut effects = engine.handle(at(0), Event::Start { adopted: &[] });
    effects.extend(meet(&mut engine));
    effects.extend(all_up(&mut engine, &effects.clone()));
    well(&mut engine, at(2), &mut effects);
    (engine, effects)
}

fn reload(engine: &mut Engine, now: u64, text: &str) -> Vec<Effect> {
    let succession = engine.succession(host(text, "10.243.95.3"));
    engine.reload(at(now), succession, &interfaces("10.243.95.3"))
}

fn desired(effects: &[Effect]) -> Option<&Desired> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Converge(desired) => Some(desired),
        _ => None,
    })
}

fn weights(desired: &Desired) -> Vec<Option<u32>> {
    let weight = |want: &Want| match want {
        Want::Present(destination) => Some(destination.weight),
        Want::Absent | Want::AsIs => None,
    };
    let services = desired.services.values();
    services
        .flat_map(|service| service.destinations.values().map(weight))
        .collect()
}

#[test]
fn only_a_master_holds_the_service() {
    let (mut undecided, effects) = backup(REFERENCE);
    let asked = desired(&effects).unwrap();
    assert!(asked.services.is_empty());
    assert_eq!(
        asked.kept.len(),
        1,
        "until its role is decided it leaves what there is"
    );
    // A master that will stay.
    let text = REFERENCE.replace("db2: 90", "db2: 200");
    let mut other = Engine::new(host(&text, "10.243.95.4"), at(0));
    let adopted = ["VI_1".to_owned()];
    let sent = other.handle(at(0), Event::Start { adopted: &adopted });
    let effects = deliver("10.243.95.4", &sent, &mut undecided, at(3));
    let asked = desired(&effects).unwrap();
    assert!(asked.services.is_empty() && asked.kept.is_empty());

    let (mut engine, effects) = master(REFERENCE);
    assert_eq!(weights(desired(&effects).unwrap()), [Some(3); 3]);
    let effects = engine.handle(at(10), Event::HandOver);
    assert!(desired(&effects).unwrap().services.is_empty());
}

#[test]
fn with_connection_sync_both_hold_the_service_and_the_daemon_follows_the_role() {
    let text = format!("{REFERENCE}\nconnection_sync: true\n");
    let role = |effects: &[Effect]| {
        let desired = desired(effects).unwrap();
        assert_eq!(weights(desired), [Some(3); 3]);
        let daemon = desired.sync.unwrap();
        assert_eq!(
            (daemon.interface.to_string().as_str(), daemon.sync_id),
            ("eth0", 200)
        );
        daemon.role
    };
    assert_eq!(role(&backup(&text).1), DaemonRole::Backup);
    let (mut engine, effects) = master(&text);
    assert_eq!(role(&effects), DaemonRole::Master);
    let effects = engine.handle(at(10), Event::HandOver);
    assert_eq!(role(&effects), DaemonRole::Backup);
    let effects = engine.handle(at(20), Event::Stop);
    assert_eq!(desired(&effects).unwrap().sync, None);
}

#[test]
fn the_same_file_again_asks_for_nothing() {
    for (mut engine, _) in [master(REFERENCE), backup(REFERENCE)] {
        let deadline = engine.deadline();
        let effects = reload(&mut engine, 5, REFERENCE);
        assert_eq!(effects, []);
        assert_eq!(engine.deadline(), deadline);
    }
}

#[test]
fn another_weight_changes_that_and_no_role() {
    let (mut engine, _) = master(REFERENCE);
    let text = REFERENCE.replace("weight: 3\n", "weight: 3\n    weights: { db3: 0 }\n");
    let effects = reload(&mut engine, 5, &text);
    assert_eq!(
        weights(desired(&effects).unwrap()),
        [Some(3), Some(3), Some(0)]
    );
    assert_eq!((adverts(&effects), roles(&effects)), (vec![], vec![]));
}

/// The numbers of the checks that are forgotten.
fn forgotten(effects: &[Effect]) -> Vec<usize> {
    let check = |effect: &Effect| match effect {
        Effect::Forget { check } => Some(*check),
        _ => None,
    };
    effects.iter().filter_map(check).collect()
}

#[test]
fn another_check_keeps_a_server_in_the_table_until_it_is_judged_anew() {
    let (mut engine, _) = master(REFERENCE);
    let text = REFERENCE.replace("      tcp:", "      tcp:\n        port: 3307");
    let effects = reload(&mut engine, 5, &text);
    let asked = desired(&effects).unwrap();
    let wants: Vec<&Want> = asked
        .services
        .values()
        .flat_map(|s| s.destinations.values())
        .collect();
    assert_eq!(wants, [&Want::AsIs; 3]);
    assert_eq!(forgotten(&effects), [0, 1, 2]);
    let effects = all_up(&mut engine, &effects);
    assert_eq!(weights(desired(&effects).unwrap()), [Some(3); 3]);
}

#[test]
fn the_same_check_at_other_times_keeps_its_verdict() {
    let (mut engine, _) = master(REFERENCE);
    let text = REFERENCE.replace("interval: 10s", "interval: 2s");
    let effects = reload(&mut engine, 5, &text);
    assert_eq!(desired(&effects), None);
    assert!(forgotten(&effects).is_empty());
    assert!(engine.deadline().unwrap() < at(2006), "it is asked sooner");
}

#[test]
fn the_result_of_a_probe_from_before_finds_nobody() {
    let (mut engine, effects) = {
        let mut engine = Engine::new(host(REFERENCE, "10.243.95.3"), at(0));
        let effects = engine.handle(
            at(0),
            Event::Start {
                adopted: &["VI_1".to_owned()],
            },
        );
        (engine, effects)
    };
    // Another port is another check.
    let text = REFERENCE.replace("      tcp:", "      tcp:\n        port: 3307");
    reload(&mut engine, 5, &text);
    let late = all_up(&mut engine, &effects);
    assert!(late.is_empty(), "{late:?}");
}
