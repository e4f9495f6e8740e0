//! Announcements change a real neighbour's tables. Needs root.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(unreachable_pub, missing_docs)]

mod link;

use std::net::IpAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use link::{Link, ip};
use nix::net::if_::if_nametoindex;
use vrrp_net::{AdvertSocket, Announcer, Error};

const OLD: &str = "02:00:00:00:00:99";

/// The MAC of an interface of the thread's namespace.
fn mac(interface: &str) -> [u8; 6] {
    let shown = ip(&format!("-o link show dev {interface}"));
    let text = shown.split("link/ether ").nth(1).unwrap();
    let octets: Vec<u8> = text[..17]
        .split(':')
        .map(|octet| u8::from_str_radix(octet, 16).unwrap())
        .collect();
    octets.try_into().unwrap()
}

/// Waits until the neighbour table of the thread's namespace maps `vip` to `mac`.
fn wait_for_entry(vip: &str, mac: [u8; 6]) {
    let wanted = mac.map(|octet| format!("{octet:02x}")).join(":");
    let begun = Instant::now();
    loop {
        let shown = ip(&format!("neigh show {vip} dev b0"));
        if shown.contains(&wanted) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{vip}: {shown}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn gratuitous_arp_moves_the_neighbours_entry() {
    moves_the_entry("10.0.0.100");
}

#[test]
fn an_unsolicited_advertisement_moves_the_neighbours_entry() {
    moves_the_entry("fd00::100");
}

fn moves_the_entry(vip: &str) {
    let link = Link::new();
    let own = mac("a0");
    let announcer = Announcer::open(if_nametoindex("a0").unwrap(), own).unwrap();
    link.enter_right();
    // The kernel keeps a just-confirmed IPv4 entry for `locktime`, one second by default.
    std::fs::write(
        "/proc/thread-self/net/../../sys/net/ipv4/neigh/b0/locktime",
        "0",
    )
    .ok();
    ip(&format!(
        "neigh replace {vip} lladdr {OLD} dev b0 nud stale"
    ));

    announcer.announce(vip.parse::<IpAddr>().unwrap()).unwrap();

    wait_for_entry(vip, own);
}

#[test]
fn an_interface_that_is_down_or_gone_makes_announcing_fail() {
    let _link = Link::new();
    let vip: IpAddr = "10.0.0.100".parse().unwrap();
    let index = if_nametoindex("a0").unwrap();
    let announcer = Announcer::open(index, mac("a0")).unwrap();
    ip("link set a0 down");
    assert_eq!(
        announcer.announce(vip).unwrap_err().kind(),
        std::io::ErrorKind::NetworkDown
    );
    ip("link del a0");
    announcer.announce(vip).unwrap_err();
    let error = Announcer::open(index, [2, 0, 0, 0, 0, 1]).unwrap_err();
    assert!(matches!(error, Error::NoSuchInterface { .. }), "{error}");
}

/// The kernel checks permissions per thread, and threads may differ: drop CAP_NET_RAW in a child.
#[test]
fn without_the_capability_the_error_says_which_one() {
    let test = std::env::current_exe().unwrap();
    let output = Command::new("setpriv")
        .args(["--bounding-set=-net_raw", "--inh-caps=-net_raw"])
        .arg(test)
        .args([
            "--ignored",
            "--exact",
            "opening_without_capability",
            "--nocapture",
        ])
        .output()
        .expect("setpriv (util-linux) is needed");
    assert!(output.status.success(), "{output:?}");
}

#[test]
#[ignore = "run by without_the_capability_the_error_says_which_one, without CAP_NET_RAW"]
fn opening_without_capability() {
    let _link = Link::new();
    let source = std::net::Ipv4Addr::new(10, 0, 0, 1);
    for error in [
        Announcer::open(if_nametoindex("a0").unwrap(), mac("a0")).unwrap_err(),
        AdvertSocket::open("a0", source).unwrap_err(),
    ] {
        assert!(matches!(error, Error::NotPermitted { .. }), "{error}");
        assert!(error.to_string().contains("CAP_NET_RAW"));
    }
}
