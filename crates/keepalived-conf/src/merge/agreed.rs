//! What lbd has once for all servers of a service, and keepalived for each.

use std::collections::BTreeSet;

use crate::model::{Forwarding, Server, Service};
use crate::note::{Kind, Notes};

/// The port where nothing tells one: this is a balancer for MySQL.
const MYSQL: u16 = 3306;

/// The port behind a mark: what the servers, or else their checks, agree on.
pub(super) fn port(service: &Service, mark: u32, notes: &mut Notes) -> u16 {
    let agreed = |of: fn(&Server) -> Option<u16>| {
        let ports: BTreeSet<u16> = service.servers.iter().filter_map(of).collect();
        if ports.len() == 1 {
            ports.first().copied()
        } else {
            None
        }
    };
    let checked = |server: &Server| server.checks.iter().find_map(|check| check.port);
    if let Some(port) = agreed(|server| server.port).or_else(|| agreed(checked)) {
        return port;
    }
    let message = format!(
        "which port is behind mark {mark}? Give --iptables FILE, or correct `port`; {MYSQL} is taken"
    );
    notes.add(Kind::Question, &service.place, message);
    MYSQL
}

/// The one weight of all servers.
pub(super) fn weight(service: &Service, notes: &mut Notes) -> u32 {
    let mut weights = service
        .servers
        .iter()
        .map(|server| (server.weight, &server.place))
        .filter(|(weight, _)| *weight > 0);
    let Some((first, _)) = weights.next() else {
        return service.servers.first().map_or(1, |server| server.weight);
    };
    for (other, place) in weights.filter(|(weight, _)| *weight != first) {
        let message = format!(
            "weight {other}: lbd has one weight for all servers of a service, here {first}"
        );
        notes.add(Kind::NotCarried, place, message);
    }
    first
}

/// lbd sends to the service's port.
pub(super) fn note_masqueraded_ports(service: &Service, port: u16, notes: &mut Notes) {
    if service.forwarding != Forwarding::Masquerade {
        return;
    }
    for server in service
        .servers
        .iter()
        .filter(|server| server.port.is_some_and(|own| own != port))
    {
        let message = format!(
            "{} on another port than the service's {port}: lbd sends to that one",
            server.ip
        );
        notes.add(Kind::NotCarried, &server.place, message);
    }
}
