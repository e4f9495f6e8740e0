//! What `lbd status` says: data for people and programs.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use healthcheck::{Health, Role};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use vrrp_proto::State;

use crate::weight::{Decision, Input, Want};

/// One daemon's view of its cluster. Fields may be added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The version of this shape: [`Status::VERSION`].
    pub version: u32,
    /// The cluster's name.
    pub cluster: String,
    /// The node that this host is.
    pub node: String,
    /// The virtual routers that it directs.
    pub routers: Vec<RouterStatus>,
    /// The services that it balances, as master or as backup.
    pub services: Vec<ServiceStatus>,
}

impl Status {
    /// Another one, if a field ever goes or changes its meaning.
    pub const VERSION: u32 = 1;
}

/// One virtual router.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouterStatus {
    /// Its name.
    pub name: String,
    /// Its VRID.
    pub id: u8,
    /// The interface that adverts travel on.
    pub interface: String,
    /// The addresses that the master holds.
    pub addresses: Vec<IpNet>,
    /// The state of this host in it.
    pub state: RouterState,
    /// The priority that this host has in it now.
    pub priority: u8,
    /// Who is master: the address that its adverts come from, as far as it is known.
    pub master: Option<IpAddr>,
    /// What adverts there were since the daemon started.
    #[serde(default)]
    pub adverts: Adverts,
}

/// Adverts of one virtual router.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adverts {
    /// Sent; one to each director in unicast.
    pub sent: u64,
    /// Received and accepted.
    pub received: u64,
    /// Received and rejected, by the check that they failed ([`vrrp_proto::Reason::as_str`]); each check is there.
    pub rejected: BTreeMap<String, u64>,
}

/// A state of RFC 9568, section 6.4, or one in which a router cannot take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouterState {
    /// Not begun.
    Initialize,
    /// Another one holds the addresses.
    Backup,
    /// This host holds the addresses.
    Master,
    /// The interface, or the address on it, is missing.
    Fault,
}

impl From<State> for RouterState {
    fn from(state: State) -> Self {
        match state {
            State::Initialize => Self::Initialize,
            State::Backup => Self::Backup,
            State::Master => Self::Master,
            State::Fault => Self::Fault,
        }
    }
}

/// One balanced service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Its name.
    pub name: String,
    /// The virtual address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// The firewall mark, if it is selected by one.
    pub fwmark: Option<u32>,
    /// The scheduler.
    pub scheduler: String,
    /// The servers, in the order of the file.
    pub servers: Vec<ServerStatus>,
}

/// One real server of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerStatus {
    /// The node.
    pub node: String,
    /// Its address.
    pub address: IpAddr,
    /// The verdict of its check: `unknown`, `up`, `suspected`, `busy` or `down`; `unchecked` without one.
    pub health: String,
    /// For how many seconds it has been so; none without a check.
    pub since_seconds: Option<f64>,
    /// What is wanted of it in the table.
    pub table: Table,
    /// The weight that is wanted; none when it is not in the table, or is there as it happens to be.
    pub weight: Option<u32>,
    /// The weight before everything that reduces it.
    pub base_weight: u32,
    /// Why, in one sentence.
    pub why: String,
    /// How far it is behind its primary, in seconds; none: not measured.
    pub lag_seconds: Option<f64>,
    /// Its part in replication: `primary` or `replica`; none: not known.
    pub role: Option<String>,
    /// What somebody has to see to before its check can say more.
    pub alarm: Option<String>,
}

/// What is wanted of a server in the kernel's table while this host is master.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Table {
    /// In it.
    Present,
    /// Not in it.
    Absent,
    /// As the kernel has it: nothing is known yet.
    AsIs,
}

impl ServerStatus {
    pub(super) fn new(
        node: &str,
        address: IpAddr,
        input: &Input,
        decision: &Decision,
        since: Duration,
    ) -> Self {
        let base = input.measured.weight.unwrap_or(input.base);
        Self {
            health: health(&input.health).to_owned(),
            since_seconds: Some(since.as_secs_f64()),
            lag_seconds: input.measured.lag.as_ref().map(Duration::as_secs_f64),
            role: role(input.measured.role).map(str::to_owned),
            alarm: input.alarm.as_ref().map(ToString::to_string),
            ..Self::unchecked(node, address, base, decision)
        }
    }

    pub(super) fn unchecked(node: &str, address: IpAddr, base: u32, decision: &Decision) -> Self {
        let (table, weight) = match decision.want {
            Want::Present(weight) => (Table::Present, Some(weight)),
            Want::Absent => (Table::Absent, None),
            Want::AsIs => (Table::AsIs, None),
        };
        Self {
            node: node.to_owned(),
            address,
            health: "unchecked".to_owned(),
            since_seconds: None,
            table,
            weight,
            base_weight: base,
            why: decision.why.clone(),
            lag_seconds: None,
            role: None,
            alarm: None,
        }
    }
}

fn health(health: &Health) -> &'static str {
    match health {
        Health::Unknown => "unknown",
        Health::Up => "up",
        Health::Suspected => "suspected",
        Health::Busy => "busy",
        Health::Down { .. } => "down",
    }
}

fn role(role: Role) -> Option<&'static str> {
    match role {
        Role::Unknown => None,
        Role::Replica => Some("replica"),
        Role::Primary => Some("primary"),
    }
}
