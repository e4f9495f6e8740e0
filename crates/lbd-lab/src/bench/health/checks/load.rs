//! How many servers are checked, and how often, as both programs want it written.

use std::fmt::{self, Write};
use std::net::Ipv4Addr;

/// Where every service and server listens. Not a database's port: lbd would warn of it 100 times.
pub(super) const PORT: u16 = 8080;

/// The network of all servers: the first two octets, and how `ip route` wants it.
pub(super) const NETWORK: ([u8; 2], &str) = ([10, 98], "10.98.0.0/16");

/// Last octets in use: 1 to this.
const IN_A_ROW: usize = 200;

/// Services with as many servers each. Every server has an address of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    services: usize,
    servers: usize,
    /// Seconds from one check of a server to the next.
    pub(super) interval: u32,
}

impl Load {
    pub(super) const ALL: [Self; 3] = [Self::new(10, 1), Self::new(100, 1), Self::new(100, 10)];

    /// 100 services.
    const fn new(servers: usize, interval: u32) -> Self {
        Self {
            services: 100,
            servers,
            interval,
        }
    }

    /// Of all services.
    pub(super) const fn checks(&self) -> usize {
        self.services * self.servers
    }

    /// Every service's address, and its servers'.
    fn rows(&self) -> impl Iterator<Item = (Ipv4Addr, Vec<Ipv4Addr>)> {
        (0..self.services).map(|service| {
            let first = service * self.servers;
            let servers = (first..first + self.servers).map(|number| address(NETWORK.0, number));
            (address([10, 99], service), servers.collect())
        })
    }

    /// lbd's file, for a host with this address that only balances.
    pub(super) fn for_lbd(&self, balancer: Ipv4Addr) -> String {
        let name = |server: &Ipv4Addr| format!("n{}", server.to_string().replace('.', "-"));
        let mut nodes = format!("cluster: bench\nnodes:\n  lb: {{ address: {balancer} }}\n");
        let mut services = String::from("virtual_services:\n");
        for (number, (address, servers)) in self.rows().enumerate() {
            // Writing to a string cannot fail.
            for server in &servers {
                let _ = writeln!(nodes, "  {}: {{ address: {server} }}", name(server));
            }
            let names: Vec<_> = servers.iter().map(name).collect();
            let _ = writeln!(
                services,
                "  - name: s{number}\n    address: {address}\n    port: {PORT}\n    scheduler: wlc\n    \
                 forwarding: masquerade\n    directors: [lb]\n    servers: [{}]\n    \
                 health_check: {{ tcp: {{ interval: {}s }} }}",
                names.join(", "),
                self.interval
            );
        }
        nodes + &services
    }

    /// The same for keepalived.
    pub(super) fn for_keepalived(&self) -> String {
        let mut text = String::from("global_defs {\n    router_id lb\n}\n");
        for (address, servers) in self.rows() {
            let _ = writeln!(
                text,
                "virtual_server {address} {PORT} {{\n    delay_loop {}\n    lb_algo wlc\n    lb_kind NAT\n    \
                 protocol TCP",
                self.interval
            );
            for server in servers {
                let _ = writeln!(
                    text,
                    "    real_server {server} {PORT} {{\n        weight 1\n        TCP_CHECK {{\n        }}\n    }}"
                );
            }
            text.push_str("}\n");
        }
        text
    }
}

/// "10 000 checks, each every 10 s".
impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} 000 checks, each every {} s",
            self.checks() / 1000,
            self.interval
        )
    }
}

fn address([a, b]: [u8; 2], number: usize) -> Ipv4Addr {
    let [c, d] = [number / IN_A_ROW, number % IN_A_ROW + 1]
        .map(|octet| u8::try_from(octet).unwrap_or(u8::MAX));
    Ipv4Addr::new(a, b, c, d)
}

/// Which server has this address; nothing where none can have it.
pub(super) fn server(address: Ipv4Addr) -> Option<usize> {
    let [a, b, c, d] = address.octets();
    let last = usize::from(d).checked_sub(1)?;
    ([a, b] == NETWORK.0 && last < IN_A_ROW).then_some(usize::from(c) * IN_A_ROW + last)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn both_programs_are_given_the_same_checks() {
        let load = Load {
            services: 3,
            servers: 2,
            interval: 5,
        };
        assert_eq!(load.checks(), 6);
        let file = load.for_lbd(Ipv4Addr::new(10, 9, 0, 1));
        assert_eq!(file.matches(": { address: ").count(), 1 + 6);
        assert_eq!(file.matches("tcp: { interval: 5s }").count(), 3);
        assert!(file.contains("servers: [n10-98-0-5, n10-98-0-6]"));
        let file = load.for_keepalived();
        assert_eq!(file.matches("delay_loop 5").count(), 3);
        assert_eq!(file.matches("real_server 10.98.0.").count(), 6);
        assert_eq!(file.matches("TCP_CHECK").count(), 6);
    }

    #[test]
    fn every_server_is_known_by_an_address_of_its_own() {
        let [.., load] = Load::ALL;
        let servers: Vec<_> = load.rows().flat_map(|(_, servers)| servers).collect();
        let different: BTreeSet<_> = servers.iter().collect();
        assert_eq!(different.len(), 10_000);
        for (number, address) in servers.into_iter().enumerate() {
            assert_eq!(server(address), Some(number));
        }
        for other in [[10, 99, 0, 1], [10, 98, 0, 0], [10, 98, 0, 201]] {
            assert_eq!(server(other.into()), None);
        }
    }
}
