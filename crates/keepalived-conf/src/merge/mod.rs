//! From the directors' files to one cluster.

mod agreed;
mod by_address;
mod check;
mod email;
mod name;
mod nodes;
mod routers;
mod services;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::beside::MarkRule;
use crate::model::{Check, Director, Email, Forwarding, Router};
use crate::note::Notes;
pub use nodes::Node;

/// What keepalived's files do not say.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The cluster's name.
    pub cluster: Option<String>,
    /// Names and addresses of hosts.
    pub nodes: BTreeMap<String, IpAddr>,
}

/// What lbd's file will say.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its name, for people.
    pub name: String,
    /// The hosts by name.
    pub nodes: BTreeMap<String, Node>,
    /// The virtual routers, in the order of the files.
    pub routers: Vec<MergedRouter>,
    /// The services, in the order of the files.
    pub services: Vec<MergedService>,
    /// Mail; nothing without a receiver.
    pub email: Email,
}

/// A virtual router of several directors.
#[derive(Clone, Debug)]
pub struct MergedRouter {
    /// What the first of the files says of it.
    pub router: Router,
    /// The directors' priorities.
    pub priorities: BTreeMap<String, u8>,
}

/// A service of several directors.
#[derive(Clone, Debug)]
pub struct MergedService {
    /// Its name.
    pub name: String,
    /// The virtual address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// The mark, and whether the files have it.
    pub mark: Option<(u32, MarkOrigin)>,
    /// The scheduler.
    pub scheduler: String,
    /// How packets reach a server.
    pub forwarding: Forwarding,
    /// The weight of each server.
    pub weight: u32,
    /// The servers, where they are not all nodes.
    pub servers: Option<Vec<String>>,
    /// The directors, where they do not follow from the virtual routers.
    pub directors: Option<Vec<String>>,
    /// The check of each server; its port is there only if it is not the service's.
    pub check: Option<Check>,
}

/// Where a service's mark comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkOrigin {
    /// `virtual_server fwmark N`.
    File,
    /// A new one, because lbd needs it.
    New,
}

/// Merges the directors' files. The rules that set marks tell what is behind a `virtual_server fwmark`.
pub fn merge(
    directors: Vec<Director>,
    answers: &Answers,
    rules: &[MarkRule],
    notes: &mut Notes,
) -> Cluster {
    let named = nodes::name(directors, notes);
    let nodes = nodes::nodes(&named, answers, notes);
    let routers = routers::routers(&named, &nodes, notes);
    let services = services::services(&named, &nodes, &routers, rules, notes);
    Cluster {
        name: answers
            .cluster
            .clone()
            .unwrap_or_else(|| "imported".to_owned()),
        nodes,
        routers,
        services,
        email: email::email(&named, notes),
    }
}

impl Cluster {
    /// How many directors balance a service.
    #[must_use]
    pub fn director_count(&self, service: &MergedService) -> usize {
        match &service.directors {
            Some(named) => named.len(),
            None => holders(&self.routers, service.address).len(),
        }
    }
}

/// The directors that can hold an address.
fn holders(routers: &[MergedRouter], address: IpAddr) -> BTreeSet<&String> {
    let holding = |merged: &&MergedRouter| {
        merged
            .router
            .addresses
            .iter()
            .any(|held| held.ip == address)
    };
    let holding = routers.iter().filter(holding);
    holding
        .flat_map(|merged| merged.priorities.keys())
        .collect()
}
