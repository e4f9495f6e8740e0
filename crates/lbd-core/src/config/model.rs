//! The configuration after every check: the types the rest of lbd works with.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use ipvs_netlink::{Family, Forwarding, Protocol, Scheduler, ServiceFlags, ServiceKey};
use netfilter_mark::{Choice, Mac};
use vrrp_proto::{Authentication, Centis, ChecksumForm, Priority, Version, Vrid};

use super::MailServer;
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
    /// Whose rights tracked scripts and hooks have; none: the daemon's.
    pub script_user: Option<String>,
    /// Where the status page and the metrics are served, without authentication; none: nowhere.
    pub status_page: Option<SocketAddr>,
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
    /// Interfaces, beside the router's own, whose loss does.
    pub track_interfaces: Vec<TrackInterface>,
    /// Processes whose absence does.
    pub track_processes: Vec<TrackProcess>,
    /// Files with a number that does.
    pub track_files: Vec<TrackFile>,
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

/// An interface whose loss changes a router's priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackInterface {
    /// Its name.
    pub interface: String,
    /// As of [`TrackScript::weight`], with the loss as the failure.
    pub weight: i16,
}

/// A process whose absence changes a router's priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackProcess {
    /// The program's absolute path, or the name that the kernel has for the process: at most 15 octets
    /// (`/proc/PID/comm`, proc(5)).
    pub process: String,
    /// How many must run.
    pub quorum: u32,
    /// From one look to the next.
    pub interval: Duration,
    /// As of [`TrackScript::weight`], with too few processes as the failure.
    pub weight: i16,
    /// Looks in a row that find too few until it counts as failed.
    pub fall: u32,
    /// Looks in a row that find enough until it counts as well again.
    pub rise: u32,
}

/// A file that holds a number, which changes a router's priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackFile {
    /// Its absolute path.
    pub file: String,
    /// From one look to the next.
    pub interval: Duration,
    /// The number times this is added. 0: any number but 0 is a fault.
    pub weight: i16,
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
    /// Commands to run when a server comes or goes.
    pub notify: ServerHooks,
}

/// Commands to run when a server of a service comes or goes: program and arguments each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerHooks {
    /// When a server is up.
    pub up: Option<Vec<String>>,
    /// When a server is down.
    pub down: Option<Vec<String>>,
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
    /// The mail server.
    pub smtp_server: MailServer,
    /// How long a connection to it may take to stand.
    pub connect_timeout: Duration,
    /// How what is said to it is protected.
    pub encryption: MailEncryption,
    /// A file in PEM with the authorities that may have signed its certificate, in place of the system's.
    pub ca_file: Option<String>,
    /// Who logs in to it; none: nobody does.
    pub login: Option<MailLogin>,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailEncryption {
    /// Not at all.
    None,
    /// By TLS, begun with the command STARTTLS (RFC 3207). A server that does not offer it gets no mail.
    StartTls,
    /// By TLS from the first octet on (RFC 8314, 3.3).
    Tls,
}

/// A login at a mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailLogin {
    /// The user.
    pub user: String,
    /// The file that holds the password, alone on its first line.
    pub password_file: String,
}
