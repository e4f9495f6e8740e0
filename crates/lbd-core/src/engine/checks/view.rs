//! What there is to say of the servers.

use std::num::NonZeroU32;

use healthcheck::Time;

use super::{Checks, unchecked};
use crate::config::VirtualService;
use crate::engine::status::{ServerStatus, ServiceStatus};
use crate::host::Host;
use crate::weight::Decision;

impl Checks {
    /// What there is to say of each service that this node balances.
    pub(in crate::engine) fn status(&self, host: &Host, now: Time) -> Vec<ServiceStatus> {
        let status = |(index, service): (usize, &VirtualService)| ServiceStatus {
            name: service.name.clone(),
            address: service.address,
            port: service.port,
            fwmark: service.fwmark.map(NonZeroU32::get),
            scheduler: service.scheduler.to_string(),
            servers: self.servers_of(host, (index, service), now).collect(),
        };
        host.directed().map(status).collect()
    }

    fn servers_of<'a>(
        &'a self,
        host: &'a Host,
        (index, service): (usize, &'a VirtualService),
        now: Time,
    ) -> impl Iterator<Item = ServerStatus> + 'a {
        service.servers.iter().filter_map(move |node| {
            let address = host.config.nodes.get(node)?.address;
            let Some(group) = self.groups.get(&index) else {
                let how = self.drained.get(node).copied();
                let decision = Decision {
                    want: self.want(index, service, node),
                    why: unchecked(how).to_owned(),
                };
                let base = service.weight_of(node);
                return Some(ServerStatus::unchecked(node, address, base, &decision));
            };
            let (input, decision) = group.server(node)?;
            let server = self.servers.get(&(index, node.clone()))?;
            let check = self.checks.get(&server.check)?;
            let since = now.saturating_sub(check.since());
            Some(ServerStatus::new(node, address, input, decision, since))
        })
    }
}
