//! Who the other directors of a virtual router are, by rank.

use std::cmp::Reverse;
use std::net::IpAddr;

use vrrp_proto::Priority;

use crate::config::VirtualRouter;
use crate::host::Host;

pub(super) fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

/// The other directors, the highest rank first.
pub(super) fn others(host: &Host, config: &VirtualRouter) -> Vec<(Priority, IpAddr)> {
    let mut others: Vec<(Priority, IpAddr)> = config
        .priorities
        .iter()
        .filter(|(name, _)| **name != host.node)
        .filter_map(|(name, priority)| Some((*priority, host.config.nodes.get(name)?.address)))
        .collect();
    others.sort_by_key(|other| Reverse(*other));
    others
}
