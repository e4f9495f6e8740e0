//! What the neighbours answer: asked once, judged by several.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use lbd_core::host::{Host, Interface};
use netfilter_mark::Mac;
use vrrp_net::{MacAndAddress, Prober};

use super::finding::Report;

/// How long answers are waited for.
const WAIT: Duration = Duration::from_secs(1);

/// What was heard.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The MACs that answer ARP for an address, this host's own among them where it has the address on that interface; an
    /// address that was not asked for is not in it.
    pub(super) holders: BTreeMap<Ipv4Addr, BTreeSet<Mac>>,
    /// Hosts, by their MAC, that answered an echo request for an address sent to them; none: it was not asked.
    pub(super) echoes: Option<BTreeSet<(Mac, Ipv4Addr)>>,
    /// The MAC of this host's own NIC.
    pub(super) own: Option<Mac>,
}

impl Heard {
    /// The MAC of a node: what alone answers for its address.
    pub(super) fn mac_of(&self, host: &Host, node: &str) -> Option<Mac> {
        let IpAddr::V4(address) = host.config.nodes.get(node)?.address else {
            return None;
        };
        let mut macs = self.holders.get(&address)?.iter();
        macs.next().copied().filter(|_| macs.next().is_none())
    }

    /// The nodes behind a MAC, in words.
    pub(super) fn name(&self, host: &Host, mac: Mac) -> String {
        if self.own == Some(mac) {
            return format!("{mac} (this host)");
        }
        let nodes = host.config.nodes.keys();
        let names: Vec<&str> = nodes
            .map(String::as_str)
            .filter(|node| self.mac_of(host, node) == Some(mac))
            .collect();
        match names.is_empty() {
            true => format!("{mac} (no node of the file)"),
            false => format!("{mac} ({})", names.join(", ")),
        }
    }
}

/// Asks for every virtual address, and on the NIC for every node; blocks for some seconds.
pub(super) fn ask(host: &Host, interfaces: &[Interface], report: &mut Report) -> Heard {
    let mut heard = Heard::default();
    for (name, addresses) in questions(host, interfaces) {
        let Some(interface) = interfaces.iter().find(|i| i.name == name) else {
            continue;
        };
        let what = format!("who answers ARP on {name}");
        let Some((prober, mac)) = report.read(&what, open(host, interface)) else {
            continue;
        };
        let Some(mut answers) = report.read(&what, prober.who_has(&addresses, WAIT)) else {
            continue;
        };
        for address in addresses {
            let macs = answers.remove(&address).unwrap_or_default();
            let holders = heard.holders.entry(address).or_default();
            holders.extend(macs.into_iter().map(Mac));
            if interface.addresses.contains(&IpAddr::V4(address)) {
                holders.insert(mac);
            }
        }
        if name == host.nic {
            heard.own = Some(mac);
            let targets = echo_targets(host, &heard);
            let echoes = report.read("who has the virtual addresses on lo", {
                prober.echo(&targets, WAIT)
            });
            heard.echoes = echoes.map(|echoes| {
                let echoes = echoes.into_iter();
                echoes.map(|(mac, address)| (Mac(mac), address)).collect()
            });
        }
    }
    heard
}

/// The addresses to ask for, by interface.
fn questions(host: &Host, interfaces: &[Interface]) -> BTreeMap<String, BTreeSet<Ipv4Addr>> {
    let mut questions: BTreeMap<String, BTreeSet<Ipv4Addr>> = BTreeMap::new();
    let mut add = |interface: &str, address: IpAddr| {
        let there = interfaces.iter().any(|i| i.name == interface);
        let interface = if there { interface } else { &host.nic };
        if let IpAddr::V4(address) = address {
            let addresses = questions.entry(interface.to_owned()).or_default();
            addresses.insert(address);
        }
    };
    for node in host.config.nodes.values() {
        add(&host.nic, node.address);
    }
    for router in &host.config.routers {
        let addresses = router.addresses.iter().map(|address| address.addr());
        addresses.for_each(|address| add(&router.interface, address));
    }
    for service in &host.config.services {
        if host.router_of(service).is_none() {
            add(&host.nic, service.address);
        }
    }
    questions
}

/// With the interface's first address that is no virtual one as who asks.
fn open(host: &Host, interface: &Interface) -> Result<(Prober, Mac), String> {
    let mac = interface.mac.ok_or("the interface has no MAC")?;
    let is_virtual = |address: IpAddr| {
        let routers = host.config.routers.iter().any(|r| r.holds(address));
        routers || host.config.services.iter().any(|s| s.address == address)
    };
    let mut addresses = interface.addresses.iter().filter_map(|address| {
        let own = Some(*address) == host.address();
        match address {
            IpAddr::V4(v4) if !is_virtual(*address) => Some((!own, *v4)),
            IpAddr::V4(_) | IpAddr::V6(_) => None,
        }
    });
    let first = addresses.by_ref().min_by_key(|(other, _)| *other);
    let (_, address) = first.ok_or("the interface has no IPv4 address of its own to ask from")?;
    let prober = Prober::open(interface.index, mac.0, address);
    prober
        .map(|prober| (prober, mac))
        .map_err(|error| error.to_string())
}

/// Each other server's virtual addresses, and its own for comparison.
fn echo_targets(host: &Host, heard: &Heard) -> BTreeSet<MacAndAddress> {
    let mut targets = BTreeSet::new();
    for (node, virtual_address) in virtual_on_servers(host) {
        let own = host.config.nodes.get(node).map(|node| node.address);
        if let (Some(mac), Some(IpAddr::V4(own))) = (heard.mac_of(host, node), own) {
            targets.extend([(mac.0, own), (mac.0, virtual_address)]);
        }
    }
    targets
}

/// The other servers and the IPv4 addresses that each should have on `lo`.
pub(super) fn virtual_on_servers(host: &Host) -> BTreeSet<(&str, Ipv4Addr)> {
    let services = host.config.services.iter();
    services
        .filter(|service| service.wants_address_on_servers())
        .flat_map(|service| {
            let servers = service.servers.iter().chain(&service.directors);
            servers.filter_map(|node| match service.address {
                IpAddr::V4(address) if *node != host.node => Some((node.as_str(), address)),
                IpAddr::V4(_) | IpAddr::V6(_) => None,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::stand::{host, mac};
    use super::*;

    #[test]
    fn each_address_is_asked_for_where_it_lives() {
        let interface = |name: &str| Interface {
            index: 2,
            name: name.to_owned(),
            mac: None,
            usable: true,
            addresses: Vec::new(),
        };
        let all = [1, 2, 3, 101].map(|last| Ipv4Addr::new(192, 0, 2, last));
        let expected = BTreeMap::from([("eth0".to_owned(), BTreeSet::from(all))]);
        assert_eq!(questions(&host("a"), &[interface("eth0")]), expected);
    }

    #[test]
    fn a_host_whose_address_two_answer_for_has_no_mac() {
        let address = Ipv4Addr::new(192, 0, 2, 2);
        let mut heard = Heard::default();
        heard.holders.insert(address, BTreeSet::from([mac(2)]));
        assert_eq!(heard.mac_of(&host("a"), "b"), Some(mac(2)));
        assert_eq!(heard.name(&host("a"), mac(2)), "02:00:00:00:00:02 (b)");
        heard
            .holders
            .insert(address, BTreeSet::from([mac(2), mac(3)]));
        assert_eq!(heard.mac_of(&host("a"), "b"), None);
    }
}
