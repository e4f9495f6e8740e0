//! Which node of the file this host is, and what the host brings along.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipvs_netlink::Scheduler;
use netfilter_mark::Mac;
use sysctl_tune::{IpvsNeeds, Setting};
use thiserror::Error;

use crate::config::nearest::suggestion;
use crate::config::{Config, VirtualRouter, VirtualService};

/// One network interface of this host, as read from the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The kernel's number for it.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its hardware address, where it has one of six octets.
    pub mac: Option<Mac>,
    /// Administratively up, with carrier.
    pub usable: bool,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// Why a host cannot take part in the cluster of a file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HostError {
    /// `--node` named a node that the file does not have.
    #[error("the file has no node `{name}`{meant}; it has {known}")]
    NoSuchNode {
        /// The name given.
        name: String,
        /// The name that was probably meant, in words; empty where none is near.
        meant: String,
        /// The names there are.
        known: String,
    },
    /// None of the host's addresses is a node's.
    #[error(
        "none of this host's addresses ({host}) is a node's of the file ({nodes}); add the host to `nodes`, or name it with --node"
    )]
    NotInFile {
        /// The host's addresses.
        host: String,
        /// The nodes' addresses.
        nodes: String,
    },
    /// Several nodes of the file have addresses of this host.
    #[error(
        "the addresses of the nodes {names} are all on this host; say which one it is with --node"
    )]
    Ambiguous {
        /// The nodes' names.
        names: String,
    },
    /// The node's address is not on this host.
    #[error(
        "`{node}` has the address {address} in the file, which is on no interface of this host"
    )]
    AddressNotHere {
        /// The node.
        node: String,
        /// Its address in the file.
        address: IpAddr,
    },
    /// A virtual router's interface does not exist.
    #[error(
        "virtual router `{router}` runs on interface {interface}, which this host does not have; it has {known}"
    )]
    NoSuchInterface {
        /// The router.
        router: String,
        /// The interface it names.
        interface: String,
        /// The interfaces there are.
        known: String,
    },
    /// An interface has no address to send adverts from.
    #[error(
        "virtual router `{router}` needs an {family} address on {interface} to send adverts from"
    )]
    NoSourceAddress {
        /// The router.
        router: String,
        /// Its interface.
        interface: String,
        /// `IPv4` or `IPv6`.
        family: &'static str,
    },
}

/// This host as a member of the cluster.
#[derive(Clone, Debug)]
pub struct Host {
    /// The configuration, the same on every node.
    pub config: Config,
    /// The name of the node that this host is.
    pub node: String,
    /// The interface that holds the node's own address.
    pub nic: String,
    /// The address adverts of each router are sent from, by the router's place in the configuration;
    /// only routers that this node directs are in it.
    pub sources: BTreeMap<usize, IpAddr>,
}

impl Host {
    /// Finds out which node this host is and whether it has what its roles need.
    ///
    /// # Errors
    /// [`HostError`] when the host is not in the file, is not unique in it, or lacks an interface or address.
    pub fn new(
        config: Config,
        interfaces: &[Interface],
        named: Option<&str>,
    ) -> Result<Self, HostError> {
        let node = find(&config, interfaces, named)?;
        let address = config.nodes.get(&node).map(|n| n.address);
        let nic = interfaces
            .iter()
            .find(|interface| address.is_some_and(|a| interface.addresses.contains(&a)))
            .map(|interface| interface.name.clone())
            .unwrap_or_default();
        let mut sources = BTreeMap::new();
        for (index, router) in config.routers.iter().enumerate() {
            if router.priority_of(&node).is_some() {
                sources.insert(index, source(&config, router, address, interfaces)?);
            }
        }
        Ok(Self {
            config,
            node,
            nic,
            sources,
        })
    }

    /// The node's own address.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.config.nodes.get(&self.node).map(|node| node.address)
    }

    /// The routers that this node directs, with their places in the configuration.
    pub fn routers(&self) -> impl Iterator<Item = (usize, &VirtualRouter)> {
        self.config
            .routers
            .iter()
            .enumerate()
            .filter(|(_, router)| router.priority_of(&self.node).is_some())
    }

    /// The commands that this node may have to run, with where they stand in the file, in words.
    pub fn commands(&self) -> impl Iterator<Item = (String, &[String])> {
        let routers = self.routers().flat_map(|(_, router)| router.commands());
        let services = self.directed();
        routers.chain(services.flat_map(|(_, service)| service.commands()))
    }

    /// The services that this node balances, with their places in the configuration.
    pub fn directed(&self) -> impl Iterator<Item = (usize, &VirtualService)> {
        self.config
            .services
            .iter()
            .enumerate()
            .filter(|(_, service)| service.directors.contains(&self.node))
    }

    /// The router that holds a service's address; none in a file where somebody else moves it.
    #[must_use]
    pub fn router_of(&self, service: &VirtualService) -> Option<usize> {
        let mut routers = self.config.routers.iter();
        routers.position(|router| router.holds(service.address))
    }

    /// The router whose role the connection sync daemons follow, where there are to be any on this host.
    #[must_use]
    pub fn sync_router(&self) -> Option<(usize, &VirtualRouter)> {
        if !self.config.connection_sync {
            return None;
        }
        let index = self
            .directed()
            .find_map(|(_, service)| self.router_of(service))?;
        Some((index, self.config.routers.get(index)?))
    }

    /// The kernel's parameters of IPVS, as far as lbd is to manage them on this host.
    pub fn director_parameters(&self) -> Vec<Setting> {
        if self.directed().next().is_none() {
            return Vec::new();
        }
        let mut settings = sysctl_tune::ipvs_director(&self.ipvs_needs());
        settings.retain(|setting| !self.config.left_parameters.contains(setting.key.name()));
        settings
    }

    fn ipvs_needs(&self) -> IpvsNeeds {
        let synced = self.config.connection_sync;
        IpvsNeeds {
            persistence: self
                .directed()
                .any(|(_, service)| service.persistence.is_some()),
            sloppy_tcp: !synced
                && self
                    .directed()
                    .any(|(_, service)| service.scheduler == Scheduler::MH),
            connection_sync: synced,
        }
    }

    /// The services that this node serves as a real server or balances.
    pub fn taking_part(&self) -> impl Iterator<Item = &VirtualService> {
        self.config.services.iter().filter(|service| {
            service.servers.contains(&self.node) || service.directors.contains(&self.node)
        })
    }
}

fn find(
    config: &Config,
    interfaces: &[Interface],
    named: Option<&str>,
) -> Result<String, HostError> {
    let here = |address: IpAddr| interfaces.iter().any(|i| i.addresses.contains(&address));
    if let Some(name) = named {
        let Some(node) = config.nodes.get(name) else {
            return Err(HostError::NoSuchNode {
                name: name.to_owned(),
                meant: suggestion(name, config.nodes.keys().map(String::as_str)),
                known: list(config.nodes.keys()),
            });
        };
        if !here(node.address) {
            return Err(HostError::AddressNotHere {
                node: name.to_owned(),
                address: node.address,
            });
        }
        return Ok(name.to_owned());
    }
    let mut found = config.nodes.iter().filter(|(_, node)| here(node.address));
    match (found.next(), found.next()) {
        (Some((name, _)), None) => Ok(name.clone()),
        (None, _) => Err(HostError::NotInFile {
            host: list(interfaces.iter().flat_map(|i| &i.addresses)),
            nodes: list(config.nodes.values().map(|node| node.address)),
        }),
        (Some((first, _)), Some((second, _))) => Err(HostError::Ambiguous {
            names: list(
                [first, second]
                    .into_iter()
                    .chain(found.map(|(name, _)| name)),
            ),
        }),
    }
}

fn source(
    config: &Config,
    router: &VirtualRouter,
    own: Option<IpAddr>,
    interfaces: &[Interface],
) -> Result<IpAddr, HostError> {
    let Some(interface) = interfaces.iter().find(|i| i.name == router.interface) else {
        return Err(HostError::NoSuchInterface {
            router: router.name.clone(),
            interface: router.interface.clone(),
            known: list(interfaces.iter().map(|i| &i.name)),
        });
    };
    let ipv6 = router.addresses.iter().any(|a| a.addr().is_ipv6());
    // Of no router: another one's address may be on the interface just now, and leave it.
    let virtual_address = |address: &IpAddr| config.routers.iter().any(|r| r.holds(*address));
    let fits = |address: &IpAddr| match address {
        IpAddr::V4(_) => !ipv6 && !virtual_address(address),
        // RFC 9568, 5.1.2.1: the source of an IPv6 advert is link-local.
        IpAddr::V6(v6) => ipv6 && v6.is_unicast_link_local() && !virtual_address(address),
    };
    own.filter(|address| fits(address) && interface.addresses.contains(address))
        .or_else(|| interface.addresses.iter().copied().find(fits))
        .ok_or(HostError::NoSourceAddress {
            router: router.name.clone(),
            interface: router.interface.clone(),
            family: if ipv6 { "IPv6" } else { "IPv4" },
        })
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(", ")
}
