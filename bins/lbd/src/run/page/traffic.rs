//! What the kernel's IPVS counts, by service and node.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipvs_netlink::{Client, DestinationEntry, Error};
use lbd_core::engine::ServiceStatus;
use status_page::Traffic;
use tracing::debug;

use super::Moment;

/// A connection to the kernel beside the kernel thread's: that one is not to wait for those who look.
#[derive(Debug, Default)]
pub(super) struct Counters(Option<Client>);

impl Counters {
    /// Those of the services that this host balances; nothing where the kernel has none of them, or cannot be asked.
    pub(super) async fn read(&mut self, moment: &Moment) -> Vec<Traffic> {
        if moment.keys.is_empty() {
            return Vec::new();
        }
        match self.try_read(moment).await {
            Ok(traffic) => traffic,
            Err(error) => {
                debug!("the counters of IPVS cannot be read: {error}");
                self.0 = None;
                Vec::new()
            }
        }
    }

    async fn try_read(&mut self, moment: &Moment) -> Result<Vec<Traffic>, Error> {
        let client = match &mut self.0 {
            Some(client) => client,
            None => self.0.insert(Client::connect().await?),
        };
        let mut traffic = Vec::new();
        for (entry, servers) in client.table(|key| moment.keys.contains(key)).await? {
            let services = moment.keys.iter().zip(&moment.status.services);
            let mut same = services.filter(|(key, _)| **key == entry.service.key);
            if let Some((_, service)) = same.next() {
                traffic.extend(of_service(service, &servers));
            }
        }
        Ok(traffic)
    }
}

/// Servers that are in the table but not in the file are not lbd's to show.
fn of_service<'a>(
    service: &'a ServiceStatus,
    servers: &'a [DestinationEntry],
) -> impl Iterator<Item = Traffic> + 'a {
    let nodes: BTreeMap<IpAddr, &str> = service
        .servers
        .iter()
        .map(|server| (server.address, server.node.as_str()))
        .collect();
    servers.iter().filter_map(move |entry| {
        Some(Traffic {
            service: service.name.clone(),
            node: (*nodes.get(&entry.destination.address)?).to_owned(),
            active: entry.active_connections,
            inactive: entry.inactive_connections,
            connections: entry.stats.connections,
            packets: entry.stats.packets_in,
            bytes: entry.stats.bytes_in,
        })
    })
}
