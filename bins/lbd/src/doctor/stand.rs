//! A host for the tests of judgements.

use lbd_core::config::Config;
use lbd_core::host::{Host, Interface};
use netfilter_mark::Mac;

/// Two directors, `a` and `b`, that are servers too, and `c`, which is a server alone.
pub(super) const FILE: &str = "
cluster: three
nodes:
  a: { address: 192.0.2.1 }
  b: { address: 192.0.2.2 }
  c: { address: 192.0.2.3 }
virtual_routers:
  - { name: V, id: 7, interface: eth0, priority: { a: 100, b: 90 }, addresses: [192.0.2.101] }
virtual_services:
  - { name: s, address: 192.0.2.101, port: 3306, fwmark: 2, directors: [a, b] }
";

/// The host of this node, with a NIC `eth0`.
pub(super) fn host(node: &str) -> Host {
    host_of(FILE, node)
}

/// The same under another file.
#[allow(clippy::unwrap_used)]
pub(super) fn host_of(file: &str, node: &str) -> Host {
    let config = Config::parse(file).unwrap();
    let address = config.nodes.get(node).unwrap().address;
    let interfaces = [Interface {
        index: 2,
        name: "eth0".to_owned(),
        mac: Some(mac(1)),
        usable: true,
        addresses: vec![address],
    }];
    Host::new(config, &interfaces, Some(node)).unwrap()
}

/// A MAC with this last octet.
pub(super) fn mac(last: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, last])
}
