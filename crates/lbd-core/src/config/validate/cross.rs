//! What the parts of a file say of each other.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_yaml::{Location, Spanned};

use super::findings::Findings;
use crate::config::file;
use crate::config::model::{GUARD_BIT, Node};

type Nodes = BTreeMap<String, Node>;

/// No two virtual routers may share a name, a VRID on one interface, or an address.
pub(super) fn routers(section: &[file::Router], nodes: &Nodes, findings: &mut Findings) {
    let mut names = Seen::new("virtual router");
    let mut ids = Seen::new("virtual router");
    let mut addresses = Seen::new("virtual router");
    for router in section {
        let owner = &router.name.value;
        names.check(
            router.name.value.clone(),
            &router.name,
            owner,
            findings,
            |name| format!("the name `{name}`"),
        );
        let ipv6 = router.addresses.value.iter().any(|a| a.value.contains(':'));
        let id = (router.interface.value.clone(), ipv6, router.id.value);
        ids.check(id, &router.id, owner, findings, |(interface, _, id)| {
            format!("VRID {id} on {interface}")
        });
        for address in &router.addresses.value {
            let bare = bare(&address.value);
            addresses.check(canonical(bare), address, owner, findings, |address| {
                format!("the address {address}")
            });
            not_a_nodes_own(bare, address.referenced, nodes, findings);
        }
    }
}

/// No two services may share a name, a fwmark, or an address and port.
pub(super) fn services(section: &[file::Service], nodes: &Nodes, findings: &mut Findings) {
    let mut names = Seen::new("virtual service");
    let mut marks = Seen::new("virtual service");
    let mut sockets = Seen::new("virtual service");
    guards(section, findings);
    for service in section {
        let owner = &service.name.value;
        names.check(
            service.name.value.clone(),
            &service.name,
            owner,
            findings,
            |name| format!("the name `{name}`"),
        );
        if let Some(mark) = &service.fwmark {
            marks.check(mark.value, mark, owner, findings, |mark| {
                format!("fwmark {mark}")
            });
        }
        let socket = (canonical(&service.address.value), service.port.value);
        sockets.check(socket, &service.port, owner, findings, |(address, port)| {
            format!("{address} port {port}")
        });
        not_a_nodes_own(
            &service.address.value,
            service.address.referenced,
            nodes,
            findings,
        );
    }
}

/// Frames from other directors get their service's mark with the highest bit turned, which must be no mark of its own.
fn guards(section: &[file::Service], findings: &mut Findings) {
    for mark in section.iter().filter_map(|service| service.fwmark.as_ref()) {
        let guard = mark.value ^ u64::from(GUARD_BIT);
        let mut others = section.iter();
        let other = others.find(|other| other.fwmark.as_ref().is_some_and(|m| m.value == guard));
        if guard == 0 {
            findings.add(
                mark.referenced,
                "fwmark 2147483648 cannot be used: with its highest bit turned, as frames from other directors are \
                 marked, nothing is left of it",
            );
        } else if let Some(other) = other.filter(|_| mark.value < guard) {
            findings.add(
                mark.referenced,
                format!(
                    "fwmark {} and that of `{}` differ in the highest bit only, with which frames from other directors \
                     are marked; use another one",
                    mark.value, other.name.value
                ),
            );
        }
    }
}

/// A virtual address that is some host's own would be taken from that host.
fn not_a_nodes_own(text: &str, at: Location, nodes: &Nodes, findings: &mut Findings) {
    let Ok(address) = text.parse::<IpAddr>() else {
        return;
    };
    if let Some((name, _)) = nodes.iter().find(|(_, node)| node.address == address) {
        findings.add(
            at,
            format!("{address} is `{name}`'s own address; a virtual address must be nobody's"),
        );
    }
}

/// The same text for every way to write an address.
fn canonical(text: &str) -> String {
    match text.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => text.to_owned(),
    }
}

fn bare(text: &str) -> &str {
    text.split_once('/').map_or(text, |(address, _)| address)
}

/// Values seen so far, with who had them first.
struct Seen<K> {
    kind: &'static str,
    first: BTreeMap<K, (String, Location)>,
}

impl<K: Ord> Seen<K> {
    fn new(kind: &'static str) -> Self {
        Self {
            kind,
            first: BTreeMap::new(),
        }
    }

    fn check<T>(
        &mut self,
        key: K,
        value: &Spanned<T>,
        owner: &str,
        findings: &mut Findings,
        what: impl Fn(&K) -> String,
    ) {
        if let Some((first, at)) = self.first.get(&key) {
            findings.add(
                value.referenced,
                format!(
                    "{} is used already by {} `{first}` (line {})",
                    what(&key),
                    self.kind,
                    at.line()
                ),
            );
            return;
        }
        self.first.insert(key, (owner.to_owned(), value.referenced));
    }
}
