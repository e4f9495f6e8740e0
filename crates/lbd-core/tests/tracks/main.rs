//! What a router tracks, and what that does to its priority and its role.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

mod kinds;
mod properties;
mod results;
mod roles;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use lbd_core::config::Config;
use lbd_core::engine::{Effect, Engine, Event, LookId, Report};
use lbd_core::host::{Host, Interface};
use support::{adverts, at, found};

const DB1: &str = "10.243.95.3";
const DB2: &str = "10.243.95.4";

type Finding = Result<i64, String>;

/// A file whose router tracks this.
fn file(priorities: &str, tracked: &str) -> String {
    format!(
        "
cluster: tracked
nodes: {{ db1: {{ address: {DB1} }}, db2: {{ address: {DB2} }} }}
virtual_routers:
  - name: V
    id: 1
    interface: eth0
    priority: {priorities}
    addresses: [10.243.95.101]
    {tracked}
"
    )
}

fn script(keys: &str) -> String {
    file(
        "{ db1: 100, db2: 90 }",
        &format!("track_scripts: [{{ name: s, command: [/bin/true], interval: 5s{keys} }}]"),
    )
}

fn interface(name: &str, address: &str, usable: bool) -> Interface {
    Interface {
        index: 2,
        name: name.to_owned(),
        mac: None,
        usable,
        addresses: vec![address.parse().unwrap()],
    }
}

fn host(text: &str, address: &str) -> Host {
    let config = Config::parse(text).unwrap_or_else(|error| panic!("{error}"));
    Host::new(config, &[interface("eth0", address, true)], None).unwrap()
}

/// An engine that was started and has seen the network, but nothing of what is tracked.
fn begun(text: &str, address: &str) -> (Engine, Vec<Effect>) {
    let mut engine = Engine::new(host(text, address), at(0));
    let mut effects = engine.handle(at(0), Event::Start { adopted: &[] });
    effects.extend(engine.handle(
        at(0),
        Event::Network {
            interfaces: &[interface("eth0", address, true)],
            neighbours: &[],
        },
    ));
    (engine, effects)
}

/// The same, with the first look's finding.
fn started(text: &str, address: &str, finding: &Finding) -> (Engine, Vec<Effect>) {
    let (mut engine, mut effects) = begun(text, address);
    found(&mut engine, at(0), &mut effects, finding);
    (engine, effects)
}

fn failed() -> Finding {
    Err("exit code 1".to_owned())
}

fn look(effects: &[Effect]) -> Option<LookId> {
    effects.iter().find_map(|effect| match effect {
        Effect::Look { id, .. } => Some(*id),
        _ => None,
    })
}

/// Lets time pass until the next look, and answers it.
fn next(engine: &mut Engine, finding: &Finding) -> (Duration, Vec<Effect>) {
    for _ in 0..1000 {
        let now = engine.deadline().unwrap();
        let mut effects = engine.handle(now, Event::Tick);
        if look(&effects).is_some() {
            found(engine, now, &mut effects, finding);
            return (now, effects);
        }
    }
    panic!("no look");
}

/// The priority that the next advert of the master has.
fn advertised(engine: &mut Engine) -> u8 {
    for _ in 0..100 {
        let now = engine.deadline().unwrap();
        let effects = engine.handle(now, Event::Tick);
        if let Some(priority) = adverts(&effects).first() {
            return *priority;
        }
    }
    panic!("no advert");
}

fn priorities(effects: &[Effect]) -> Vec<(u8, u8)> {
    let change = |effect: &Effect| match effect {
        Effect::Report(Report::Priority { from, to, .. }) => Some((from.get(), to.get())),
        _ => None,
    };
    effects.iter().filter_map(change).collect()
}

fn verdicts(effects: &[Effect]) -> Vec<bool> {
    let verdict = |effect: &Effect| match effect {
        Effect::Report(Report::Tracked { well, .. }) => Some(*well),
        _ => None,
    };
    effects.iter().filter_map(verdict).collect()
}
