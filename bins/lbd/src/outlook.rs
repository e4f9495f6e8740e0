//! What a daemon that starts now would know: no role is decided but those of a daemon that runs, no server judged, and of the
//! other directors it knows the MACs that the file or the neighbour table has.

use std::collections::BTreeMap;

use lbd_core::config::VirtualService;
use lbd_core::desired::{Knowledge, Role};
use lbd_core::engine::{RouterState, Status};
use lbd_core::host::Host;
use lbd_core::weight;
use netfilter_mark::Mac;
use vip_netlink::Neighbour;

/// The knowledge that `Desired::running` takes.
#[derive(Debug)]
pub(crate) struct Outlook {
    macs: BTreeMap<String, Mac>,
    may_mark: bool,
    /// By the router's place in the configuration.
    roles: Vec<Role>,
}

impl Outlook {
    /// What is known of the other directors at a start, with these neighbours in the table.
    pub(crate) fn new(host: &Host, neighbours: &[Neighbour]) -> Self {
        let macs: BTreeMap<String, Mac> = other_directors(host)
            .filter_map(|name| {
                let node = host.config.nodes.get(name)?;
                let known = || {
                    let entry = neighbours.iter().find(|n| n.address == node.address)?;
                    entry.valid_mac().map(Mac)
                };
                Some((name.to_owned(), node.mac.or_else(known)?))
            })
            .collect();
        let may_mark = other_directors(host).all(|name| macs.contains_key(name));
        Self {
            macs,
            may_mark,
            roles: Vec::new(),
        }
    }

    /// The same, with the roles that a daemon on this host has now.
    pub(crate) fn with_roles(self, host: &Host, status: &Status) -> Self {
        let role = |name: &str| {
            let router = status.routers.iter().find(|router| router.name == name);
            match router.map(|router| router.state) {
                Some(RouterState::Master) => Role::Master,
                Some(RouterState::Backup | RouterState::Fault) => Role::Backup,
                Some(RouterState::Initialize) | None => Role::Undecided,
            }
        };
        let routers = host.config.routers.iter();
        let roles = routers.map(|router| role(&router.name)).collect();
        Self { roles, ..self }
    }

    /// The same, with rules made in any case: whom they spare is of no concern.
    pub(crate) fn marking(self) -> Self {
        Self {
            may_mark: true,
            ..self
        }
    }
}

/// The other directors of the services that this host balances; one of several services more than once.
pub(crate) fn other_directors(host: &Host) -> impl Iterator<Item = &str> {
    let directors = host.directed().flat_map(|(_, service)| &service.directors);
    directors
        .map(String::as_str)
        .filter(|name| *name != host.node)
}

impl Knowledge for Outlook {
    fn role(&self, router: usize) -> Role {
        self.roles.get(router).copied().unwrap_or(Role::Undecided)
    }

    fn want(&self, _index: usize, _service: &VirtualService, _node: &str) -> weight::Want {
        weight::Want::AsIs
    }

    fn director_macs(&self) -> &BTreeMap<String, Mac> {
        &self.macs
    }

    fn may_mark(&self) -> bool {
        self.may_mark
    }
}
