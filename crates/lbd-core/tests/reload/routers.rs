//! Virtual routers under another file: whoever is the same to the network goes on, and says only what is new.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use lbd_core::config::Config;
use lbd_core::engine::{Effect, Engine, Event, Holding, LinkId};
use lbd_core::host::{Host, Interface};

use super::support::{adverts, at, deliver, promoted, roles};
use super::{REFERENCE, backup, desired, host, interfaces, master, reload};

/// The other director as master, and what it last sent.
fn other_master(text: &str) -> (Engine, Vec<Effect>) {
    let mut other = Engine::new(host(text, "10.243.95.4"), at(0));
    let adopted = ["VI_1".to_owned()];
    let sent = other.handle(at(0), Event::Start { adopted: &adopted });
    (other, sent)
}

fn announced(effects: &[Effect]) -> Vec<Vec<IpAddr>> {
    let addresses = |effect: &Effect| match effect {
        Effect::Announce { addresses, .. } => Some(addresses.clone()),
        _ => None,
    };
    effects.iter().filter_map(addresses).collect()
}

/// The addresses on the NIC that are wanted.
fn on_nic(effects: &[Effect]) -> Vec<String> {
    let desired = desired(effects).unwrap();
    let nic = desired
        .addresses
        .iter()
        .filter(|vip| vip.interface == "eth0");
    nic.map(|vip| vip.address.addr().to_string()).collect()
}

#[test]
fn a_role_that_was_handed_over_is_not_taken_back_after_a_reload() {
    let text = REFERENCE.replace("db2: 90", "db2: 80");
    for other_file in [
        REFERENCE.replace("db1: 100", "db1: 150"),
        REFERENCE.replace("10.243.95.101]", "10.243.95.101, 10.243.95.102]"),
        REFERENCE.replace("\"1111\"", "\"2222\""),
    ] {
        let (mut engine, _) = master(&text);
        engine.handle(at(10), Event::HandOver);
        let (_, sent) = other_master(&other_file);
        reload(&mut engine, 100, &other_file);
        // The heir's adverts: of a lower priority all the time.
        for second in 1..20_u64 {
            let now = at(second * 1000);
            deliver("10.243.95.4", &sent, &mut engine, now);
            engine.handle(now, Event::Tick);
            assert_eq!(engine.masterships(), [""; 0], "after {second} s");
        }
        // The heir is gone.
        promoted(&mut engine);
    }
}

#[test]
fn a_backup_hears_on_and_does_not_begin_to_wait_anew() {
    let (mut engine, _) = backup(REFERENCE);
    let (_, sent) = other_master(REFERENCE);
    deliver("10.243.95.4", &sent, &mut engine, at(3));
    let deadline = engine.deadline();
    let text = REFERENCE.replace("10.243.95.101]", "10.243.95.101, 10.243.95.102]");
    let effects = reload(&mut engine, 2000, &text);
    assert_eq!((adverts(&effects), roles(&effects)), (vec![], vec![]));
    assert_eq!(engine.deadline(), deadline);
}

#[test]
fn another_priority_keeps_the_role_and_is_advertised() {
    let (mut engine, _) = master(REFERENCE);
    let text = REFERENCE.replace("db1: 100", "db1: 150");
    let effects = reload(&mut engine, 5, &text);
    assert_eq!(adverts(&effects), [150]);
    assert_eq!((roles(&effects), announced(&effects)), (vec![], vec![]));
    assert_eq!(engine.masterships(), ["VI_1"]);
    assert!(desired(&effects).is_none(), "the kernel has nothing to do");
}

#[test]
fn another_interval_keeps_the_role_and_is_advertised_in_at_once() {
    let (mut engine, _) = master(REFERENCE);
    let text = REFERENCE.replace("advert_interval: 1s", "advert_interval: 3s");
    let effects = reload(&mut engine, 500, &text);
    assert_eq!(
        (adverts(&effects), announced(&effects)),
        (vec![100], vec![])
    );
    assert_eq!(engine.masterships(), ["VI_1"]);
    assert!(desired(&effects).is_none(), "the kernel has nothing to do");
    let (mut now, mut effects) = (at(500), Vec::new());
    while adverts(&effects).is_empty() {
        now = engine.deadline().unwrap();
        effects = engine.handle(now, Event::Tick);
    }
    assert_eq!(now, at(3500), "the next one an interval later");
}

#[test]
fn only_a_new_address_is_announced_and_only_one_that_went_is_taken_away() {
    let (mut engine, _) = master(REFERENCE);
    let more = REFERENCE.replace("10.243.95.101]", "10.243.95.101, 10.243.95.102]");
    let effects = reload(&mut engine, 5, &more);
    assert_eq!((adverts(&effects), roles(&effects)), (vec![100], vec![]));
    let new: IpAddr = "10.243.95.102".parse().unwrap();
    assert_eq!(announced(&effects), [[new]]);
    assert_eq!(on_nic(&effects), ["10.243.95.101", "10.243.95.102"]);
    let place = |wanted: fn(&Effect) -> bool| effects.iter().position(wanted);
    assert!(
        place(|e| matches!(e, Effect::Converge(_)))
            < place(|e| matches!(e, Effect::Announce { .. })),
        "it is there before it is announced"
    );

    let effects = reload(&mut engine, 10, REFERENCE);
    assert_eq!((adverts(&effects), roles(&effects)), (vec![100], vec![]));
    assert_eq!(announced(&effects), Vec::<Vec<IpAddr>>::new());
    assert_eq!(on_nic(&effects), ["10.243.95.101"]);
}

#[test]
fn whether_it_preempts_is_nobody_elses_business() {
    let (mut engine, _) = backup(REFERENCE);
    let (_, sent) = other_master(REFERENCE);
    let text = REFERENCE.replace("    version: 2 ", "    preempt: false\n    version: 2 ");
    let effects = reload(&mut engine, 5, &text);
    assert_eq!(effects, []);
    for second in 1..20_u64 {
        deliver("10.243.95.4", &sent, &mut engine, at(second * 1000));
        engine.handle(at(second * 1000), Event::Tick);
        assert_eq!(engine.masterships(), [""; 0], "after {second} s");
    }
}

#[test]
fn another_name_is_nothing_to_the_network() {
    let text = REFERENCE.replace("name: VI_1", "name: reads");
    let (mut engine, _) = master(REFERENCE);
    let before = engine.holdings().remove(0);
    let deadline = engine.deadline();
    assert_eq!(reload(&mut engine, 5, &text), []);
    assert_eq!(engine.deadline(), deadline);
    let now = Holding {
        router: "reads".to_owned(),
        ..before
    };
    assert_eq!(engine.holdings(), [now]);

    let (mut engine, _) = backup(REFERENCE);
    let deadline = engine.deadline();
    assert_eq!(reload(&mut engine, 5, &text), []);
    assert_eq!(engine.deadline(), deadline);
}

#[test]
fn a_name_that_goes_to_another_router_takes_no_role_with_it() {
    let second = "  - name: VI_2\n    id: 201\n    interface: eth0\n    version: 2\n    priority: { db1: 100, db2: 90 }\n    \
                  addresses: [10.243.95.102]\n";
    let two = REFERENCE.replace("virtual_services:", &format!("{second}\nvirtual_services:"));
    let (mut engine, _) = master(&two);
    let held = |engine: &Engine| {
        let holdings = engine.holdings();
        let by_address = holdings
            .into_iter()
            .map(|held| (held.addresses[0].addr().to_string(), held.router));
        by_address.collect::<BTreeMap<_, _>>()
    };
    let names = |first: &str, second: &str| {
        BTreeMap::from([
            ("10.243.95.101".to_owned(), first.to_owned()),
            ("10.243.95.102".to_owned(), second.to_owned()),
        ])
    };
    assert_eq!(held(&engine), names("VI_1", "VI_2"));
    let swapped = two
        .replace("name: VI_1", "name: other")
        .replace("name: VI_2", "name: VI_1")
        .replace("name: other", "name: VI_2");
    assert_eq!(reload(&mut engine, 5, &swapped), []);
    assert_eq!(held(&engine), names("VI_2", "VI_1"));
}

#[test]
fn a_router_that_the_new_file_lacks_resigns_and_lets_its_address_go() {
    let (mut engine, _) = master(REFERENCE);
    let text = REFERENCE
        .replace("name: VI_1", "name: VI_2")
        .replace("id: 200", "id: 201");
    let effects = reload(&mut engine, 5, &text);
    assert_eq!(adverts(&effects), [0]);
    let desired = desired(&effects).unwrap();
    assert!(desired.addresses.iter().all(|vip| vip.interface == "lo"));
    assert!(desired.services.is_empty() && desired.kept.is_empty());
    // The new one starts as backup, and takes over in its time.
    assert_eq!(engine.masterships(), [""; 0]);
    let at = engine.deadline().unwrap();
    assert!(at > Duration::from_millis(5));
}

#[test]
fn another_interface_needs_another_link_and_the_old_one_is_let_go() {
    let two_cards = |mut list: Vec<Interface>| {
        list.push(Interface {
            index: 3,
            name: "eth1".to_owned(),
            ..list[0].clone()
        });
        list
    };
    let (mut engine, _) = master(REFERENCE);
    let list = two_cards(interfaces("10.243.95.3").to_vec());
    let config = Config::parse(&REFERENCE.replace("interface: eth0", "interface: eth1")).unwrap();
    let succession = engine.succession(Host::new(config, &list, None).unwrap());
    assert_eq!(succession.links().len(), 2);
    assert!(!succession.uses(LinkId(0)) && succession.uses(LinkId(1)));
    let effects = engine.reload(at(5), succession, &list);
    assert!(!engine.uses(LinkId(0)) && engine.uses(LinkId(1)));
    let resigned = effects
        .iter()
        .any(|e| matches!(e, Effect::Send { link: LinkId(0), payload, .. } if payload[2] == 0));
    assert!(resigned, "{effects:?}");
}
