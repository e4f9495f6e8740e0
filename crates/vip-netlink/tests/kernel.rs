//! A real kernel, in network namespaces of the tests' own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

mod support;

use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use support::{Host, cable, ip, own_network};
use vip_netlink::{
    Added, Address, Change, Deleted, Error, Link, Neighbour, Netlink, NudState, Scope, Watch,
};

/// Gives the thread a network and runs the test in it.
fn in_own_network<F: Future<Output = ()>>(test: impl FnOnce() -> F) {
    own_network();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(30), test())
            .await
            .expect("the test hangs")
    });
}

async fn index_of(netlink: &Netlink, name: &str) -> u32 {
    netlink
        .link(name)
        .await
        .unwrap()
        .expect("no such link")
        .index
}

/// The first change that `wanted` takes, within 10 s.
async fn wait_for<T>(watch: &mut Watch, what: &str, wanted: impl Fn(Change) -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = wanted(watch.next().await.unwrap()) {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), found)
        .await
        .unwrap_or_else(|_| panic!("no {what}"))
}

async fn on(netlink: &Netlink, index: u32, address: IpNet) -> Option<Address> {
    let mut all = netlink.addresses().await.unwrap();
    all.retain(|one| one.index == index && one.address == address);
    assert!(all.len() < 2);
    all.pop()
}

#[test]
fn links_show_name_mac_and_whether_they_carry() {
    in_own_network(|| async {
        let other = Host::new();
        cable("near", &other, "far");
        ip("link set near address 02:00:00:00:00:0a");
        let netlink = Netlink::connect().await.unwrap();
        let near = netlink.link("near").await.unwrap().unwrap();
        assert_eq!(near.mac, Some([2, 0, 0, 0, 0, 10]));
        assert!(near.up && near.running && !near.loopback);
        other.ip("link set far down");
        let near = netlink.link("near").await.unwrap().unwrap();
        assert!(
            near.up && !near.running,
            "a cable pulled at the other end: {near:?}"
        );
        other.ip("link set far up");
        ip("link set near down");
        let near = netlink.link("near").await.unwrap().unwrap();
        assert!(!near.up && !near.running);
        let lo = netlink.link("lo").await.unwrap().unwrap();
        assert!(lo.loopback && lo.up && lo.index == 1);
        assert_eq!(netlink.link("nope0").await.unwrap(), None);
        assert_eq!(netlink.links().await.unwrap().len(), 2);
    });
}

#[test]
fn an_address_is_added_once_and_deleted_once() {
    in_own_network(|| async {
        let netlink = Netlink::connect().await.unwrap();
        ip("link add near type veth peer name far");
        ip("link set near up");
        let near = index_of(&netlink, "near").await;
        for vip in ["192.0.2.10/32", "2001:db8::10/128"].map(|text| text.parse::<IpNet>().unwrap())
        {
            for index in [1, near] {
                assert_eq!(netlink.add_address(index, vip).await.unwrap(), Added::Added);
                assert_eq!(
                    netlink.add_address(index, vip).await.unwrap(),
                    Added::AlreadyThere
                );
                let found = on(&netlink, index, vip).await.unwrap();
                assert_eq!((found.scope, found.no_prefix_route), (Scope::Global, true));
                assert!(!found.tentative && !found.duplicate, "usable at once");
            }
            assert_eq!(
                netlink.delete_address(near, vip).await.unwrap(),
                Deleted::Deleted
            );
            assert_eq!(
                netlink.delete_address(near, vip).await.unwrap(),
                Deleted::NotThere
            );
            assert_eq!(on(&netlink, near, vip).await, None);
            assert!(on(&netlink, 1, vip).await.is_some(), "the copy on lo stays");
            assert!(std::net::UdpSocket::bind((vip.addr(), 0)).is_ok());
        }
    });
}

#[test]
fn deleting_with_another_prefix_length_deletes_nothing() {
    in_own_network(|| async {
        let netlink = Netlink::connect().await.unwrap();
        ip("addr add 192.0.2.10/24 dev lo");
        assert_eq!(
            netlink
                .delete_address(1, "192.0.2.10/32".parse().unwrap())
                .await
                .unwrap(),
            Deleted::NotThere
        );
        // Both may stand side by side.
        assert_eq!(
            netlink
                .add_address(1, "192.0.2.10/32".parse().unwrap())
                .await
                .unwrap(),
            Added::Added
        );
        assert_eq!(
            netlink
                .delete_address(1, "192.0.2.10/32".parse().unwrap())
                .await
                .unwrap(),
            Deleted::Deleted
        );
        let there = on(&netlink, 1, "192.0.2.10/24".parse().unwrap())
            .await
            .unwrap();
        assert_eq!(there.label.as_deref(), Some("lo"));
    });
}

#[test]
fn errors_say_what_was_tried_and_why_it_failed() {
    in_own_network(|| async {
        let netlink = Netlink::connect().await.unwrap();
        let vip: IpNet = "192.0.2.10/32".parse().unwrap();
        let error = netlink.add_address(77, vip).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot add 192.0.2.10/32 to interface 77: there is no interface with index 77"
        );
        assert!(matches!(
            netlink.delete_address(77, vip).await,
            Err(Error::NoSuchLink { index: 77, .. })
        ));
        assert!(matches!(
            netlink.solicit(77, vip.addr()).await,
            Err(Error::NoSuchLink { index: 77, .. })
        ));
        assert_eq!(netlink.neighbours(77).await.unwrap(), []);
        std::fs::write("/proc/sys/net/ipv6/conf/lo/disable_ipv6", "1").unwrap();
        let error = netlink
            .add_address(1, "2001:db8::1/128".parse().unwrap())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("disable_ipv6"), "{error}");
        let error = netlink
            .add_address(1, "224.0.0.1/32".parse().unwrap())
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
    });
}

#[test]
fn a_watch_tells_of_addresses_that_others_add_and_delete() {
    in_own_network(|| async {
        let netlink = Netlink::connect().await.unwrap();
        let mut watch = netlink.watch().unwrap();
        for vip in ["192.0.2.10/32", "2001:db8::10/128"] {
            let net: IpNet = vip.parse().unwrap();
            ip(&format!("addr add {vip} dev lo"));
            let added = wait_for(&mut watch, "address", |change| match change {
                Change::Address(address) => Some(address),
                _ => None,
            });
            assert_eq!(added.await.address, net);
            ip(&format!("addr del {vip} dev lo"));
            let gone = wait_for(&mut watch, "address gone", |change| match change {
                Change::AddressGone(address) => Some(address),
                _ => None,
            });
            assert_eq!(gone.await.address, net);
        }
    });
}

#[test]
fn a_watch_tells_of_links_that_come_change_and_go_but_not_of_ports_that_leave_a_bridge() {
    in_own_network(|| async {
        let netlink = Netlink::connect().await.unwrap();
        let mut watch = netlink.watch().unwrap();
        ip("link add near type veth peer name far");
        ip("link add switch type bridge");
        ip("link set near up");
        ip("link set far up");
        let near = |wanted: fn(&Link) -> bool| {
            move |change| match change {
                Change::Link(link) if link.name == "near" && wanted(&link) => Some(link),
                Change::LinkGone(link) => panic!("{link:?} is not gone"),
                _ => None,
            }
        };
        wait_for(&mut watch, "carrier", near(|link| link.running)).await;
        ip("link set near address 02:00:00:00:00:0b");
        wait_for(
            &mut watch,
            "new MAC",
            near(|link| link.mac == Some([2, 0, 0, 0, 0, 11])),
        )
        .await;
        ip("link set near master switch");
        wait_for(&mut watch, "bridge", near(|link| link.controller.is_some())).await;
        ip("link set near nomaster");
        wait_for(
            &mut watch,
            "no bridge",
            near(|link| link.controller.is_none()),
        )
        .await;
        ip("link set far down");
        wait_for(&mut watch, "carrier lost", near(|link| !link.running)).await;
        ip("link del near");
        let gone = wait_for(&mut watch, "link gone", |change| match change {
            Change::LinkGone(link) if link.name == "near" => Some(link),
            _ => None,
        });
        assert_eq!(gone.await.mac, Some([2, 0, 0, 0, 0, 11]));
    });
}

#[test]
fn a_slow_reader_is_told_that_it_missed_something_and_gets_later_changes() {
    in_own_network(|| async {
        let netlink = Netlink::connect().await.unwrap();
        let mut watch = netlink.watch().unwrap();
        let vip: IpNet = "192.0.2.10/32".parse().unwrap();
        for _ in 0..6000 {
            let _ = netlink.add_address(1, vip).await.unwrap();
            let _ = netlink.delete_address(1, vip).await.unwrap();
        }
        wait_for(&mut watch, "overflow", |change| {
            (change == Change::Overflow).then_some(())
        })
        .await;
        // The backlog is still there; the marker comes after it, once there is room again.
        while tokio::time::timeout(Duration::from_millis(100), watch.next())
            .await
            .is_ok()
        {}
        ip("addr add 198.51.100.7/32 dev lo");
        let after = wait_for(&mut watch, "later change", |change| match change {
            Change::Address(address) => Some(address.address.to_string()),
            _ => None,
        });
        assert_eq!(after.await, "198.51.100.7/32");
    });
}

/// Two hosts on one cable; the neighbour timers of this one made short.
async fn two_hosts() -> (Netlink, Host, u32) {
    let other = Host::new();
    cable("near", &other, "far");
    ip("addr add 10.1.0.1/24 dev near");
    ip("addr add fd00:1::1/64 dev near nodad");
    other.ip("link set far address 02:00:00:00:00:01");
    other.ip("addr add 10.1.0.2/24 dev far");
    other.ip("addr add fd00:1::2/64 dev far nodad");
    for family in ["ipv4", "ipv6"] {
        for (timer, value) in [
            ("retrans_time_ms", "100"),
            ("delay_first_probe_time", "1"),
            ("base_reachable_time_ms", "200"),
        ] {
            std::fs::write(format!("/proc/sys/net/{family}/neigh/near/{timer}"), value).unwrap();
        }
    }
    let netlink = Netlink::connect().await.unwrap();
    let near = index_of(&netlink, "near").await;
    // Until its link-local address is found unique, a host sends no neighbour solicitation of its own.
    while netlink
        .addresses()
        .await
        .unwrap()
        .iter()
        .any(|one| one.tentative)
    {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    (netlink, other, near)
}

async fn neighbour(netlink: &Netlink, index: u32, address: IpAddr) -> Option<Neighbour> {
    netlink
        .neighbours(index)
        .await
        .unwrap()
        .into_iter()
        .find(|one| one.address == address)
}

fn reachable(address: IpAddr) -> impl Fn(Change) -> Option<Neighbour> {
    move |change| match change {
        Change::Neighbour(one) if one.address == address && one.state == NudState::Reachable => {
            Some(one)
        }
        _ => None,
    }
}

#[test]
fn soliciting_an_unknown_neighbour_learns_its_mac() {
    in_own_network(|| async {
        let (netlink, _other, near) = two_hosts().await;
        let mut watch = netlink.watch().unwrap();
        for address in ["10.1.0.2", "fd00:1::2"].map(|text| text.parse::<IpAddr>().unwrap()) {
            assert_eq!(neighbour(&netlink, near, address).await, None);
            netlink.solicit(near, address).await.unwrap();
            let learned = wait_for(&mut watch, "neighbour", reachable(address)).await;
            assert_eq!(
                (learned.index, learned.valid_mac()),
                (near, Some([2, 0, 0, 0, 0, 1]))
            );
            assert_eq!(
                neighbour(&netlink, near, address)
                    .await
                    .unwrap()
                    .valid_mac(),
                Some([2, 0, 0, 0, 0, 1])
            );
            netlink.solicit(near, address).await.unwrap();
        }
        assert!(
            !netlink
                .neighbours(1)
                .await
                .unwrap()
                .iter()
                .any(|one| one.index == near)
        );
    });
}

#[test]
fn soliciting_a_neighbour_that_is_not_there_fails_in_the_table_and_can_be_tried_again() {
    in_own_network(|| async {
        let (netlink, other, near) = two_hosts().await;
        let mut watch = netlink.watch().unwrap();
        let address: IpAddr = "10.1.0.3".parse().unwrap();
        netlink.solicit(near, address).await.unwrap();
        let failed = wait_for(&mut watch, "failure", |change| match change {
            Change::Neighbour(one) if one.address == address && one.state == NudState::Failed => {
                Some(one)
            }
            _ => None,
        });
        assert_eq!(failed.await.valid_mac(), None);
        other.ip("addr add 10.1.0.3/24 dev far");
        netlink.solicit(near, address).await.unwrap();
        wait_for(&mut watch, "neighbour", reachable(address)).await;
    });
}

#[test]
fn a_stale_neighbour_is_confirmed_by_soliciting_and_at_once_by_probing() {
    in_own_network(|| async {
        let (netlink, _other, near) = two_hosts().await;
        let mut watch = netlink.watch().unwrap();
        let address: IpAddr = "10.1.0.2".parse().unwrap();
        for probe in [false, true] {
            ip("neigh replace 10.1.0.2 lladdr 02:00:00:00:00:01 dev near nud stale");
            if probe {
                netlink.probe(near, address).await.unwrap();
            } else {
                netlink.solicit(near, address).await.unwrap();
            }
            wait_for(&mut watch, "neighbour", reachable(address)).await;
        }
        netlink
            .probe(near, "10.1.0.9".parse().unwrap())
            .await
            .unwrap();
    });
}

#[test]
fn a_mac_that_changed_is_followed_when_the_neighbour_speaks() {
    in_own_network(|| async {
        let (netlink, other, near) = two_hosts().await;
        let address: IpAddr = "10.1.0.2".parse().unwrap();
        let mut watch = netlink.watch().unwrap();
        netlink.solicit(near, address).await.unwrap();
        wait_for(&mut watch, "neighbour", reachable(address)).await;
        // The kernel believes no second change within a second of the first (locktime).
        tokio::time::sleep(Duration::from_millis(1100)).await;
        other.ip("link set far address 02:00:00:00:00:02");
        other.ip("neigh flush dev far nud all");
        other.run(|| {
            std::net::UdpSocket::bind("0.0.0.0:0")
                .unwrap()
                .send_to(b"?", "10.1.0.1:9")
                .unwrap()
        });
        let changed = wait_for(&mut watch, "new MAC", |change| match change {
            Change::Neighbour(one) if one.address == address => {
                one.valid_mac().filter(|mac| mac[5] == 2)
            }
            _ => None,
        });
        assert_eq!(changed.await, [2, 0, 0, 0, 0, 2]);
    });
}

#[test]
fn a_mac_that_changed_in_silence_is_found_by_probing_and_soliciting() {
    in_own_network(|| async {
        let (netlink, other, near) = two_hosts().await;
        let address: IpAddr = "10.1.0.2".parse().unwrap();
        let mut watch = netlink.watch().unwrap();
        netlink.solicit(near, address).await.unwrap();
        wait_for(&mut watch, "neighbour", reachable(address)).await;
        other.ip("link set far address 02:00:00:00:00:02");
        netlink.probe(near, address).await.unwrap();
        wait_for(&mut watch, "failure", |change| match change {
            Change::Neighbour(one) if one.address == address && one.state == NudState::Failed => {
                Some(())
            }
            _ => None,
        })
        .await;
        netlink.solicit(near, address).await.unwrap();
        let found = wait_for(&mut watch, "neighbour", reachable(address)).await;
        assert_eq!(found.valid_mac(), Some([2, 0, 0, 0, 0, 2]));
    });
}

#[test]
fn what_was_opened_in_a_namespace_stays_in_it() {
    in_own_network(|| async {
        ip("link add marker type veth peer name other");
        let netlink = Netlink::connect().await.unwrap();
        own_network();
        assert!(netlink.link("marker").await.unwrap().is_some());
        assert!(
            Netlink::connect()
                .await
                .unwrap()
                .link("marker")
                .await
                .unwrap()
                .is_none()
        );
    });
}

#[test]
fn own_connections_do_not_begin_at_a_virtual_ipv6_address() {
    in_own_network(|| async {
        let other = Host::new();
        cable("near", &other, "far");
        ip("addr add fd00:1::1/64 dev near nodad");
        let netlink = Netlink::connect().await.unwrap();
        let near = index_of(&netlink, "near").await;
        let vip = "fd00:1::100/128".parse().unwrap();
        assert_eq!(netlink.add_address(near, vip).await.unwrap(), Added::Added);
        let socket = std::net::UdpSocket::bind("[::]:0").unwrap();
        socket.connect("[fd00:1::2]:9").unwrap();
        let own: IpAddr = "fd00:1::1".parse().unwrap();
        assert_eq!(socket.local_addr().unwrap().ip(), own);
    });
}
