//! Who balances a service, and whether that can work: contradictions that would make a cluster loop
//! or serve nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipvs_netlink::Forwarding;
use serde_yaml::Spanned;

use super::findings::Findings;
use crate::config::file;
use crate::config::model::{Node, VirtualRouter, VirtualService};

type Nodes = BTreeMap<String, Node>;

/// The directors of a service that names none: those of the router that holds its address. In a file
/// without routers, the nodes that are no real servers of it, or else all.
pub(super) fn directors(
    address: &Spanned<String>,
    parsed: IpAddr,
    servers: &[String],
    nodes: &Nodes,
    routers: &[VirtualRouter],
    findings: &mut Findings,
) -> Vec<String> {
    if let Some(router) = routers.iter().find(|router| router.holds(parsed)) {
        return router.priorities.keys().cloned().collect();
    }
    if !routers.is_empty() {
        findings.add(
            address.referenced,
            format!(
                "no virtual router holds {parsed}; correct the address, or say who balances with `directors`"
            ),
        );
    }
    let servers: BTreeSet<&String> = servers.iter().collect();
    let others: Vec<String> = nodes
        .keys()
        .filter(|name| !servers.contains(name))
        .cloned()
        .collect();
    match others.is_empty() {
        true => nodes.keys().cloned().collect(),
        false => others,
    }
}

/// Judges a service as a whole.
pub(super) fn service(
    item: &file::Service,
    service: &VirtualService,
    nodes: &Nodes,
    routers: &[VirtualRouter],
    findings: &mut Findings,
) {
    one_family(item, service, nodes, findings);
    no_loop(item, service, findings);
    every_holder_balances(item, service, routers, findings);
}

/// IPVS forwards between families through tunnels only.
fn one_family(
    item: &file::Service,
    service: &VirtualService,
    nodes: &Nodes,
    findings: &mut Findings,
) {
    if matches!(service.forwarding, Forwarding::Tunnel(_)) {
        return;
    }
    let other = service.servers.iter().find(|name| {
        nodes
            .get(*name)
            .is_some_and(|node| node.address.is_ipv6() != service.address.is_ipv6())
    });
    if let Some(name) = other {
        findings.add(
            item.address.referenced,
            format!(
                "{} and the address of its server `{name}` are of different families",
                service.address
            ),
        );
    }
}

/// Without a mark, a director balances what another one has balanced already.
fn no_loop(item: &file::Service, service: &VirtualService, findings: &mut Findings) {
    let servers: BTreeSet<&String> = service.servers.iter().collect();
    let balancing_servers = service
        .directors
        .iter()
        .filter(|name| servers.contains(name))
        .count();
    if service.fwmark.is_none() && service.wants_address_on_servers() && balancing_servers > 1 {
        findings.add(
            item.name.referenced,
            format!(
                "{balancing_servers} directors of `{}` are its servers too, and would balance what another one has \
                 balanced, round and round: give it a `fwmark`, so that their frames can be told apart",
                service.name
            ),
        );
    }
}

/// A host that can hold the address must know what to do with what it attracts.
fn every_holder_balances(
    item: &file::Service,
    service: &VirtualService,
    routers: &[VirtualRouter],
    findings: &mut Findings,
) {
    let holders = routers
        .iter()
        .filter(|router| router.holds(service.address))
        .flat_map(|router| router.priorities.keys());
    for holder in holders.filter(|holder| !service.directors.contains(holder)) {
        let at = item
            .directors
            .as_ref()
            .map_or(item.name.referenced, |list| list.referenced);
        findings.add(
            at,
            format!(
                "`{holder}` can become master of {} but does not balance `{}`",
                service.address, service.name
            ),
        );
    }
}
