//! The section `nodes`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use netfilter_mark::Mac;
use serde_yaml::Spanned;

use super::findings::Findings;
use crate::config::file;
use crate::config::model::Node;
use crate::config::nearest::suggestion;

pub(super) fn nodes(
    section: &Spanned<BTreeMap<String, file::Node>>,
    findings: &mut Findings,
) -> BTreeMap<String, Node> {
    if section.value.is_empty() {
        findings.add(section.referenced, "a cluster needs at least one node");
    }
    let mut by_address: BTreeMap<IpAddr, &str> = BTreeMap::new();
    let mut nodes = BTreeMap::new();
    for (name, node) in &section.value {
        let Some(address) = findings.host_address(&node.address) else {
            continue;
        };
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            findings.add(node.address.referenced, "a node needs a name");
        }
        if matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local()) {
            findings.add(
                node.address.referenced,
                format!("{address} is link-local: it means something else on every network; give a global one"),
            );
        }
        if let Some(first) = by_address.insert(address, name) {
            findings.add(
                node.address.referenced,
                format!("{address} is the address of `{first}` already"),
            );
        }
        let mac = node.mac.as_ref().and_then(|mac| own_mac(mac, findings));
        nodes.insert(name.clone(), Node { address, mac });
    }
    nodes
}

/// Says that the file has no node of this name.
pub(super) fn not_among(name: &str, nodes: &BTreeMap<String, Node>) -> String {
    let meant = suggestion(name, nodes.keys().map(String::as_str));
    format!("`{name}` is not among the nodes{meant}")
}

fn own_mac(value: &Spanned<String>, findings: &mut Findings) -> Option<Mac> {
    match value.value.parse::<Mac>() {
        // The lowest bit of the first octet marks a group (IEEE 802).
        Ok(mac) if mac.0[0] & 1 == 0 && mac.0 != [0; 6] => Some(mac),
        Ok(mac) => {
            findings.add(value.referenced, format!("{mac} is no host's MAC"));
            None
        }
        Err(error) => {
            findings.add(value.referenced, error.to_string());
            None
        }
    }
}
