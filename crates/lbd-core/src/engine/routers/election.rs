//! What the election of a virtual router is told of the file.

use std::net::IpAddr;
use std::time::Duration;

use vrrp_proto::{Priority, Router, RouterConfig};

use crate::config::VirtualRouter;

/// How often a master announces its addresses without any cause. An announcement that the network lost, or
/// a usurper that died before it could part, would else leave hosts with a wrong MAC for minutes.
const REFRESH: Duration = Duration::from_secs(60);

/// A router's configuration, with the priority that what is tracked leaves it.
pub(super) fn in_effect(router: &Router) -> RouterConfig {
    RouterConfig {
        priority: router.priority(),
        ..*router.config()
    }
}

pub(super) fn election(config: &VirtualRouter, priority: Priority, source: IpAddr) -> RouterConfig {
    let mut election = RouterConfig::new(config.version, priority, config.advert_interval, source);
    election.preempt = config.preempt;
    election.preempt_delay = config.preempt_delay;
    election.announce.refresh = Some(REFRESH);
    election
}
