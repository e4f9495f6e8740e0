//! Questions to a real neighbour. Needs root.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(unreachable_pub, missing_docs)]

mod link;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use link::{Link, ip};
use nix::net::if_::if_nametoindex;
use vrrp_net::Prober;

const OWN: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const VIP: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 100);
const WAIT: Duration = Duration::from_millis(600);

fn mac(interface: &str) -> [u8; 6] {
    let shown = ip(&format!("-o link show dev {interface}"));
    let text = shown.split("link/ether ").nth(1).unwrap();
    let octets = text[..17].split(':');
    let octets: Vec<u8> = octets
        .map(|octet| u8::from_str_radix(octet, 16).unwrap())
        .collect();
    octets.try_into().unwrap()
}

/// The prober on the left, and the MAC of the right.
fn stand() -> (Link, Prober, [u8; 6]) {
    let link = Link::new();
    link.enter_right();
    let peer = mac("b0");
    ip("addr add 10.0.0.100/32 dev lo");
    std::fs::write("/proc/sys/net/ipv4/conf/all/arp_ignore", "1").unwrap();
    link.enter_left();
    let prober = Prober::open(if_nametoindex("a0").unwrap(), mac("a0"), OWN).unwrap();
    (link, prober, peer)
}

#[test]
fn who_answers_for_an_address_is_found_by_arp() {
    let (link, prober, peer) = stand();
    let asked = BTreeSet::from([PEER, VIP]);
    let answers = prober.who_has(&asked, WAIT).unwrap();
    assert_eq!(
        answers,
        BTreeMap::from([(PEER, BTreeSet::from([peer]))]),
        "the address on lo is not answered for"
    );
    link.enter_right();
    ip("addr add 10.0.0.100/32 dev b0");
    link.enter_left();
    let answers = prober.who_has(&asked, WAIT).unwrap();
    assert_eq!(answers.get(&VIP), Some(&BTreeSet::from([peer])));
}

#[test]
fn an_address_on_a_neighbours_lo_is_proven_by_an_echo_to_its_mac() {
    let (link, prober, peer) = stand();
    let asked = BTreeSet::from([(peer, PEER), (peer, VIP)]);
    assert_eq!(prober.echo(&asked, WAIT).unwrap(), asked);
    link.enter_right();
    ip("addr del 10.0.0.100/32 dev lo");
    link.enter_left();
    let answers = prober.echo(&asked, WAIT).unwrap();
    assert_eq!(answers, BTreeSet::from([(peer, PEER)]));
}
