//! The real `/proc/sys`, in network namespaces of the tests' own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use support::{Host, cable, ip, own_network};
use sysctl_tune::{Error, IpvsNeeds, Key, Written};
use sysctl_tune::{direct_route_host, ipvs_director, plan, read, read_all, restore, write};

fn ignore(interface: &str) -> Key {
    Key::ipv4_conf(interface, "arp_ignore")
}

#[test]
fn a_thread_writes_the_parameters_of_its_own_namespace() {
    own_network();
    let other = Host::new();
    write(&ignore("all"), 1).unwrap();
    assert_eq!(read(&ignore("all")).unwrap(), 1);
    assert_eq!(other.run(|| read(&ignore("all")).unwrap()), 0);
    other.run(|| write(&ignore("all"), 2).unwrap());
    assert_eq!(read(&ignore("all")).unwrap(), 1);
}

#[test]
fn a_plan_brings_a_host_to_where_it_should_be_and_back() {
    own_network();
    ip("link add eth0.5 type veth peer name peer");
    for interface in ["all", "default", "eth0.5"] {
        write(&Key::ipv4_conf(interface, "send_redirects"), 1).unwrap();
    }
    let wanted = direct_route_host("eth0.5");
    let before = read_all(&wanted).unwrap();
    let changes = plan(&wanted, &before);
    assert_eq!(changes.len(), 7, "{changes:?}");
    for change in &changes {
        write(&change.key, change.to).unwrap();
    }
    assert_eq!(plan(&wanted, &read_all(&wanted).unwrap()), []);
    assert_eq!(
        read(&Key::ipv4_conf("eth0.5", "send_redirects")).unwrap(),
        0
    );
    for change in &changes {
        write(&change.key, change.from.unwrap()).unwrap();
    }
    assert_eq!(read_all(&wanted).unwrap(), before);
}

#[test]
fn errors_name_the_key_and_say_what_to_do() {
    own_network();
    let missing = read(&ignore("nope0")).unwrap_err();
    assert!(matches!(missing, Error::Missing { .. }));
    assert_eq!(
        missing.to_string(),
        "the kernel has no parameter net.ipv4.conf.nope0.arp_ignore: is there an interface nope0? (ip link)"
    );
    assert!(matches!(
        write(&ignore("nope0"), 1),
        Err(Error::Missing { .. })
    ));
    // Three numbers in one parameter.
    let many = read(&"net.ipv4.tcp_rmem".parse().unwrap()).unwrap_err();
    assert!(
        matches!(&many, Error::NotANumber { text, .. } if text.contains('\t')),
        "{many}"
    );
    let refused = write(&"net.ipv4.ip_default_ttl".parse().unwrap(), 0).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the kernel does not take 0 for net.ipv4.ip_default_ttl"
    );
    if !std::path::Path::new("/proc/sys/net/ipv4/vs").exists() {
        let wanted = ipvs_director(&IpvsNeeds::default());
        let ipvs = read(&wanted[0].key).unwrap_err();
        assert!(
            ipvs.to_string()
                .ends_with("load IPVS first (modprobe ip_vs)"),
            "{ipvs}"
        );
    }
}

#[test]
#[ignore = "needs a kernel with IPVS"]
fn the_kernel_takes_every_setting_for_ipvs_and_all_are_put_back() {
    own_network();
    for bits in 0..8_u8 {
        let needs = IpvsNeeds {
            persistence: bits & 1 != 0,
            sloppy_tcp: bits & 2 != 0,
            connection_sync: bits & 4 != 0,
        };
        let wanted = ipvs_director(&needs);
        let before = read_all(&wanted).unwrap();
        let changes = plan(&wanted, &before);
        assert!(!changes.is_empty(), "{needs:?}: {before:?}");
        for change in &changes {
            write(&change.key, change.to).unwrap();
        }
        let now = read_all(&wanted).unwrap();
        assert_eq!(plan(&wanted, &now), [], "{needs:?}");
        let written: Vec<_> = changes
            .into_iter()
            .map(|change| Written {
                before: change.from.unwrap(),
                now: change.to,
                key: change.key,
            })
            .collect();
        for change in restore(&written, &now) {
            write(&change.key, change.to).unwrap();
        }
        assert_eq!(read_all(&wanted).unwrap(), before, "{needs:?}");
    }
}

#[test]
#[ignore = "needs a kernel with IPVS"]
fn settings_for_ipvs_belong_to_a_namespace() {
    own_network();
    let other = Host::new();
    let key = Key::ipvs("expire_nodest_conn");
    write(&key, 1).unwrap();
    assert_eq!(read(&key).unwrap(), 1);
    assert_eq!(other.run(move || read(&key).unwrap()), 0);
}

/// Whether the neighbour `other` gets an answer when it asks who has `address`.
fn is_answered(other: &Host, address: &'static str) -> bool {
    other.run(move || {
        ip("neigh flush dev far nud all");
        ip(&format!("neigh replace {address} dev far nud none"));
        // Something to send: UDP to the address, which must be resolved first.
        let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        for _ in 0..40 {
            let _ = socket.send_to(b"?", (address, 9));
            std::thread::sleep(std::time::Duration::from_millis(20));
            let entry = ip(&format!("neigh show {address} dev far"));
            if entry.contains("REACHABLE") || entry.contains("FAILED") {
                return entry.contains("REACHABLE");
            }
        }
        false
    })
}

/// The reason for `arp_ignore` 1, and for keeping 2 but not 3 and 8.
#[test]
fn with_1_and_2_only_the_address_on_the_nic_is_answered_for() {
    own_network();
    let other = Host::new();
    cable("near", &other, "far");
    ip("addr add 10.1.0.1/24 dev near");
    ip("addr add 10.1.0.100/32 dev lo"); // the virtual address of a host that is not the master
    ip("addr add 10.1.0.101/32 dev near"); // and of one that is
    ip("addr add 172.20.0.1/32 dev near"); // one outside of the NIC's subnet
    other.ip("addr add 10.1.0.2/24 dev far");
    other.ip("route add 172.20.0.1/32 dev far");
    other.run(|| {
        let timer: Key = "net.ipv4.neigh.far.retrans_time_ms".parse().unwrap();
        write(&timer, 50).unwrap();
    });
    let answers = |all, nic| {
        write(&ignore("all"), all).unwrap();
        write(&ignore("near"), nic).unwrap();
        ["10.1.0.100", "10.1.0.101", "172.20.0.1"].map(|address| is_answered(&other, address))
    };
    assert_eq!(
        answers(0, 0),
        [true, true, true],
        "without it, lo is answered for"
    );
    assert_eq!(answers(1, 0), [false, true, true]);
    assert_eq!(answers(0, 1), [false, true, true], "the larger one holds");
    assert_eq!(answers(2, 1), [false, true, false], "2 asks for one subnet");
    assert_eq!(answers(1, 3), [true, true, true], "3 answers for lo again");
    assert_eq!(answers(8, 1), [false, false, false]);
}
