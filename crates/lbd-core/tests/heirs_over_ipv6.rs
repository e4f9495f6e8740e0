//! Who takes over at once where adverts come from link-local addresses, which the file does not have.
#![allow(clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm)]

mod support;

use std::net::IpAddr;
use std::time::Duration;

use lbd_core::config::Config;
use lbd_core::engine::{Effect, Engine, Event};
use lbd_core::host::{Host, Interface};
use support::{promoted, roles};
use vrrp_proto::State;

const FILE: &str = "\
cluster: six
nodes:
  db1: { address: 2001:db8::1 }
  db2: { address: 2001:db8::2 }
  db3: { address: 2001:db8::3 }
virtual_routers:
  - name: VI_6
    id: 6
    interface: eth0
    priority: { db1: 100, db2: 90, db3: 80 }
    addresses: [\"fe80::101\", \"2001:db8::101\"]
";

/// A running engine on the node of this number; its link-local address ends like its global one.
fn node(file: &str, number: u8) -> Engine {
    let eth0 = Interface {
        index: 2,
        name: "eth0".to_owned(),
        mac: None,
        usable: true,
        addresses: vec![
            format!("2001:db8::{number}").parse().unwrap(),
            link_local(number),
        ],
    };
    let config = Config::parse(file).unwrap();
    let host = Host::new(config, std::slice::from_ref(&eth0), None).unwrap();
    let mut engine = Engine::new(host, Duration::ZERO);
    engine.handle(Duration::ZERO, Event::Start { adopted: &[] });
    engine.handle(
        Duration::ZERO,
        Event::Network {
            interfaces: &[eth0],
            neighbours: &[],
        },
    );
    engine
}

fn link_local(number: u8) -> IpAddr {
    format!("fe80::{number}").parse().unwrap()
}

fn becomes_master(effects: &[Effect]) -> bool {
    roles(effects).contains(&State::Master)
}

/// Hands the adverts of node 1 to another one.
fn deliver(effects: &[Effect], to: &mut Engine, now: Duration) -> Vec<Effect> {
    support::deliver(&link_local(1).to_string(), effects, to, now)
}

/// Whether the heir takes over at once when node 1, whose adverts it heard, resigns.
fn takes_over_at_once(file: &str, heir: u8) -> bool {
    let (mut first, mut heir) = (node(file, 1), node(file, heir));
    let (now, adverts) = promoted(&mut first);
    assert!(!becomes_master(&deliver(&adverts, &mut heir, now)));
    let resigned = first.handle(now, Event::Stop);
    becomes_master(&deliver(&resigned, &mut heir, now))
}

#[test]
fn a_director_is_known_by_the_priority_that_it_advertised() {
    assert!(takes_over_at_once(FILE, 2));
}

#[test]
fn only_the_next_in_rank_takes_over_at_once() {
    assert!(!takes_over_at_once(FILE, 3));
}

#[test]
fn of_equals_nobody_takes_over_at_once() {
    let equals = FILE.replace("db3: 80", "db3: 90");
    assert!(!takes_over_at_once(&equals, 2));
    assert!(!takes_over_at_once(&equals, 3));
}

#[test]
fn a_priority_that_is_no_directors_or_that_two_have_tells_nobody() {
    let other = FILE.replace("db1: 100", "db1: 110");
    let (mut first, mut heir) = (node(&other, 1), node(FILE, 2));
    let (now, adverts) = promoted(&mut first);
    deliver(&adverts, &mut heir, now);
    let resigned = first.handle(now, Event::Stop);
    assert!(!becomes_master(&deliver(&resigned, &mut heir, now)));

    let twins = FILE.replace("db3: 80", "db3: 100");
    assert!(!takes_over_at_once(&twins, 2));
}

#[test]
fn a_resignation_by_one_that_was_never_heard_waits_for_the_skew() {
    let (mut first, mut heir) = (node(FILE, 1), node(FILE, 2));
    let (now, _) = promoted(&mut first);
    let resigned = first.handle(now, Event::Stop);
    assert!(!becomes_master(&deliver(&resigned, &mut heir, now)));
}

#[test]
fn adverts_never_come_from_an_address_that_another_router_holds() {
    let text = "
cluster: six
nodes:
  a: { address: \"2001:db8::1\" }
  b: { address: \"2001:db8::2\" }
virtual_routers:
  - { name: A, id: 1, interface: eth0, priority: { a: 100, b: 90 }, addresses: [\"fe80::aa\"] }
  - { name: B, id: 2, interface: eth0, priority: { a: 100, b: 90 }, addresses: [\"fe80::bb\"] }
";
    let own: IpAddr = "fe80::1".parse().unwrap();
    let addresses = ["fe80::bb", "fe80::aa", "fe80::1", "2001:db8::1"];
    let interface = Interface {
        index: 2,
        name: "eth0".to_owned(),
        mac: None,
        usable: true,
        addresses: addresses.map(|address| address.parse().unwrap()).into(),
    };
    let host = Host::new(Config::parse(text).unwrap(), &[interface], None).unwrap();
    assert!(
        host.sources.values().all(|source| *source == own),
        "{:?}",
        host.sources
    );
}
