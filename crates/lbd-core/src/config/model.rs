//! The configuration after every check: the types the rest of lbd works with.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use ipvs_netlink::{Family, Forwarding, Protocol, Scheduler, ServiceFlags, ServiceKey};
use netfilter_mark::{Choice, Mac};
use vrrp_proto::{Authentication, Centis, ChecksumForm, Priority, Version, Vrid};

use super::check::HealthCheck;
use crate::weight;

/// A whole, valid configuration: the same on every node of a cluster.
#[derive(Clone, Debug)]
pub struct Config {
    /// The cluster's name, for people.
    pub cluster: String,
    /// The database hosts by name.
    pub nodes: BTreeMap<String, Node>,
    /// The virtual routers, in the order of the file; may be empty.
    pub routers: Vec<VirtualRouter>,
    /// The balanced services, in the order of the file; may be empty.
    pub services: Vec<VirtualService>,
    /// Where operators are told of changes.
    pub notifications: Option<Notifications>,
    /// Whether directors tell each other of their connections, so that these survive a takeover.
    pub connection_sync: bool,
    /// The program that the mark rules are made with.
    pub mark_backend: Choice,
    /// Parameters of IPVS, by their last name, that lbd does not touch.
    pub left_parameters: BTreeSet<String>,
}

/// One host of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The host's own address: how it finds itself, where it is checked and balanced to.
    pub address: IpAddr,
    /// Its MAC, when it is not to be learned from the neighbour table.
    pub mac: Option<Mac>,
}

/// One virtual router: a set of addresses that exactly one of its directors holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualRouter {
    /// Its name, for people and hooks.
    pub name: String,
    /// The virtual router identifier (VRID), 1 to 255.
    pub id: Vrid,
    /// The NIC that adverts travel on and that holds the addresses.
    pub interface: String,
    /// The protocol version spoken.
    pub version: Version,
    /// The directors and their priorities.
    pub priorities: BTreeMap<String, Priority>,
    /// The time between two adverts.
    pub advert_interval: Centis,
    /// How adverts are authenticated; version 2 only.
    pub authentication: Authentication,
    /// The virtual addresses with their prefix length, /32 or /128 when not given.
    pub addresses: Vec<IpNet>,
    /// Whether a director with a higher priority takes over from a live master.
    pub preempt: bool,
    /// How long it waits before it does.
    pub preempt_delay: Duration,
    /// Whether adverts go to each other director by itself instead of to the VRRP group.
    pub unicast: bool,
    /// What the checksum of a version 3 advert over IPv4 covers.
    pub checksum: ChecksumForm,
    /// Scripts whose failure changes the priority.
    pub track_scripts: Vec<TrackScript>,
    /// Commands to run when the role changes.
    pub notify: NotifyHooks,
}

impl VirtualRouter {
    /// The configured priority of a node: none when it is no director of this router.
    #[must_use]
    pub fn priority_of(&self, node: &str) -> Option<Priority> {
        self.priorities.get(node).copied()
    }

    /// Whether this router holds `address`.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|held| held.addr() == address)
    }
}

/// A script whose result changes a router's priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackScript {
    /// Its name, for people.
    pub name: String,
    /// Program and arguments; never a shell line.
    pub command: Vec<String>,
    /// From one run's start to the next.
    pub interval: Duration,
    /// How long a run may take.
    pub timeout: Duration,
    /// Negative: subtracted while it fails. Positive: added while it succeeds. 0: failure is a fault.
    pub weight: i16,
    /// Failures in a row until it counts as failed.
    pub fall: u32,
    /// Successes in a row until it counts as well again.
    pub rise: u32,
}

/// Commands to run when the role changes: program and arguments each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotifyHooks {
    /// On becoming master.
    pub master: Option<Vec<String>>,
    /// On becoming backup.
    pub backup: Option<Vec<String>>,
    /// On a fault.
    pub fault: Option<Vec<String>>,
    /// When the daemon stops.
    pub stop: Option<Vec<String>>,
}

/// Who sets the firewall mark of a service's frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkMode {
    /// lbd, in a chain of its own, sparing frames from other directors.
    Managed,
    /// Somebody else; lbd only balances what is marked.
    External,
}

/// What turns a service's mark into its guard mark.
pub(in crate::config) const GUARD_BIT: u32 = 1 << 31;

/// One balanced service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualService {
    /// Its name, for people.
    pub name: String,
    /// The virtual address clients connect to.
    pub address: IpAddr,
    /// The TCP port clients connect to.
    pub port: u16,
    /// The firewall mark that selects the service's frames; none: by address and port.
    pub fwmark: Option<NonZeroU32>,
    /// Who sets that mark.
    pub mark: MarkMode,
    /// How new connections are spread.
    pub scheduler: Scheduler,
    /// The scheduler's own settings.
    pub scheduler_flags: ServiceFlags,
    /// Seconds for which a client stays with its server; none: each connection is spread by itself.
    pub persistence: Option<NonZeroU32>,
    /// How packets reach a real server.
    pub forwarding: Forwarding,
    /// The weight of a healthy real server.
    pub weight: u32,
    /// The weights of those servers that have one of their own.
    pub weights: BTreeMap<String, u32>,
    /// The nodes that serve it, in the order of the file.
    pub servers: Vec<String>,
    /// The nodes that balance it.
    pub directors: Vec<String>,
    /// How a server's health is judged; none: every server always counts as healthy.
    pub health_check: Option<Arc<HealthCheck>>,
    /// How weights follow from what is known of the servers.
    pub weighting: weight::Policy,
}

impl VirtualService {
    /// What names the service in the kernel's table.
    #[must_use]
    pub fn key(&self) -> ServiceKey {
        match self.fwmark {
            Some(mark) => ServiceKey::Fwmark {
                mark,
                family: Family::of(self.address),
            },
            None => ServiceKey::Address {
                protocol: Protocol::Tcp,
                address: self.address,
                port: self.port,
            },
        }
    }

    /// The weight of a node when it is healthy.
    #[must_use]
    pub fn weight_of(&self, node: &str) -> u32 {
        self.weights.get(node).copied().unwrap_or(self.weight)
    }

    /// The mark of frames that another director sent: they are delivered here, and never sent on. It is the
    /// service's mark with the highest bit turned, which the file's check keeps free.
    #[must_use]
    pub fn guard_mark(&self) -> Option<NonZeroU32> {
        NonZeroU32::new(self.fwmark?.get() ^ GUARD_BIT)
    }

    /// Whether a real server must hold the virtual address itself to answer for it.
    #[must_use]
    pub fn wants_address_on_servers(&self) -> bool {
        self.forwarding != Forwarding::Masquerade
    }
}

/// Where operators are told of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notifications {
    /// By mail.
    pub email: Option<Email>,
}

/// Mail to operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// The sender.
    pub from: String,
    /// The receivers; never empty.
    pub to: Vec<String>,
    /// The mail server: a name or an address, with `:port` when it is not 25.
    pub smtp_server: String,
    /// How long a connection to it may take to stand.
    pub connect_timeout: Duration,
}
