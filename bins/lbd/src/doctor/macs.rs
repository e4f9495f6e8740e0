//! The MACs of the nodes: by them the mark rules know frames of other directors.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use lbd_core::host::Host;
use netfilter_mark::Mac;

use super::finding::Finding;
use super::heard::Heard;
use crate::outlook::other_directors;

const ABOUT: &str = "macs";

/// Judges the MACs that answered for the nodes' own addresses.
pub(super) fn judge(host: &Host, heard: &Heard) -> Vec<Finding> {
    let directors: BTreeSet<&str> = other_directors(host).collect();
    let mut findings: Vec<Finding> = Vec::new();
    for (name, node) in &host.config.nodes {
        let IpAddr::V4(address) = node.address else {
            continue;
        };
        let Some(seen) = heard.holders.get(&address).filter(|_| *name != host.node) else {
            continue;
        };
        if seen.len() > 1 {
            findings.push(twice(name, node.address, seen));
        }
        if directors.contains(name.as_str()) {
            findings.extend(unknown(name, node.address, node.mac, seen));
        }
    }
    findings.extend(shared(host, heard, &directors));
    findings
}

fn list(macs: &BTreeSet<Mac>) -> String {
    let macs: Vec<String> = macs.iter().map(Mac::to_string).collect();
    macs.join(", ")
}

fn twice(node: &str, address: IpAddr, seen: &BTreeSet<Mac>) -> Finding {
    Finding::new(
        ABOUT,
        format!(
            "several hosts answer ARP for {address}, the own address of {node}: {}",
            list(seen)
        ),
        "An address may be on one host only; where it is one host with two NICs on this network, set arp_ignore to 1 on it",
    )
}

fn unknown(
    node: &str,
    address: IpAddr,
    configured: Option<Mac>,
    seen: &BTreeSet<Mac>,
) -> Option<Finding> {
    match configured {
        None if seen.is_empty() => Some(Finding::new(
            ABOUT,
            format!(
                "the MAC of director {node} is not known: nobody answers ARP for {address}, so that no rule spares its frames, should it come \
                 back"
            ),
            format!(
                "Start it, and see that it is on this host's network; or write its MAC into the file (`mac:` of {node})"
            ),
        )),
        Some(mac) if !seen.is_empty() && !seen.contains(&mac) => Some(Finding::new(
            ABOUT,
            format!(
                "director {node} answers from {}, and the file says {mac}: its frames are not spared, and may go in circles",
                list(seen)
            ),
            format!("Correct `mac:` of {node} in the file, or leave it out: then it is learned"),
        )),
        Some(_) | None => None,
    }
}

/// MACs of several nodes, a director of another host among them.
fn shared(host: &Host, heard: &Heard, directors: &BTreeSet<&str>) -> Vec<Finding> {
    let mut nodes_of: BTreeMap<Mac, BTreeSet<&str>> = BTreeMap::new();
    for (name, node) in &host.config.nodes {
        let seen = match *name == host.node {
            true => heard.own,
            false => heard.mac_of(host, name),
        };
        for mac in node.mac.into_iter().chain(seen) {
            nodes_of.entry(mac).or_default().insert(name.as_str());
        }
    }
    nodes_of.retain(|_, nodes| nodes.len() > 1 && !nodes.is_disjoint(directors));
    let finding = |(mac, nodes): (Mac, BTreeSet<&str>)| {
        let nodes: Vec<&str> = nodes.into_iter().collect();
        Finding::new(
            ABOUT,
            format!(
                "{} share the MAC {mac}: frames of one are taken for the other's, and are balanced by nobody or in circles",
                nodes.join(" and ")
            ),
            "Give each host a MAC of its own (cloned virtual machines often share one); hosts behind a router or proxy ARP cannot be \
             directors for each other",
        )
    };
    nodes_of.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::stand::{FILE, host, host_of, mac};
    use super::*;

    fn heard(macs: [&[u8]; 2]) -> Heard {
        let holders = macs.iter().zip([2, 3]).map(|(macs, last)| {
            let macs = macs.iter().map(|last| mac(*last)).collect();
            (Ipv4Addr::new(192, 0, 2, last), macs)
        });
        Heard {
            holders: holders.collect(),
            own: Some(mac(1)),
            ..Heard::default()
        }
    }

    fn found(host: &Host, macs: [&[u8]; 2]) -> Vec<String> {
        let findings = judge(host, &heard(macs));
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_mac_for_each_is_well_and_a_server_alone_may_be_off() {
        assert_eq!(found(&host("a"), [&[2], &[3]]), Vec::<String>::new());
        assert_eq!(found(&host("a"), [&[2], &[]]), Vec::<String>::new());
    }

    #[test]
    fn a_director_that_is_not_known_or_shares_a_mac_is_found() {
        let host = host("a");
        assert!(
            found(&host, [&[], &[3]])
                .concat()
                .contains("director b is not known")
        );
        assert!(
            found(&host, [&[3], &[3]])
                .concat()
                .contains("b and c share")
        );
        assert!(
            found(&host, [&[1], &[3]])
                .concat()
                .contains("a and b share")
        );
        assert!(
            found(&host, [&[2, 4], &[3]])
                .concat()
                .contains("several hosts")
        );
    }

    #[test]
    fn a_mac_of_the_file_that_another_one_answers_from_is_found() {
        let file = FILE.replace("192.0.2.2 }", "192.0.2.2, mac: \"02:00:00:00:00:02\" }");
        let host = host_of(&file, "a");
        assert_eq!(found(&host, [&[2], &[3]]), Vec::<String>::new());
        assert_eq!(found(&host, [&[], &[3]]), Vec::<String>::new());
        assert!(
            found(&host, [&[5], &[3]])
                .concat()
                .contains("the file says")
        );
    }
}
