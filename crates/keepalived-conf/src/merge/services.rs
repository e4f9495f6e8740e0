//! Services that are the same one in several files.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::name::{clean, unique};
use super::nodes::{Named, Node};
use super::{MarkOrigin, MergedRouter, MergedService, agreed, check, holders};
use crate::beside::MarkRule;
use crate::model::{Forwarding, Key, Service};
use crate::note::{Kind, Notes};

/// What a service is compared with.
struct Context<'a> {
    nodes: &'a BTreeMap<String, Node>,
    routers: &'a [MergedRouter],
    rules: &'a [MarkRule],
    /// Marks that are in use.
    marks: BTreeSet<u32>,
    names: BTreeSet<String>,
}

/// Merges them, in the order of the files.
pub(super) fn services(
    named: &[Named],
    nodes: &BTreeMap<String, Node>,
    routers: &[MergedRouter],
    rules: &[MarkRule],
    notes: &mut Notes,
) -> Vec<MergedService> {
    let mut merged: Vec<(&Service, Vec<String>)> = Vec::new();
    for one in named {
        for service in &one.director.services {
            match merged
                .iter_mut()
                .find(|(known, _)| known.key == service.key)
            {
                Some((_, directors)) if directors.contains(&one.name) => {
                    let message = "a second virtual server for the same; lbd has one";
                    notes.add(Kind::NotCarried, &service.place, message);
                }
                Some((known, directors)) => {
                    compare(known, service, notes);
                    directors.push(one.name.clone());
                }
                None => merged.push((service, vec![one.name.clone()])),
            }
        }
    }
    let in_files = merged.iter().filter_map(|(service, _)| match service.key {
        Key::Mark(mark) => Some(mark),
        Key::Address(..) => None,
    });
    let mut context = Context {
        nodes,
        routers,
        rules,
        marks: in_files.chain(rules.iter().map(|rule| rule.mark)).collect(),
        names: BTreeSet::new(),
    };
    let finished = merged.into_iter();
    finished
        .filter_map(|(service, directors)| context.finish(service, directors, notes))
        .collect()
}

/// Notes where two files differ: lbd's file has one value.
fn compare(first: &Service, other: &Service, notes: &mut Notes) {
    let servers = |service: &Service| -> BTreeMap<IpAddr, u32> {
        service
            .servers
            .iter()
            .map(|server| (server.ip, server.weight))
            .collect()
    };
    let checks = |service: &Service| {
        let server = service.servers.first();
        server
            .map(|server| server.checks.clone())
            .unwrap_or_default()
    };
    let (ours, theirs) = (checks(first), checks(other));
    let same_checks = ours.len() == theirs.len() && { ours.iter().zip(&theirs) }
        .all(|(one, other)| check::same(one, other));
    let same = [
        ("the scheduler", first.scheduler == other.scheduler),
        (
            "the way of forwarding",
            first.forwarding == other.forwarding,
        ),
        (
            "a real server or its weight",
            servers(first) == servers(other),
        ),
        ("the check", same_checks),
    ];
    for (what, _) in same.iter().filter(|(_, same)| !same) {
        let message = format!(
            "{what} differs from {}; lbd's file has one for all, the first",
            first.place
        );
        notes.add(Kind::Changed, &other.place, message);
    }
}

impl Context<'_> {
    fn finish(
        &mut self,
        service: &Service,
        directors: Vec<String>,
        notes: &mut Notes,
    ) -> Option<MergedService> {
        let (address, port) = self.target(service, notes)?;
        let servers = self.servers(service, notes);
        let mut mark = match service.key {
            Key::Mark(mark) => Some((mark, MarkOrigin::File)),
            Key::Address(..) => None,
        };
        let holders = holders(self.routers, address);
        let balancing = if holders.is_empty() {
            directors.iter().collect()
        } else {
            holders.clone()
        };
        let own: Vec<&String> = balancing
            .iter()
            .copied()
            .filter(|name| servers.contains(*name))
            .collect();
        if mark.is_none() && service.forwarding != Forwarding::Masquerade && own.len() > 1 {
            mark = Some((self.new_mark(service, notes), MarkOrigin::New));
        }
        for missing in holders.iter().filter(|name| !directors.contains(**name)) {
            let message = format!(
                "`{missing}` can hold {address}, but its file has no such service; in lbd it balances too"
            );
            notes.add(Kind::Changed, &service.place, message);
        }
        agreed::note_masqueraded_ports(service, port, notes);
        let fallback = match service.key {
            Key::Mark(mark) => format!("fwmark-{mark}"),
            Key::Address(address, port) => format!("{address}:{port}"),
        };
        let name = clean(service.name.as_deref().unwrap_or_default(), &fallback);
        let all = servers.len() == self.nodes.len();
        Some(MergedService {
            name: unique(name, &mut self.names),
            address,
            port,
            mark,
            scheduler: service.scheduler.clone(),
            forwarding: service.forwarding,
            weight: agreed::weight(service, notes),
            servers: (!all).then_some(servers),
            directors: holders.is_empty().then_some(directors),
            check: check::check(service, port, notes),
        })
    }

    /// The virtual address and port. A mark does not tell them: the rule that sets it does, or else what there is.
    fn target(&self, service: &Service, notes: &mut Notes) -> Option<(IpAddr, u16)> {
        let mark = match service.key {
            Key::Address(address, port) => return Some((address, port)),
            Key::Mark(mark) => mark,
        };
        let rules = self.rules.iter().filter(|rule| rule.mark == mark);
        if let Some(marked) = { rules }.find_map(|rule| Some((rule.address?, rule.port?))) {
            return Some(marked);
        }
        let ipv6 = service
            .servers
            .first()
            .is_some_and(|server| server.ip.is_ipv6());
        let held = self
            .routers
            .iter()
            .flat_map(|merged| &merged.router.addresses);
        let held: Vec<IpAddr> = held
            .map(|address| address.ip)
            .filter(|ip| ip.is_ipv6() == ipv6)
            .collect();
        let Some(address) = held.first().copied() else {
            let message = format!(
                "which virtual address is behind mark {mark}? No virtual router holds one; give --iptables FILE. Left out"
            );
            notes.add(Kind::Question, &service.place, message);
            return None;
        };
        if held.len() > 1 {
            let held: Vec<String> = held.iter().map(IpAddr::to_string).collect();
            let message = format!(
                "which of {} is behind mark {mark}? Give --iptables FILE, the output of iptables-save, or correct `address`",
                held.join(", ")
            );
            notes.add(Kind::Question, &service.place, message);
        }
        Some((address, agreed::port(service, mark, notes)))
    }

    /// The names of the servers that take connections.
    fn servers(&self, service: &Service, notes: &mut Notes) -> Vec<String> {
        let mut names = Vec::new();
        for server in &service.servers {
            if server.weight == 0 && service.servers.iter().any(|other| other.weight > 0) {
                let message = format!(
                    "{} has weight 0 and takes no connections; it is left out of `servers`",
                    server.ip
                );
                notes.add(Kind::Changed, &server.place, message);
                continue;
            }
            let node = self
                .nodes
                .iter()
                .find(|(_, node)| node.address == Some(server.ip));
            names.extend(node.map(|(name, _)| name.clone()));
        }
        names
    }

    fn new_mark(&mut self, service: &Service, notes: &mut Notes) -> u32 {
        let mark = (1..=u32::MAX)
            .find(|mark| !self.marks.contains(mark))
            .unwrap_or(u32::MAX);
        self.marks.insert(mark);
        let message = format!(
            "several directors are real servers too, and would balance what another one has balanced, round and round; \
             lbd tells their frames apart by a mark, here {mark}, which it sets itself"
        );
        notes.add(Kind::Changed, &service.place, message);
        mark
    }
}
