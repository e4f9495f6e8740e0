//! What the engine does with what is known of the servers' health.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

mod delays;
mod drain;
#[path = "../support/mod.rs"]
mod support;
mod takeover;
mod weights;

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

const REFERENCE: &str = include_str!("../../../../testdata/lbd.yaml");
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
