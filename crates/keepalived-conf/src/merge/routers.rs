//! Virtual routers that are the same one in several files.

use std::collections::{BTreeMap, BTreeSet};

use super::MergedRouter;
use super::name::{clean, unique};
use super::nodes::{Named, Node};
use crate::model::Router;
use crate::note::{Kind, Notes};

/// Routers are the same if they have the same identifier and family; on several interfaces of a file, the same place in
/// order.
type Identity = (u8, bool, usize);

/// Merges them, in the order of the files.
pub(super) fn routers(
    named: &[Named],
    nodes: &BTreeMap<String, Node>,
    notes: &mut Notes,
) -> Vec<MergedRouter> {
    let mut merged: Vec<(Identity, MergedRouter)> = Vec::new();
    for one in named {
        let mut seen: BTreeMap<(u8, bool), usize> = BTreeMap::new();
        for router in &one.director.routers {
            let kind = (router.id, router.is_ipv6());
            let count = seen.entry(kind).or_default();
            let identity = (kind.0, kind.1, *count);
            *count += 1;
            match merged.iter_mut().find(|(known, _)| *known == identity) {
                Some((_, known)) => {
                    compare(&known.router, router, notes);
                    known.priorities.insert(one.name.clone(), router.priority);
                }
                None => {
                    let priorities = [(one.name.clone(), router.priority)].into();
                    let router = router.clone();
                    merged.push((identity, MergedRouter { router, priorities }));
                }
            }
        }
    }
    let mut taken = BTreeSet::new();
    let merged = merged.into_iter().map(|(_, router)| router);
    merged
        .map(|router| finish(router, &mut taken, nodes, notes))
        .collect()
}

/// Notes where two files differ: lbd's file has one value.
fn compare(first: &Router, other: &Router, notes: &mut Notes) {
    let mut differ = |what: &str, same: bool, consequence: &str| {
        if !same {
            let message = format!(
                "{what} of virtual router {} differs from {}; lbd's file has one for all, the first{consequence}",
                other.id, first.place
            );
            notes.add(Kind::Changed, &other.place, message);
        }
    };
    let rejects = ". keepalived rejects adverts that differ in it";
    differ(
        "the interface",
        first.interface == other.interface,
        ": give the NICs one name",
    );
    differ("the version", first.version == other.version, rejects);
    differ(
        "the interval of adverts",
        first.interval == other.interval,
        rejects,
    );
    differ("the password", first.password == other.password, rejects);
    differ(
        "the list of addresses",
        first.addresses == other.addresses,
        rejects,
    );
    differ(
        "preemption",
        (first.preempt, first.preempt_delay) == (other.preempt, other.preempt_delay),
        "",
    );
    differ(
        "multicast or unicast",
        first.peers.is_empty() == other.peers.is_empty(),
        rejects,
    );
    differ(
        "what scripts are tracked",
        first.scripts == other.scripts,
        "",
    );
    differ("a `notify` command", first.notify == other.notify, "");
}

fn finish(
    mut merged: MergedRouter,
    taken: &mut BTreeSet<String>,
    nodes: &BTreeMap<String, Node>,
    notes: &mut Notes,
) -> MergedRouter {
    let router = &mut merged.router;
    router.name = unique(clean(&router.name, &format!("router-{}", router.id)), taken);
    let least = router.interval.saturating_mul(2);
    if !router.preempt_delay.is_zero() && router.preempt_delay < least {
        router.preempt_delay = least;
        let message = format!(
            "`preempt_delay`: lbd takes none, or two advert intervals and more: {least:?} here"
        );
        notes.add(Kind::Changed, &router.place, message);
    }
    unknown_peers(&merged, nodes, notes);
    merged
}

/// lbd sends to the other directors, so each peer must be one.
fn unknown_peers(merged: &MergedRouter, nodes: &BTreeMap<String, Node>, notes: &mut Notes) {
    for (peer, place) in &merged.router.peers {
        let mut directors = merged.priorities.keys().filter_map(|name| nodes.get(name));
        if !directors.any(|node| node.address == Some(*peer)) {
            let message = format!(
                "the peer {peer} is none of the directors whose files were given; give its file too"
            );
            notes.add(Kind::Question, place, message);
        }
    }
}
