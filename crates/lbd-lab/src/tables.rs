//! What the kernel of a host holds, read with the tools that an operator would use.

use std::collections::BTreeMap;

use crate::failed::Result;
use crate::host::Host;

/// A virtual service as `ipvsadm -Sn` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// `-f 2` or `-t 10.243.95.101:3306`.
    pub key: String,
    /// `rr`.
    pub scheduler: String,
    /// By address and port.
    pub servers: BTreeMap<String, Server>,
}

/// A real server of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// `-g` is direct route, `-m` masquerade, `-i` tunnel.
    pub forwarding: String,
    /// Its weight.
    pub weight: u32,
}

impl Host {
    /// The IPVS table.
    ///
    /// # Errors
    /// When `ipvsadm` fails.
    pub fn ipvs(&self) -> Result<Vec<Service>> {
        Ok(parse_ipvs(&self.run("ipvsadm -Sn")?))
    }

    /// The addresses (without ports) of the real servers of all services, with weight above 0.
    ///
    /// # Errors
    /// When `ipvsadm` fails.
    pub fn serving(&self) -> Result<Vec<String>> {
        let mut found: Vec<String> = self
            .ipvs()?
            .iter()
            .flat_map(|service| service.servers.iter())
            .filter(|(_, server)| server.weight > 0)
            .map(|(address, _)| address.split(':').next().unwrap_or_default().to_owned())
            .collect();
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Connections and packets that each real server was given, by address and port.
    ///
    /// # Errors
    /// When `ipvsadm` fails.
    pub fn ipvs_connections(&self) -> Result<BTreeMap<String, u64>> {
        let text = self.run("ipvsadm -Ln --stats --exact")?;
        Ok(text
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("-> "))
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
            })
            .collect())
    }

    /// The addresses of an interface, with prefix: `10.243.95.3/24`.
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn addresses(&self, interface: &str) -> Result<Vec<String>> {
        let text = self.run(&format!("ip -o -4 addr show dev {interface}"))?;
        Ok(text
            .lines()
            .filter_map(|line| line.split_whitespace().nth(3))
            .map(str::to_owned)
            .collect())
    }

    /// Whether `eth0` has an address, whatever its prefix.
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn has_on_nic(&self, address: impl std::fmt::Display) -> Result<bool> {
        let wanted = format!("{address}/");
        Ok(self
            .addresses("eth0")?
            .iter()
            .any(|found| found.starts_with(&wanted)))
    }

    /// The rules of the mangle table, without counters; of the legacy and of the nft tables, where the kernel has them.
    ///
    /// # Errors
    /// When neither can be read.
    pub fn mangle(&self) -> Result<Vec<String>> {
        let legacy = self.run("iptables-legacy-save -t mangle");
        let texts = match (legacy, self.run("iptables-nft-save -t mangle")) {
            (Ok(legacy), Ok(nft)) => legacy + &nft,
            (Ok(only), Err(_)) | (Err(_), Ok(only)) => only,
            (Err(error), Err(_)) => return Err(error),
        };
        Ok(texts
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(without_counters)
            .collect())
    }

    /// The `iptables` that works on this kernel: user-mode Linux has the legacy tables only.
    #[must_use]
    pub fn iptables(&self) -> &'static str {
        if self.run("iptables -t mangle -S").is_ok() {
            "iptables"
        } else {
            "iptables-legacy"
        }
    }

    /// A sysctl's value.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn sysctl(&self, key: &str) -> Result<String> {
        Ok(self.run(&format!("sysctl -n {key}"))?.trim().to_owned())
    }

    /// The neighbour table of `eth0`: MAC by address.
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn neighbours(&self) -> Result<BTreeMap<String, String>> {
        let text = self.run("ip -4 neigh show dev eth0")?;
        Ok(text
            .lines()
            .filter_map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                let at = words.iter().position(|word| *word == "lladdr")?;
                Some((
                    (*words.first()?).to_owned(),
                    (*words.get(at + 1)?).to_owned(),
                ))
            })
            .collect())
    }
}

/// `:PREROUTING ACCEPT [12:720]` changes with every packet.
fn without_counters(line: &str) -> String {
    match line.split_once(" [") {
        Some((chain, _)) if line.starts_with(':') => chain.to_owned(),
        _ => line.to_owned(),
    }
}

fn parse_ipvs(text: &str) -> Vec<Service> {
    let mut services: Vec<Service> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let after = |flag: &str| {
            let at = words.iter().position(|word| *word == flag)?;
            words.get(at + 1).map(|word| (*word).to_owned())
        };
        let key = words.get(1..3).map(|key| key.join(" ")).unwrap_or_default();
        match words.first() {
            Some(&"-A") => services.push(Service {
                key,
                scheduler: after("-s").unwrap_or_default(),
                servers: BTreeMap::new(),
            }),
            Some(&"-a") => {
                let forwarding = ["-g", "-m", "-i"]
                    .into_iter()
                    .find(|flag| words.contains(flag))
                    .unwrap_or_default();
                let weight = after("-w")
                    .and_then(|weight| weight.parse().ok())
                    .unwrap_or_default();
                let server = Server {
                    forwarding: forwarding.to_owned(),
                    weight,
                };
                if let Some(service) = services.iter_mut().find(|service| service.key == key) {
                    service
                        .servers
                        .insert(after("-r").unwrap_or_default(), server);
                }
            }
            _ => {}
        }
    }
    services
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn a_saved_ipvs_table_is_read_with_its_servers() {
        let text =
            "-A -f 2 -s rr\n-a -f 2 -r 10.243.95.3:0 -g -w 3\n-a -f 2 -r 10.243.95.4:0 -g -w 0\n";
        let services = parse_ipvs(text);
        assert_eq!(services.len(), 1);
        assert_eq!(services[0].key, "-f 2");
        assert_eq!(services[0].scheduler, "rr");
        assert_eq!(services[0].servers.get("10.243.95.3:0").unwrap().weight, 3);
        assert_eq!(
            services[0].servers.get("10.243.95.4:0").unwrap().forwarding,
            "-g"
        );
    }
}
