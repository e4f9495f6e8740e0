//! The table that is programmed, as each program wants it written.

use std::fmt::Write;
use std::net::Ipv4Addr;

use ipvs_netlink::{
    Change, Destination, DestinationKey, Forwarding, Scheduler, Service, ServiceKey,
};

/// The TCP port of every service and server.
const PORT: u16 = 3306;

/// Services with as many servers each, and one service more, with a single server: the one whose weight is changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) services: u16,
    pub(super) servers: u16,
    /// The weight of the single server; of all others it is 1.
    pub(super) weight: u32,
}

impl Table {
    /// 10 000 destinations, and the single one.
    pub(super) const FULL: Self = Self {
        services: 100,
        servers: 100,
        weight: 1,
    };

    pub(super) const fn with_weight(self, weight: u32) -> Self {
        Self { weight, ..self }
    }

    /// Of all services.
    pub(super) fn destinations(&self) -> usize {
        usize::from(self.services) * usize::from(self.servers) + 1
    }

    /// The service with the single server.
    pub(super) fn single(&self) -> (ServiceKey, DestinationKey) {
        let server = DestinationKey {
            address: address(97, 1).into(),
            port: PORT,
        };
        (ServiceKey::tcp(address(97, 0).into(), PORT), server)
    }

    /// Every service: its address, the first of its servers' numbers and how many they are, the servers' weight.
    fn rows(&self) -> impl Iterator<Item = (Ipv4Addr, Vec<Ipv4Addr>, u32)> {
        let servers: Vec<_> = (0..self.servers)
            .map(|number| address(98, number))
            .collect();
        let many = (0..self.services).map(move |number| (address(99, number), servers.clone(), 1));
        many.chain([(address(97, 0), vec![address(97, 1)], self.weight)])
    }

    /// lbd's file, for a host with this address that only balances.
    pub(super) fn for_lbd(&self, balancer: Ipv4Addr) -> String {
        let name = |server: &Ipv4Addr| format!("n{}", server.to_string().replace('.', "-"));
        let mut text = format!("cluster: bench\nnodes:\n  lb: {{ address: {balancer} }}\n");
        let mut services = String::from("virtual_services:\n");
        let mut nodes: Vec<Ipv4Addr> = Vec::new();
        for (address, servers, weight) in self.rows() {
            let names: Vec<_> = servers.iter().map(name).collect();
            // Writing to a string cannot fail.
            let _ = writeln!(
                services,
                "  - name: s{}\n    address: {address}\n    port: {PORT}\n    scheduler: wlc\n    \
                 forwarding: masquerade\n    weight: {weight}\n    directors: [lb]\n    servers: [{}]",
                address.to_string().replace('.', "-"),
                names.join(", ")
            );
            nodes.extend(servers);
        }
        nodes.sort_unstable();
        nodes.dedup();
        for server in &nodes {
            let _ = writeln!(text, "  {}: {{ address: {server} }}", name(server));
        }
        text + &services
    }

    /// What `ipvsadm -R` reads.
    pub(super) fn for_ipvsadm(&self) -> String {
        let mut text = String::new();
        for (address, servers, weight) in self.rows() {
            let _ = writeln!(text, "-A -t {address}:{PORT} -s wlc");
            for server in servers {
                let _ = writeln!(
                    text,
                    "-a -t {address}:{PORT} -r {server}:{PORT} -m -w {weight}"
                );
            }
        }
        text
    }

    /// keepalived's file: servers without a checker always count as healthy.
    pub(super) fn for_keepalived(&self) -> String {
        let mut text = String::from("global_defs {\n    router_id lb\n}\n");
        for (address, servers, weight) in self.rows() {
            let _ = writeln!(
                text,
                "virtual_server {address} {PORT} {{\n    lb_algo wlc\n    lb_kind NAT\n    protocol TCP"
            );
            for server in servers {
                let _ = writeln!(
                    text,
                    "    real_server {server} {PORT} {{\n        weight {weight}\n    }}"
                );
            }
            text.push_str("}\n");
        }
        text
    }

    /// The same for `ipvs-netlink`.
    pub(super) fn changes(&self) -> Vec<Change> {
        let mut changes = Vec::with_capacity(self.destinations() + usize::from(self.services) + 1);
        for (address, servers, weight) in self.rows() {
            let key = ServiceKey::tcp(address.into(), PORT);
            changes.push(Change::AddService(Service::new(key, Scheduler::WLC)));
            changes.extend(servers.into_iter().map(|server| {
                let server = Destination::new(server.into(), PORT, Forwarding::Masquerade, weight);
                Change::AddDestination(key, server)
            }));
        }
        changes
    }
}

/// 10.NET.x.y, 200 in a row.
fn address(net: u8, number: u16) -> Ipv4Addr {
    let [high, low] =
        [number / 200, number % 200 + 1].map(|octet| u8::try_from(octet).unwrap_or(u8::MAX));
    Ipv4Addr::new(10, net, high, low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_is_given_the_same_table() {
        let table = Table {
            services: 3,
            servers: 2,
            weight: 5,
        };
        assert_eq!(table.destinations(), 7);
        assert_eq!(table.changes().len(), 4 + 7);
        let lines = table.for_ipvsadm();
        assert_eq!(lines.lines().count(), 4 + 7);
        assert!(lines.ends_with("-a -t 10.97.0.1:3306 -r 10.97.0.2:3306 -m -w 5\n"));
        let file = table.for_keepalived();
        assert_eq!(file.matches("virtual_server ").count(), 4);
        assert_eq!(file.matches("real_server ").count(), 7);
        assert_eq!(file.matches("weight 5").count(), 1);
        let file = table.for_lbd(Ipv4Addr::new(10, 9, 0, 1));
        assert_eq!(file.matches("  - name: ").count(), 4);
        assert_eq!(file.matches(": { address: ").count(), 1 + 3);
        assert_eq!(file.matches("weight: 5").count(), 1);
    }
}
