//! The section `virtual_services`: each item by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::Arc;

use ipvs_netlink::{Forwarding, Tunnel};
use serde_yaml::Spanned;

use super::findings::Findings;
use super::nodes::not_among;
use super::{checks, commands, spreading, topology, weighting};
use crate::config::file;
use crate::config::model::{MarkMode, Node, VirtualRouter, VirtualService};

type Nodes = BTreeMap<String, Node>;

pub(super) fn services(
    section: &[file::Service],
    nodes: &Nodes,
    routers: &[VirtualRouter],
    findings: &mut Findings,
) -> Vec<VirtualService> {
    section
        .iter()
        .filter_map(|item| service(item, nodes, routers, findings))
        .collect()
}

fn service(
    item: &file::Service,
    nodes: &Nodes,
    routers: &[VirtualRouter],
    findings: &mut Findings,
) -> Option<VirtualService> {
    let address = findings.host_address(&item.address);
    let port = findings.number::<u16>(&item.port, "port", 1..=65_535);
    let fwmark = item.fwmark.as_ref().and_then(|mark| {
        findings
            .number::<u32>(mark, "fwmark", 1..=u64::from(u32::MAX))
            .and_then(NonZeroU32::new)
    });
    let mark = mark(item, findings);
    let scheduler = spreading::scheduler(item.scheduler.as_ref(), findings);
    let weight = item
        .weight
        .as_ref()
        .map_or(Some(1), |weight| spreading::weight(weight, findings));
    let servers = named(item.servers.as_ref(), nodes, findings)
        .unwrap_or_else(|| nodes.keys().cloned().collect());
    let weights = spreading::weights(item.weights.as_ref(), &servers, findings);
    let named_directors = named(item.directors.as_ref(), nodes, findings);
    let health_check = item
        .health_check
        .as_ref()
        .map(|check| Arc::new(checks::health_check(check, findings)));
    let address = address?;
    let directors = named_directors.unwrap_or_else(|| {
        topology::directors(&item.address, address, &servers, nodes, routers, findings)
    });
    let service = VirtualService {
        name: findings.text(&item.name, "name"),
        address,
        port: port?,
        fwmark,
        mark,
        scheduler: scheduler?,
        scheduler_flags: spreading::flags(item, scheduler?, findings),
        persistence: spreading::persistence(item.persistence.as_ref(), findings),
        forwarding: forwarding(item.forwarding),
        weight: weight?,
        weights,
        servers,
        directors,
        weighting: weighting::policy(item, health_check.as_deref(), findings),
        health_check,
        notify: commands::server_hooks(item.notify.as_ref(), findings),
    };
    topology::service(item, &service, nodes, routers, findings);
    Some(service)
}

fn mark(item: &file::Service, findings: &mut Findings) -> MarkMode {
    let Some(mark) = &item.mark else {
        return MarkMode::Managed;
    };
    if item.fwmark.is_none() {
        findings.add(
            mark.referenced,
            "mark says who sets the fwmark, but there is no fwmark",
        );
    }
    match mark.value {
        file::Mark::Managed => MarkMode::Managed,
        file::Mark::External => MarkMode::External,
    }
}

fn forwarding(value: Option<file::Forwarding>) -> Forwarding {
    match value {
        None | Some(file::Forwarding::DirectRoute) => Forwarding::DirectRoute,
        Some(file::Forwarding::Masquerade) => Forwarding::Masquerade,
        Some(file::Forwarding::Tunnel) => Forwarding::Tunnel(Tunnel::Ipip),
    }
}

/// Nodes named in a list; nothing when the list is left out.
fn named(
    list: Option<&Spanned<Vec<Spanned<String>>>>,
    nodes: &Nodes,
    findings: &mut Findings,
) -> Option<Vec<String>> {
    let list = list?;
    if list.value.is_empty() {
        findings.add(
            list.referenced,
            "the list names no node; leave it out for all",
        );
    }
    let mut names = Vec::with_capacity(list.value.len());
    let mut known = BTreeSet::new();
    for name in &list.value {
        if !nodes.contains_key(&name.value) {
            findings.add(name.referenced, not_among(&name.value, nodes));
        } else if !known.insert(name.value.as_str()) {
            findings.add(name.referenced, format!("`{}` is named twice", name.value));
        } else {
            names.push(name.value.clone());
        }
    }
    Some(names)
}
