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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use ipvs_netlink::{Destination, Forwarding, Stats};
    use lbd_core::engine::{ServerStatus, Table};

    fn server(node: &str, address: &str) -> ServerStatus {
        ServerStatus {
            node: node.to_owned(),
            address: address.parse().unwrap(),
            health: "up".to_owned(),
            since_seconds: None,
            table: Table::Present,
            weight: Some(1),
            base_weight: 1,
            why: String::new(),
            lag_seconds: None,
            role: None,
            alarm: None,
        }
    }

    fn entry(address: &str, connections: u64) -> DestinationEntry {
        let address = address.parse().unwrap();
        DestinationEntry {
            destination: Destination::new(address, 0, Forwarding::DirectRoute, 1),
            active_connections: 2,
            inactive_connections: 3,
            persistent_connections: 0,
            stats: Stats {
                connections,
                packets_in: 5,
                bytes_in: 6,
                ..Stats::default()
            },
            unknown: Vec::new(),
        }
    }

    #[test]
    fn a_server_of_the_table_is_the_node_with_its_address_and_one_of_others_is_left_out() {
        let service = ServiceStatus {
            name: "reads".to_owned(),
            address: "192.0.2.101".parse().unwrap(),
            port: 3306,
            fwmark: Some(2),
            scheduler: "wrr".to_owned(),
            servers: vec![server("db1", "192.0.2.1"), server("db2", "192.0.2.2")],
        };
        let entries = [entry("192.0.2.2", 7), entry("192.0.2.99", 8)];
        let traffic: Vec<Traffic> = of_service(&service, &entries).collect();
        let expected = Traffic {
            service: "reads".to_owned(),
            node: "db2".to_owned(),
            active: 2,
            inactive: 3,
            connections: 7,
            packets: 5,
            bytes: 6,
        };
        assert_eq!(traffic, [expected]);
    }
}
