//! Who answers ARP for a virtual address: exactly one host should, and a director.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use lbd_core::host::Host;
use netfilter_mark::Mac;

use super::finding::Finding;
use super::heard::Heard;

const ABOUT: &str = "arp";

/// Judges the answers for each virtual address that was asked for.
pub(super) fn judge(host: &Host, heard: &Heard) -> Vec<Finding> {
    let nodes: BTreeSet<IpAddr> = host.config.nodes.values().map(|n| n.address).collect();
    let virtuals = heard.holders.iter();
    virtuals
        .filter(|(address, _)| !nodes.contains(&IpAddr::V4(**address)))
        .filter_map(|(address, holders)| {
            let mut all = holders.iter();
            match (all.next(), all.next()) {
                (None, _) => Some(nobody(*address)),
                (Some(holder), None) => no_director(host, heard, *address, *holder),
                (Some(_), Some(_)) => Some(several(host, heard, *address, holders)),
            }
        })
        .collect()
}

fn nobody(address: Ipv4Addr) -> Finding {
    Finding::new(
        ABOUT,
        format!(
            "no host answers ARP for {address}: clients do not reach it, as no director is master or the master is on another network"
        ),
        "Start lbd on the directors, and see `lbd status` on each for why none is master",
    )
}

fn several(host: &Host, heard: &Heard, address: Ipv4Addr, holders: &BTreeSet<Mac>) -> Finding {
    let names: Vec<String> = holders.iter().map(|mac| heard.name(host, *mac)).collect();
    Finding::new(
        ABOUT,
        format!(
            "{} hosts answer ARP for {address}, and each client goes to whichever answered first: {}",
            holders.len(),
            names.join(", ")
        ),
        "One may: where all are directors, find out why they do not hear each other's adverts (`lbd status` on each, VRID, firewall, \
         switch); a server that is not master must have the address on lo only, with arp_ignore 1 (run `lbd doctor` there)",
    )
}

/// The one that answers is a node that may not.
fn no_director(host: &Host, heard: &Heard, address: Ipv4Addr, holder: Mac) -> Option<Finding> {
    let mut routers = host.config.routers.iter();
    let router = routers.find(|router| router.holds(IpAddr::V4(address)))?;
    let nodes = || host.config.nodes.keys().map(String::as_str);
    let is = |node: &&str| match *node == host.node {
        true => heard.own == Some(holder),
        false => heard.mac_of(host, node) == Some(holder),
    };
    let directs = |node: &str| router.priority_of(node).is_some();
    if nodes().filter(is).any(directs) {
        return None;
    }
    Some(Finding::new(
        ABOUT,
        format!(
            "{} answers ARP for {address}, and is no director of virtual router {}: all clients go to that one host",
            heard.name(host, holder),
            router.name
        ),
        "Take the address off its NIC; where it is on lo only, set arp_ignore to 1 there (run `lbd doctor` on it)",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::stand::{host, mac};
    use super::*;

    fn found(holders: &[u8]) -> String {
        let address = |last| Ipv4Addr::new(192, 0, 2, last);
        let mut heard = Heard {
            own: Some(mac(1)),
            ..Heard::default()
        };
        for node in 1..=3 {
            let own = BTreeSet::from([mac(node)]);
            heard.holders.insert(address(node), own);
        }
        let holders = holders.iter().map(|last| mac(*last)).collect();
        heard.holders.insert(address(101), holders);
        let findings = judge(&host("a"), &heard);
        assert!(findings.len() < 2, "{findings:?}");
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_director_may_answer() {
        assert_eq!(found(&[1]), "");
        assert_eq!(found(&[2]), "");
    }

    #[test]
    fn nobody_two_or_one_that_is_no_director_may_not() {
        assert!(found(&[]).contains("no host answers"));
        let two = found(&[1, 2]);
        assert!(two.contains("2 hosts answer ARP for 192.0.2.101"), "{two}");
        assert!(two.contains("02:00:00:00:00:01 (this host), 02:00:00:00:00:02 (b)"));
        assert!(found(&[3]).contains("(c) answers ARP for 192.0.2.101, and is no director"));
        assert!(found(&[9]).contains("(no node of the file)"));
    }
}
