//! Snapshots to look at.
#![allow(dead_code, unreachable_pub)]

pub mod parser;

use std::sync::Arc;
use std::time::Duration;

use lbd_core::config::Config;
use lbd_core::engine::{
    Adverts, Assignment, RouterState, RouterStatus, ServerStatus, ServiceStatus, Status, Table,
};
use status_page::{Counts, Kernel, News, Snapshot, Traffic};

/// One router, and one service with one server.
pub fn snapshot(service: &str, node: &str) -> Snapshot {
    Snapshot {
        lbd: "0.1.0",
        started: Duration::from_millis(1_700_000_000_500),
        status: Status {
            version: Status::VERSION,
            cluster: "orders".to_owned(),
            node: node.to_owned(),
            routers: vec![router()],
            services: vec![ServiceStatus {
                name: service.to_owned(),
                address: "192.0.2.101".parse().unwrap(),
                port: 3306,
                fwmark: Some(2),
                scheduler: "wrr".to_owned(),
                servers: vec![server(node)],
            }],
        },
        counts: Counts::default(),
        kernel: Kernel::default(),
        traffic: vec![Traffic {
            service: service.to_owned(),
            node: node.to_owned(),
            active: 3,
            ..Traffic::default()
        }],
        news: vec![News {
            at: Duration::from_secs(1_700_000_001),
            text: "VI_1: backup -> master".to_owned(),
        }],
    }
}

fn router() -> RouterStatus {
    RouterStatus {
        name: "VI_1".to_owned(),
        id: 200,
        interface: "eth0".to_owned(),
        addresses: vec!["192.0.2.101/32".parse().unwrap()],
        state: RouterState::Backup,
        priority: 90,
        master: Some("192.0.2.1".parse().unwrap()),
        adverts: Adverts {
            sent: 4,
            received: 5,
            rejected: [("ttl".to_owned(), 0), ("password".to_owned(), 6)].into(),
        },
    }
}

fn server(node: &str) -> ServerStatus {
    ServerStatus {
        node: node.to_owned(),
        address: "192.0.2.1".parse().unwrap(),
        health: "up".to_owned(),
        since_seconds: Some(61.0),
        table: Table::Present,
        weight: Some(5),
        base_weight: 10,
        why: "up, 12.5s behind until it is 5s or less: weight 5 of 10".to_owned(),
        lag_seconds: Some(12.5),
        role: Some("replica".to_owned()),
        alarm: None,
    }
}

/// Whom a probe of this server asks.
pub fn assignment(service: &str, node: &str) -> Arc<Assignment> {
    let file = "
cluster: orders
nodes: { a: { address: 192.0.2.1 } }
virtual_services: [{ name: s, address: 192.0.2.101, port: 3306, health_check: { tcp: {} } }]
";
    let config = Config::parse(file).unwrap();
    let check = config.services[0].health_check.clone();
    Arc::new(Assignment {
        service: service.to_owned(),
        node: node.to_owned(),
        source: None,
        target: "192.0.2.1:3306".parse().unwrap(),
        check: check.unwrap(),
    })
}
