//! The engine, driven by hand: a director's life from start to stop, with its effects in order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

mod support;

use std::net::IpAddr;
use std::time::Duration;

use healthcheck::{Failure, Outcome};
use lbd_core::config::Config;
use lbd_core::desired::{Desired, Marks, Want};
use lbd_core::engine::{
    Effect, Engine, Event, LinkId, Neighbour, ProbeId, Probed, Report, Resolution,
};
use lbd_core::host::{Host, HostError, Interface};
use netfilter_mark::Mac;
use support::{adverts, at, deliver, promoted, roles, well};
use vrrp_proto::{Envelope, Reason, State};

const REFERENCE: &str = include_str!("../../../testdata/lbd.yaml");
const MAC: Mac = Mac([2, 0, 0, 0, 0, 4]);

fn interface(name: &str, address: &str) -> Interface {
    Interface {
        index: 2,
        name: name.to_owned(),
        mac: None,
        usable: true,
        addresses: vec![address.parse().unwrap()],
    }
}

fn host(address: &str) -> Host {
    let config = Config::parse(REFERENCE).unwrap();
    Host::new(config, &[interface("eth0", address)], None).unwrap()
}

/// A running engine on one of the hosts, and what its start brought.
fn started(address: &str) -> (Engine, Vec<Effect>) {
    let mut engine = Engine::new(host(address), at(0));
    let mut effects = engine.handle(at(0), Event::Start { adopted: &[] });
    let eth0 = interface("eth0", address);
    effects.extend(engine.handle(
        at(0),
        Event::Network {
            interfaces: &[eth0],
            neighbours: &[],
        },
    ));
    well(&mut engine, at(0), &mut effects);
    (engine, effects)
}

fn peer(resolution: Resolution) -> Neighbour {
    Neighbour {
        address: "10.243.95.4".parse().unwrap(),
        resolution,
    }
}

fn network(
    engine: &mut Engine,
    now: Duration,
    usable: bool,
    resolution: Resolution,
) -> Vec<Effect> {
    let mut eth0 = interface("eth0", "10.243.95.3");
    eth0.usable = usable;
    engine.handle(
        now,
        Event::Network {
            interfaces: &[eth0],
            neighbours: &[peer(resolution)],
        },
    )
}

fn desired(effects: &[Effect]) -> &Desired {
    let found = effects.iter().rev().find_map(|effect| match effect {
        Effect::Converge(desired) => Some(desired),
        _ => None,
    });
    found.expect("a desired state")
}

fn probes(effects: &[Effect]) -> Vec<(ProbeId, IpAddr)> {
    let probe = |effect: &Effect| match effect {
        Effect::Probe { id, assignment, .. } => Some((*id, assignment.target.ip())),
        _ => None,
    };
    effects.iter().filter_map(probe).collect()
}

fn rules(desired: &Desired) -> &[netfilter_mark::MarkRule] {
    match &desired.marks {
        Marks::Exactly(rules) => rules,
        Marks::Absent | Marks::AsIs => panic!("no rules: {:?}", desired.marks),
    }
}

fn on_nic(desired: &Desired) -> bool {
    desired.addresses.iter().any(|vip| vip.interface == "eth0")
}

fn on_lo(desired: &Desired) -> bool {
    desired.addresses.iter().any(|vip| vip.interface == "lo")
}

#[test]
fn a_real_server_that_is_no_director_only_stands_ready() {
    let (engine, effects) = started("10.243.95.5");
    let desired = desired(&effects);
    assert!(on_lo(desired) && !on_nic(desired));
    assert!(!desired.sysctls.is_empty());
    assert!(desired.services.is_empty() && desired.marks == Marks::Absent);
    assert_eq!(engine.deadline(), None);
}

#[test]
fn a_director_starts_as_backup_and_probes_every_server_at_once() {
    let (_, effects) = started("10.243.95.3");
    assert_eq!(roles(&effects), [State::Backup]);
    assert!(!on_nic(desired(&effects)));
    let targets: Vec<String> = probes(&effects)
        .iter()
        .map(|(_, ip)| ip.to_string())
        .collect();
    assert_eq!(targets, ["10.243.95.3", "10.243.95.4", "10.243.95.5"]);
}

#[test]
fn nothing_is_marked_before_the_other_directors_mac_is_known() {
    let (mut engine, effects) = started("10.243.95.3");
    assert_eq!(desired(&effects).marks, Marks::AsIs);
    network(&mut engine, at(1), true, Resolution::Pending);
    let effects = network(&mut engine, at(2), true, Resolution::Known(MAC));
    let marks = rules(desired(&effects));
    assert_eq!(marks[0].excluded, [MAC].into());
}

#[test]
fn a_director_that_does_not_answer_holds_nothing_up_and_is_named() {
    let (mut engine, _) = started("10.243.95.3");
    let effects = network(&mut engine, at(10), true, Resolution::Failed);
    let marks = rules(desired(&effects));
    assert!(marks[0].excluded.is_empty());
    let named = |e: &Effect| matches!(e, Effect::Report(Report::DirectorMacUnknown { node, .. }) if node == "db2");
    assert!(effects.iter().any(named));
}

#[test]
fn a_changed_mac_is_followed_and_a_forgotten_one_kept() {
    let (mut engine, _) = started("10.243.95.3");
    network(&mut engine, at(1), true, Resolution::Known(MAC));
    let other = Mac([2, 0, 0, 0, 0, 9]);
    let effects = network(&mut engine, at(2), true, Resolution::Known(other));
    assert_eq!(rules(desired(&effects))[0].excluded, [other].into());
    let effects = network(&mut engine, at(3), true, Resolution::Failed);
    assert!(effects.is_empty(), "{effects:?}");
}

#[test]
fn marks_set_by_others_are_left_to_them() {
    let text = REFERENCE.replace("fwmark: 2 ", "mark: external\n    fwmark: 2 ");
    let config = Config::parse(&text).unwrap();
    let host = Host::new(config, &[interface("eth0", "10.243.95.3")], None).unwrap();
    let mut engine = Engine::new(host, at(0));
    let mut effects = engine.handle(at(0), Event::Start { adopted: &[] });
    effects.extend(network(&mut engine, at(1), true, Resolution::Known(MAC)));
    assert_eq!(desired(&effects).marks, Marks::Absent);
}

#[test]
fn a_promoted_director_advertises_then_takes_the_address_then_announces_it() {
    let (mut engine, _) = started("10.243.95.3");
    let (now, effects) = promoted(&mut engine);
    // Master-down: 3 s and a skew of 156/256 s.
    assert_eq!(now.as_millis(), 3609);
    assert_eq!(adverts(&effects), [100]);
    assert!(on_nic(desired(&effects)) && on_lo(desired(&effects)));
    let place = |wanted: fn(&Effect) -> bool| effects.iter().position(wanted).unwrap();
    let advert = place(|e| matches!(e, Effect::Send { .. }));
    let converge = place(|e| matches!(e, Effect::Converge(_)));
    let announce = place(|e| matches!(e, Effect::Announce { .. }));
    assert!(advert < converge && converge < announce);
}

#[test]
fn health_follows_the_probes_and_a_dead_server_leaves_the_table() {
    // Only a master's table has anything to follow with.
    let mut engine = Engine::new(host("10.243.95.3"), at(0));
    let adopted = ["VI_1".to_owned()];
    let effects = engine.handle(at(0), Event::Start { adopted: &adopted });
    let (db2, _) = probes(&effects)[1];
    let effects = network(&mut engine, at(0), true, Resolution::Known(MAC));
    let want = |desired: &Desired| {
        desired
            .services
            .values()
            .next()
            .unwrap()
            .destinations
            .values()
            .nth(1)
            .cloned()
    };
    assert_eq!(want(desired(&effects)), Some(Want::AsIs));
    let took = at(1);
    let effects = engine.handle(
        at(5),
        Event::Probed(vec![Probed {
            id: db2,
            outcome: Some(Outcome::success(took)),
        }]),
    );
    assert!(matches!(want(desired(&effects)), Some(Want::Present(d)) if d.weight == 3));

    // One failed probe and three retries, 3 s apart.
    let mut failures = 0;
    let (mut now, mut first) = (at(5), at(0));
    while failures < 4 {
        now = engine.deadline().unwrap().max(now);
        let effects = engine.handle(now, Event::Tick);
        for (id, address) in probes(&effects) {
            let refused = address.to_string() == "10.243.95.4";
            failures += u32::from(refused);
            if failures == 1 && refused {
                first = now;
            }
            let outcome = if refused {
                Outcome::Failure(Failure::Refused)
            } else {
                Outcome::success(took)
            };
            let effects = engine.handle(
                now,
                Event::Probed(vec![Probed {
                    id,
                    outcome: Some(outcome),
                }]),
            );
            if failures == 4 && refused {
                assert_eq!(want(desired(&effects)), Some(Want::Absent));
            }
        }
    }
    assert_eq!(now - first, at(9000));
}

#[test]
fn a_stopping_master_says_so_first_and_leaves_only_what_stands() {
    let (mut engine, _) = started("10.243.95.3");
    let (now, _) = promoted(&mut engine);
    let effects = engine.handle(now, Event::Stop);
    assert_eq!(adverts(&effects), [0]);
    assert!(matches!(effects.first(), Some(Effect::Send { .. })));
    let desired = desired(&effects);
    assert!(on_lo(desired) && !on_nic(desired));
    assert!(
        desired.services.is_empty()
            && desired.marks == Marks::Absent
            && !desired.sysctls.is_empty()
    );
    assert_eq!(engine.deadline(), None);
    assert!(engine.handle(now, Event::Tick).is_empty());
}

#[test]
fn the_next_in_rank_takes_over_at_once_when_the_master_resigns() {
    let (mut db1, _) = started("10.243.95.3");
    let (mut db2, _) = started("10.243.95.4");
    let (now, effects) = promoted(&mut db1);
    assert_eq!(roles(&deliver("10.243.95.3", &effects, &mut db2, now)), []);
    let resigned = db1.handle(now + at(500), Event::Stop);
    let effects = deliver("10.243.95.3", &resigned, &mut db2, now + at(500));
    assert_eq!(roles(&effects), [State::Master]);
    assert!(on_nic(desired(&effects)));
}

#[test]
fn a_resignation_by_a_router_that_the_file_does_not_know_waits_for_the_skew() {
    let (mut db1, _) = started("10.243.95.3");
    let (mut db2, _) = started("10.243.95.4");
    let (now, effects) = promoted(&mut db1);
    deliver("10.243.95.9", &effects, &mut db2, now);
    let resigned = db1.handle(now, Event::Stop);
    let effects = deliver("10.243.95.9", &resigned, &mut db2, now);
    assert_eq!(roles(&effects), []);
    let skew = Duration::from_micros(166 * 1_000_000 / 256);
    let (taken, _) = promoted(&mut db2);
    assert_eq!(taken, now + skew);
}

#[test]
fn a_handed_over_mastership_is_not_taken_back_from_a_live_master() {
    let (mut db1, _) = started("10.243.95.3");
    let (mut db2, _) = started("10.243.95.4");
    let (now, effects) = promoted(&mut db1);
    deliver("10.243.95.3", &effects, &mut db2, now);
    let given = db1.handle(now, Event::HandOver);
    assert_eq!(adverts(&given), [0]);
    assert!(!on_nic(desired(&given)));
    let mut effects = deliver("10.243.95.3", &given, &mut db2, now);
    assert_eq!(roles(&effects), [State::Master]);
    for second in 1..20 {
        let now = now + at(1000 * second);
        assert_eq!(roles(&deliver("10.243.95.4", &effects, &mut db1, now)), []);
        assert!(!roles(&db1.handle(now, Event::Tick)).contains(&State::Master));
        effects = db2.handle(now, Event::Tick);
    }
}

#[test]
fn an_adopted_master_goes_on_without_letting_go_of_the_address() {
    let mut engine = Engine::new(host("10.243.95.3"), at(0));
    let effects = engine.handle(
        at(0),
        Event::Start {
            adopted: &["VI_1".to_owned()],
        },
    );
    assert_eq!(roles(&effects), [State::Backup, State::Master]);
    assert_eq!(adverts(&effects), [100]);
    let states: Vec<&Effect> = effects
        .iter()
        .filter(|e| matches!(e, Effect::Converge(_)))
        .collect();
    assert_eq!(states.len(), 1);
    assert!(on_nic(desired(&effects)));
}

#[test]
fn with_unicast_each_other_director_gets_its_own_advert() {
    let text = REFERENCE
        .replace("db2: 90 }", "db2: 90, db3: 80 }")
        .replace("version: 2 ", "unicast: true\n    version: 2 ");
    let config = Config::parse(&text).unwrap();
    let eth0 = interface("eth0", "10.243.95.3");
    let host = Host::new(config, std::slice::from_ref(&eth0), None).unwrap();
    let mut engine = Engine::new(host, at(0));
    engine.handle(at(0), Event::Start { adopted: &[] });
    engine.handle(
        at(0),
        Event::Network {
            interfaces: &[eth0],
            neighbours: &[],
        },
    );
    let (_, effects) = promoted(&mut engine);
    let to = |e: &Effect| match e {
        Effect::Send { destination, .. } => Some(destination.to_string()),
        _ => None,
    };
    let to: Vec<String> = effects.iter().filter_map(to).collect();
    assert_eq!(to, ["10.243.95.4", "10.243.95.5"]);
}

#[test]
fn a_master_with_another_interval_is_named_once() {
    let of = |text: &str, address: &str| {
        let config = Config::parse(text).unwrap();
        let eth0 = interface("eth0", address);
        let mut engine = Engine::new(
            Host::new(config, std::slice::from_ref(&eth0), None).unwrap(),
            at(0),
        );
        engine.handle(at(0), Event::Start { adopted: &[] });
        engine.handle(
            at(0),
            Event::Network {
                interfaces: &[eth0],
                neighbours: &[],
            },
        );
        engine
    };
    let text = REFERENCE.replace("version: 2 ", "version: 3 ").replace(
        "    authentication: { pass: \"1111\" }   # version 2 only\n",
        "",
    );
    let mut db2 = of(&text, "10.243.95.4");
    let mut db1 = of(
        &text.replace("advert_interval: 1s", "advert_interval: 2s"),
        "10.243.95.3",
    );
    let (now, effects) = promoted(&mut db1);
    let differs = |effects: &[Effect]| {
        effects
            .iter()
            .filter(|e| matches!(e, Effect::Report(Report::IntervalDiffers { .. })))
            .count()
    };
    assert_eq!(differs(&deliver("10.243.95.3", &effects, &mut db2, now)), 1);
    assert_eq!(differs(&deliver("10.243.95.3", &effects, &mut db2, now)), 0);
}

#[test]
fn a_router_waits_for_its_link_before_it_counts_the_silence() {
    let mut engine = Engine::new(host("10.243.95.3"), at(0));
    let mut effects = engine.handle(at(0), Event::Start { adopted: &[] });
    well(&mut engine, at(0), &mut effects);
    assert_eq!(roles(&effects), []);
    let effects = network(&mut engine, at(10), false, Resolution::Known(MAC));
    assert_eq!(roles(&effects), [State::Fault]);
    let effects = network(&mut engine, at(60_000), true, Resolution::Known(MAC));
    assert_eq!(roles(&effects), [State::Backup]);
}

#[test]
fn a_lost_interface_is_a_fault_and_its_return_ends_it() {
    let (mut engine, _) = started("10.243.95.3");
    let (now, _) = promoted(&mut engine);
    let effects = network(&mut engine, now, false, Resolution::Known(MAC));
    assert_eq!(roles(&effects), [State::Fault]);
    assert!(!on_nic(desired(&effects)));
    let effects = network(&mut engine, now, true, Resolution::Known(MAC));
    assert_eq!(roles(&effects), [State::Backup]);
}

#[test]
fn an_advert_with_a_wrong_password_is_told_and_does_not_count() {
    let (mut engine, _) = started("10.243.95.4");
    let (mut other, _) = started("10.243.95.3");
    let (now, advert) = promoted(&mut other);
    let Some(Effect::Send { payload, .. }) = advert.first() else {
        panic!("no advert");
    };
    let mut forged = payload.clone();
    *forged.last_mut().unwrap() ^= 1;
    let envelope = Envelope {
        source: "10.243.95.3".parse().unwrap(),
        destination: "224.0.0.18".parse().unwrap(),
        ttl: 255,
    };
    // "1111" becomes "1110" and a 1 at the end: the checksum stays right, only the password is wrong.
    forged[15] ^= 1;
    let deadline = engine.deadline();
    let effects = engine.handle(
        now.min(at(100)),
        Event::Advert {
            link: LinkId(0),
            envelope,
            payload: &forged,
        },
    );
    let told = |e: &Effect| matches!(e, Effect::Report(Report::Rejected { count: 1, reject, .. }) if reject.reason() == Reason::Password);
    assert!(effects.iter().any(told), "{effects:?}");
    assert_eq!(engine.deadline(), deadline);
    let mut lines = 0;
    for _ in 1..1000 {
        let again = Event::Advert {
            link: LinkId(0),
            envelope,
            payload: &forged,
        };
        lines += engine.handle(at(100), again).len();
    }
    assert_eq!(lines, 9, "told at 2, 4, 8, … 512");
    let count = |engine: &Engine| engine.status(now).routers.remove(0).adverts;
    let counted = count(&engine);
    assert_eq!((counted.sent, counted.received), (0, 0));
    assert_eq!(counted.rejected.get("password"), Some(&1000));
    assert_eq!(counted.rejected.values().sum::<u64>(), 1000);
    deliver("10.243.95.3", &advert, &mut engine, at(200));
    assert_eq!(count(&engine).received, 1);
    assert_eq!(count(&other).sent, 1);
}

#[test]
fn a_host_that_is_not_in_the_file_or_not_as_it_says_is_told_why() {
    let config = || Config::parse(REFERENCE).unwrap();
    let nobody = Host::new(config(), &[interface("eth0", "10.243.95.77")], None);
    assert!(matches!(nobody, Err(HostError::NotInFile { .. })));
    let elsewhere = Host::new(config(), &[interface("ens3", "10.243.95.3")], None);
    assert!(matches!(elsewhere, Err(HostError::NoSuchInterface { .. })));
    let unknown = Host::new(config(), &[interface("eth0", "10.243.95.3")], Some("db9"));
    assert!(matches!(unknown, Err(HostError::NoSuchNode { .. })));
    let not_here = Host::new(config(), &[interface("eth0", "10.243.95.3")], Some("db2"));
    assert!(matches!(not_here, Err(HostError::AddressNotHere { .. })));
    let both = [
        interface("eth0", "10.243.95.3"),
        interface("eth1", "10.243.95.4"),
    ];
    assert!(matches!(
        Host::new(config(), &both, None),
        Err(HostError::Ambiguous { .. })
    ));
    let named = Host::new(config(), &both, Some("db2")).unwrap();
    assert_eq!((named.node.as_str(), named.nic.as_str()), ("db2", "eth1"));
}
