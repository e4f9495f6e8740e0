//! What a daemon that starts now would know: no role is decided, no server judged, and of the other directors it knows
//! the MACs that the file or the neighbour table has.

use std::collections::BTreeMap;

use lbd_core::config::VirtualService;
use lbd_core::desired::{Knowledge, Role};
use lbd_core::host::Host;
use lbd_core::weight;
use netfilter_mark::Mac;
use vip_netlink::Neighbour;

/// The knowledge that `Desired::running` takes.
#[derive(Debug)]
pub(crate) struct Outlook {
    macs: BTreeMap<String, Mac>,
    may_mark: bool,
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
        Self { macs, may_mark }
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
    fn role(&self, _router: usize) -> Role {
        Role::Undecided
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
