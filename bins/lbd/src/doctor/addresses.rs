//! Where this host has the virtual addresses.

use std::collections::BTreeSet;
use std::net::IpAddr;

use lbd_core::desired::{Desired, Vip};
use lbd_core::host::Host;

use super::finding::Finding;

const ABOUT: &str = "addresses";

/// Compares the addresses of this host's interfaces with where the file wants virtual ones.
pub(super) fn judge(host: &Host, present: &BTreeSet<Vip>) -> Vec<Finding> {
    let on_lo = Desired::standing(host).addresses;
    let mut findings: Vec<Finding> = on_lo
        .iter()
        .filter_map(|vip| missing(vip, present))
        .collect();
    let virtuals: BTreeSet<IpAddr> = on_lo.iter().map(|vip| vip.address.addr()).collect();
    let stray = present
        .iter()
        .filter(|vip| vip.interface != "lo" && virtuals.contains(&vip.address.addr()))
        .filter(|vip| !may_hold(host, vip));
    findings.extend(stray.map(|vip| {
        Finding::new(
            ABOUT,
            format!(
                "{vip} is a virtual address on an interface that no virtual router of this host puts it on; this host answers \
                 ARP for it, as its master does"
            ),
            format!(
                "Take it off (`ip address delete {} dev {}`) and out of whatever sets it at boot",
                vip.address, vip.interface
            ),
        )
    }));
    findings
}

fn missing(wanted: &Vip, present: &BTreeSet<Vip>) -> Option<Finding> {
    if present.contains(wanted) {
        return None;
    }
    let other = present.iter().find(|vip| vip.same_place(wanted));
    Some(match other {
        Some(other) => Finding::new(
            ABOUT,
            format!(
                "{} is on lo with the prefix length {}: this host takes its whole network for itself, and reaches no other \
                 host in it",
                wanted.address.addr(),
                other.address.prefix_len()
            ),
            format!("Put it there as {}; lbd run does so", wanted.address),
        ),
        None => Finding::new(
            ABOUT,
            format!(
                "{wanted} is missing: this host drops what a director sends it for that address, and its clients wait in vain"
            ),
            "Start lbd here, which puts it there",
        ),
    })
}

/// Whether this host's role in a virtual router may have put it there; in a file where no router holds the address,
/// somebody else moves it.
fn may_hold(host: &Host, vip: &Vip) -> bool {
    let address = vip.address.addr();
    let held = host.config.routers.iter().any(|r| r.holds(address));
    let here = host
        .routers()
        .any(|(_, router)| router.interface == vip.interface && router.holds(address));
    here || !held
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::stand::host;
    use super::*;

    fn found(node: &str, present: &[(&str, &str)]) -> Vec<String> {
        let vip = |(interface, address): &(&str, &str)| Vip {
            interface: (*interface).to_owned(),
            address: address.parse().unwrap(),
        };
        let present = present.iter().map(vip).collect();
        let findings = judge(&host(node), &present);
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_copy_on_lo_and_for_a_director_one_on_the_nic_are_as_they_should_be() {
        let on_lo = ("lo", "192.0.2.101/32");
        assert_eq!(found("c", &[on_lo]), Vec::<String>::new());
        let both = [on_lo, ("eth0", "192.0.2.101/32")];
        assert_eq!(found("a", &both), Vec::<String>::new());
    }

    #[test]
    fn a_copy_that_is_missing_or_has_a_network_is_found() {
        assert!(found("c", &[]).concat().contains("on lo is missing"));
        let found = found("c", &[("lo", "192.0.2.101/24")]).concat();
        assert!(found.contains("prefix length 24"), "{found}");
    }

    #[test]
    fn a_copy_on_a_nic_of_a_server_that_is_no_director_is_found() {
        let present = [("lo", "192.0.2.101/32"), ("eth0", "192.0.2.101/24")];
        let found = found("c", &present).concat();
        assert!(found.contains("192.0.2.101/24 on eth0"), "{found}");
    }
}
