//! The hosts: directors and real servers, by name and address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Answers;
use super::name::{clean, unique};
use crate::model::Director;
use crate::note::{Kind, Notes};

/// A host of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its address; none if nothing tells it.
    pub address: Option<IpAddr>,
    /// Whether one of the files is its.
    pub director: bool,
}

/// A director with its final name.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) director: Director,
}

/// Names the directors: as given, or by `router_id`, or by number.
pub(super) fn name(directors: Vec<Director>, notes: &mut Notes) -> Vec<Named> {
    let mut taken = BTreeSet::new();
    let mut named = Vec::new();
    for (director, number) in directors.into_iter().zip(1..) {
        let id = director.router_id.as_ref().map(|(id, _)| id);
        let wanted = director.given_name.as_ref().or(id);
        let numbered = format!("director{number}");
        let wanted = wanted.map_or_else(|| numbered.clone(), |name| clean(name, &numbered));
        let name = unique(wanted.clone(), &mut taken);
        if name != wanted {
            let message = format!(
                "{}: a second director `{wanted}`, here `{name}`; name it: NAME={}",
                director.file, director.file
            );
            notes.add_general(Kind::Question, message);
        }
        if name == numbered {
            let message = format!(
                "{}: its director is called `{name}`; for another name write NAME={}",
                director.file, director.file
            );
            notes.add_general(Kind::Changed, message);
        }
        if let Some((id, place)) = director.router_id.as_ref().filter(|(id, _)| *id != name) {
            let message = format!("`router_id {id}`: the director is called `{name}`");
            notes.add(Kind::Changed, place, message);
        }
        named.push(Named { name, director });
    }
    if let [alone] = named.as_slice() {
        let message = format!(
            "{}: one director only; lbd has one file for all, so give those of the others too: lbd import db1=FILE db2=FILE",
            alone.director.file
        );
        notes.add_general(Kind::Changed, message);
    }
    named
}

/// All hosts.
pub(super) fn nodes(
    named: &[Named],
    answers: &Answers,
    notes: &mut Notes,
) -> BTreeMap<String, Node> {
    let mut nodes: BTreeMap<String, Node> = BTreeMap::new();
    for (name, address) in &answers.nodes {
        let node = Node {
            address: Some(*address),
            director: false,
        };
        nodes.insert(name.clone(), node);
    }
    for one in named {
        let told = answers.nodes.get(&one.name).copied();
        let node = Node {
            address: told.or_else(|| own_address(one, notes)),
            director: true,
        };
        nodes.insert(one.name.clone(), node);
    }
    by_elimination(named, &mut nodes);
    add_servers(named, &mut nodes);
    ask_for_missing(&nodes, named, notes);
    nodes
}

/// The address that its adverts come from.
fn own_address(one: &Named, notes: &mut Notes) -> Option<IpAddr> {
    let routers = one.director.routers.iter();
    let mut sources = routers.filter_map(|router| Some((router, router.source?)));
    let (_, first) = sources.next()?;
    for (router, other) in sources.filter(|(_, source)| *source != first) {
        let message = format!(
            "adverts from {other}, others from {first}: lbd sends all from the node's own address"
        );
        notes.add(Kind::NotCarried, &router.place, message);
    }
    Some(first)
}

/// A director that others name as their peer, when only one address and one director are left.
fn by_elimination(named: &[Named], nodes: &mut BTreeMap<String, Node>) {
    let known: BTreeSet<IpAddr> = nodes.values().filter_map(|node| node.address).collect();
    let peers: BTreeSet<IpAddr> = named
        .iter()
        .flat_map(|one| &one.director.routers)
        .flat_map(|router| &router.peers)
        .map(|(peer, _)| *peer)
        .filter(|peer| !known.contains(peer))
        .collect();
    let missing = nodes.values_mut().filter(|node| node.address.is_none());
    if let ([peer], [node]) = (
        peers.into_iter().collect::<Vec<_>>().as_slice(),
        missing.collect::<Vec<_>>().as_mut_slice(),
    ) {
        node.address = Some(*peer);
    }
}

/// Real servers that are no node yet are named by their address.
fn add_servers(named: &[Named], nodes: &mut BTreeMap<String, Node>) {
    let services = named.iter().flat_map(|one| &one.director.services);
    for server in services.flat_map(|service| &service.servers) {
        if !nodes.values().any(|node| node.address == Some(server.ip)) {
            let name = format!("server-{}", server.ip).replace(':', "-");
            let node = Node {
                address: Some(server.ip),
                director: false,
            };
            nodes.insert(name, node);
        }
    }
}

fn ask_for_missing(nodes: &BTreeMap<String, Node>, named: &[Named], notes: &mut Notes) {
    let candidates: Vec<String> = nodes
        .values()
        .filter(|node| !node.director)
        .filter_map(|node| node.address.map(|address| address.to_string()))
        .collect();
    for one in named {
        if nodes
            .get(&one.name)
            .is_some_and(|node| node.address.is_some())
        {
            continue;
        }
        let mut message = format!(
            "{}: which address has `{}`? Nothing in the file tells; say --node {}=ADDRESS",
            one.director.file, one.name, one.name
        );
        if !candidates.is_empty() {
            message.push_str(&format!(
                " (the real servers are {})",
                candidates.join(", ")
            ));
        }
        notes.add_general(Kind::Question, message);
    }
}
