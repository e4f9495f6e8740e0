//! What this host's kernel should hold: a pure function of configuration, role, health and the
//! other directors' MACs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use ipnet::IpNet;
use ipvs_netlink::{
    Daemon, DaemonRole, Destination, DestinationKey, Family, Name, Persistence, Service, ServiceKey,
};
use netfilter_mark::{Mac, MarkRule, Protocol};
use sysctl_tune::Setting;

use crate::config::{MarkMode, VirtualService};
use crate::host::Host;
use crate::weight;

/// An address on an interface of this host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vip {
    /// The interface's name.
    pub interface: String,
    /// The address and its prefix length.
    pub address: IpNet,
}

impl Vip {
    /// Whether the other is the same address on the same interface, of whatever prefix length.
    #[must_use]
    pub fn same_place(&self, other: &Self) -> bool {
        self.interface == other.interface && self.address.addr() == other.address.addr()
    }
}

impl fmt::Display for Vip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.address, self.interface)
    }
}

/// What is wanted of one real server in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// In the table, exactly so.
    Present(Destination),
    /// Not in the table.
    Absent,
    /// As the kernel has it: its health is not known yet, so a restart over a running table
    /// neither throws out a live server nor puts in a dead one.
    AsIs,
}

/// A service and its real servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredService {
    /// The service itself.
    pub service: Service,
    /// Its real servers; one that is not named is not wanted.
    pub destinations: Wants,
}

/// What is wanted of each real server of a service. A copy shares it: whoever compares with what was wanted before keeps
/// one, and a table of thousands of servers is compared at every change of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants(Arc<BTreeMap<DestinationKey, Want>>);

impl Deref for Wants {
    type Target = BTreeMap<DestinationKey, Want>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromIterator<(DestinationKey, Want)> for Wants {
    fn from_iter<I: IntoIterator<Item = (DestinationKey, Want)>>(wants: I) -> Self {
        Self(Arc::new(wants.into_iter().collect()))
    }
}

impl<const N: usize> From<[(DestinationKey, Want); N]> for Wants {
    fn from(wants: [(DestinationKey, Want); N]) -> Self {
        wants.into_iter().collect()
    }
}

/// What is wanted of the mark chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Marks {
    /// No chain.
    #[default]
    Absent,
    /// As the kernel has it: the other directors' MACs are not known yet.
    AsIs,
    /// A chain of exactly these rules.
    Exactly(Vec<MarkRule>),
}

/// Everything that this host's kernel should hold of lbd's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desired {
    /// Kernel parameters.
    pub sysctls: Vec<Setting>,
    /// Virtual addresses, on `lo` and on NICs.
    pub addresses: BTreeSet<Vip>,
    /// The balanced services.
    pub services: BTreeMap<ServiceKey, DesiredService>,
    /// Services that stay as the kernel has them, if it has them.
    pub kept: BTreeSet<ServiceKey>,
    /// The connection sync daemon that runs; none where connections are not synchronised.
    pub sync: Option<Daemon>,
    /// Whether one that runs already is left, whatever its role.
    pub sync_kept: bool,
    /// The mark chain.
    pub marks: Marks,
}

/// What the engine knows that the desired state depends on.
pub trait Knowledge {
    /// This node's role in the router at this place in the configuration.
    fn role(&self, router: usize) -> Role;
    /// What is wanted in the table of a node as a server of the service at this place in the configuration.
    fn want(&self, index: usize, service: &VirtualService, node: &str) -> weight::Want;
    /// The MACs of other directors, by name; a director whose MAC is not known is not in it.
    fn director_macs(&self) -> &BTreeMap<String, Mac>;
    /// Whether each other director's MAC is known or known not to be had: until then no new rule is made,
    /// because a frame of an unknown director could be balanced in a circle.
    fn may_mark(&self) -> bool;
}

/// A node's role in a virtual router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It holds the addresses.
    Master,
    /// It does not: another one does, or did.
    Backup,
    /// It does not, and since its start it has been neither master nor heard one that will stay. It may have been
    /// master until a moment ago, and be it again soon.
    Undecided,
}

impl Desired {
    /// What the kernel should hold while lbd runs.
    pub fn running(host: &Host, knowledge: &impl Knowledge) -> Self {
        let mut desired = Self::standing(host);
        for (index, router) in host.routers() {
            if knowledge.role(index) == Role::Master {
                desired
                    .addresses
                    .extend(router.addresses.iter().map(|address| Vip {
                        interface: router.interface.clone(),
                        address: *address,
                    }));
            }
        }
        let mut rules = Vec::new();
        for (index, service) in host.directed() {
            rules.extend(mark_rule(host, service, knowledge));
            match balances(host, service, knowledge) {
                Role::Master => {
                    let entry = desired_service(host, index, service, knowledge);
                    desired.services.insert(service.key(), entry);
                }
                Role::Undecided => {
                    desired.kept.insert(service.key());
                }
                Role::Backup => {}
            }
        }
        if let Some((daemon, role)) = sync_daemon(host, knowledge) {
            desired.sync = Some(daemon);
            desired.sync_kept = role == Role::Undecided;
        }
        desired.sysctls.extend(host.director_parameters());
        desired.marks = match (rules.is_empty(), knowledge.may_mark()) {
            (true, _) => Marks::Absent,
            (false, false) => Marks::AsIs,
            (false, true) => Marks::Exactly(rules),
        };
        desired
    }

    /// Whether this address is wanted on this interface, with whatever prefix length.
    #[must_use]
    pub fn has_address(&self, interface: &str, address: IpAddr) -> bool {
        let mut addresses = self.addresses.iter();
        addresses.any(|vip| vip.interface == interface && vip.address.addr() == address)
    }

    /// What stays when lbd has stopped: the addresses on `lo`, which hold live local sockets, and
    /// the parameters without which the host would answer ARP for them.
    #[must_use]
    pub fn standing(host: &Host) -> Self {
        let addresses: BTreeSet<Vip> = host
            .taking_part()
            .filter(|service| service.wants_address_on_servers())
            .map(|service| Vip {
                interface: "lo".to_owned(),
                address: IpNet::from(service.address),
            })
            .collect();
        let sysctls = if addresses.iter().any(|vip| vip.address.addr().is_ipv4()) {
            sysctl_tune::direct_route_host(&host.nic)
        } else {
            Vec::new()
        };
        Self {
            sysctls,
            addresses,
            ..Self::default()
        }
    }
}

/// Whether this host's kernel holds the service now: as for a master, as for a backup, or as it happens to be.
///
/// Only the master's holds it. IPVS follows the entries of old connections whatever the mark of a frame says, and a
/// director that is not master gets frames from the one that is: an old entry of its own would send them on, and
/// round. Without the service it follows none. One that starts again over a running set leaves it, so that its
/// connections live on, until its role is decided. Where lbd makes the marks, the service comes only when their
/// guard can be made. With connection sync the service stays always, as the entries that
/// are received need its servers; there the backup's sync daemon keeps the kernel from balancing.
fn balances(host: &Host, service: &VirtualService, knowledge: &impl Knowledge) -> Role {
    let role = match host.router_of(service) {
        Some(router) if !host.config.connection_sync => knowledge.role(router),
        Some(_) | None => Role::Master,
    };
    let guarded =
        service.fwmark.is_none() || service.mark == MarkMode::External || knowledge.may_mark();
    // Without the guard an entry of an earlier time as master could be followed.
    if role == Role::Master && !guarded {
        return Role::Undecided;
    }
    role
}

/// The sync daemon, and the role that it follows.
fn sync_daemon(host: &Host, knowledge: &impl Knowledge) -> Option<(Daemon, Role)> {
    let (index, router) = host.sync_router()?;
    let role = knowledge.role(index);
    let end = match role {
        Role::Master => DaemonRole::Master,
        Role::Backup | Role::Undecided => DaemonRole::Backup,
    };
    // The file's check has found the name to be one that an interface can have.
    let interface = Name::new(&router.interface).ok()?;
    // Clusters that share a LAN have different VRIDs.
    Some((Daemon::new(end, interface, router.id.get()), role))
}

fn desired_service(
    host: &Host,
    index: usize,
    service: &VirtualService,
    knowledge: &impl Knowledge,
) -> DesiredService {
    let destinations = service
        .servers
        .iter()
        .filter_map(|name| host.config.nodes.get(name).map(|node| (name, node.address)))
        .map(|(name, address)| {
            let mut destination = destination(service, name, address);
            let want = match knowledge.want(index, service, name) {
                weight::Want::AsIs => Want::AsIs,
                weight::Want::Present(weight) => {
                    destination.weight = weight;
                    Want::Present(destination)
                }
                weight::Want::Absent => Want::Absent,
            };
            (destination.key(), want)
        })
        .collect();
    let mut wanted = Service::new(service.key(), service.scheduler);
    wanted.flags = service.scheduler_flags;
    wanted.persistence = service
        .persistence
        .map(|seconds| Persistence::per_client(seconds.get(), Family::of(service.address)));
    DesiredService {
        service: wanted,
        destinations,
    }
}

fn destination(service: &VirtualService, node: &str, address: IpAddr) -> Destination {
    // Direct routing and tunnels cannot change the port; under a fwmark the kernel keeps it at 0.
    let port = if service.fwmark.is_some() && service.wants_address_on_servers() {
        0
    } else {
        service.port
    };
    Destination::new(address, port, service.forwarding, service.weight_of(node))
}

fn mark_rule(
    host: &Host,
    service: &VirtualService,
    knowledge: &impl Knowledge,
) -> Option<MarkRule> {
    let (mark, guard) = (service.fwmark?, service.guard_mark()?);
    if service.mark == MarkMode::External {
        return None;
    }
    let macs = knowledge.director_macs();
    let excluded: BTreeSet<Mac> = service
        .directors
        .iter()
        .filter(|name| **name != host.node)
        .filter_map(|name| macs.get(name).copied())
        .collect();
    Some(MarkRule {
        destination: service.address,
        protocol: Protocol::Tcp,
        port: service.port,
        mark,
        guard,
        excluded,
    })
}
