//! The section `nodes`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use netfilter_mark::Mac;
use serde_yaml::Spanned;

use super::findings::Findings;
use crate::config::file;
use crate::config::model::Node;

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

fn own_mac(value: &Spanned<String>, findings: &mut Findings) -> Option<Mac> {
    match value.value.parse::<Mac>() {
        Ok(mac) => Some(mac),
        Err(error) => {
            findings.add(value.referenced, error.to_string());
            None
        }
    }
}
