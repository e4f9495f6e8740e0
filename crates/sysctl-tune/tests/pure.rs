//! Keys, effective values and plans, without a kernel.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use sysctl_tune::{
    Combine, Error, IpvsNeeds, Key, Setting, direct_route_host, ipvs_director, plan, read, write,
};

const EVERYTHING: IpvsNeeds = IpvsNeeds {
    persistence: true,
    sloppy_tcp: true,
    connection_sync: true,
};

fn holding(wanted: &[Setting], value: i32) -> BTreeMap<Key, i32> {
    wanted
        .iter()
        .map(|setting| (setting.key.clone(), value))
        .collect()
}

#[test]
fn a_dot_in_an_interface_name_is_printed_as_a_slash() {
    let key = Key::ipv4_conf("eth0.100", "arp_ignore");
    assert_eq!(key.to_string(), "net.ipv4.conf.eth0/100.arp_ignore");
    assert_eq!(
        key.path().unwrap().to_str(),
        Some("/proc/sys/net/ipv4/conf/eth0.100/arp_ignore")
    );
    assert_eq!("net.ipv4.conf.eth0/100.arp_ignore".parse(), Ok(key.clone()));
    assert_eq!("net/ipv4/conf/eth0.100/arp_ignore".parse(), Ok(key));
}

#[test]
fn a_key_cannot_leave_proc_sys() {
    for evil in ["..", ".", "", "../../kernel", "a/b", "a\0b"] {
        let key = Key::ipv4_conf(evil, "arp_ignore");
        assert_eq!(key.path(), None, "{evil:?}");
        assert!(matches!(read(&key), Err(Error::BadKey { .. })));
        assert!(matches!(write(&key, 1), Err(Error::BadKey { .. })));
    }
    assert!("..".parse::<Key>().is_err());
    assert!("net//core".parse::<Key>().is_err());
}

#[test]
fn the_larger_arp_value_holds_and_either_redirect_value_switches_on() {
    let effective =
        |name: &str, all, interface| Combine::of(name).unwrap().effective(all, interface);
    assert_eq!(effective("arp_ignore", 2, 1), 2);
    assert_eq!(effective("arp_ignore", 1, 0), 1);
    assert_eq!(effective("arp_announce", 0, 2), 2);
    assert_eq!(effective("send_redirects", 0, 0), 0);
    assert_eq!(effective("send_redirects", 1, 0), 1);
    assert_eq!(effective("send_redirects", 0, 1), 1);
    assert_eq!(effective("mc_forwarding", 1, 0), 0);
    assert_eq!(Combine::of("accept_redirects"), None);
}

#[test]
fn a_fresh_host_needs_every_cluster_wide_value_and_its_nic_only_the_redirects() {
    let wanted = direct_route_host("eth0");
    let mut actual = holding(&wanted, 0);
    for interface in ["all", "default", "eth0"] {
        actual.insert(Key::ipv4_conf(interface, "send_redirects"), 1);
    }
    let changes: Vec<_> = plan(&wanted, &actual)
        .iter()
        .map(|change| format!("{}={}", change.key, change.to))
        .collect();
    assert_eq!(
        changes,
        [
            "net.ipv4.conf.all.arp_ignore=1",
            "net.ipv4.conf.lo.arp_ignore=1",
            "net.ipv4.conf.all.arp_announce=2",
            "net.ipv4.conf.lo.arp_announce=2",
            "net.ipv4.conf.all.send_redirects=0",
            "net.ipv4.conf.default.send_redirects=0",
            "net.ipv4.conf.eth0.send_redirects=0",
        ]
    );
}

#[test]
fn stricter_values_that_still_work_are_kept_and_those_that_break_the_cluster_are_not() {
    let wanted = direct_route_host("eth0");
    let mut good: BTreeMap<_, _> = wanted
        .iter()
        .map(|setting| (setting.key.clone(), setting.value))
        .collect();
    good.insert(Key::ipv4_conf("all", "arp_ignore"), 2);
    assert_eq!(plan(&wanted, &good), []);
    for bad in [0, 3, 8, -1] {
        good.insert(Key::ipv4_conf("all", "arp_ignore"), bad);
        let changes = plan(&wanted, &good);
        assert_eq!(
            (changes.len(), changes[0].from, changes[0].to),
            (1, Some(bad), 1)
        );
    }
}

#[test]
fn every_setting_says_why_and_names_no_key_twice() {
    for wanted in [
        direct_route_host("eth0"),
        direct_route_host("lo"),
        direct_route_host("all"),
        ipvs_director(&IpvsNeeds::default()),
        ipvs_director(&EVERYTHING),
    ] {
        let keys: std::collections::BTreeSet<_> =
            wanted.iter().map(|setting| &setting.key).collect();
        assert_eq!(keys.len(), wanted.len());
        assert!(wanted.iter().all(|setting| setting.why.len() > 20));
    }
}

#[test]
fn a_value_that_is_not_known_is_written() {
    let wanted = ipvs_director(&EVERYTHING);
    let changes = plan(&wanted, &BTreeMap::new());
    assert_eq!(changes.len(), wanted.len());
    assert!(changes.iter().all(|change| change.from.is_none()));
}

proptest! {
    #[test]
    fn carrying_out_a_plan_leaves_nothing_to_plan(values in prop::collection::vec(-3..10, 12)) {
        let wanted = direct_route_host("eth0.7");
        let mut actual: BTreeMap<_, _> =
            wanted.iter().zip(values).map(|(setting, value)| (setting.key.clone(), value)).collect();
        for change in plan(&wanted, &actual) {
            actual.insert(change.key, change.to);
        }
        prop_assert_eq!(plan(&wanted, &actual), []);
        for name in ["arp_ignore", "arp_announce", "send_redirects"] {
            let value = |interface| actual[&Key::ipv4_conf(interface, name)];
            let effective = Combine::of(name).unwrap().effective(value("all"), value("eth0.7"));
            let will_do: &[i32] = match name {
                "arp_ignore" => &[1, 2],
                "arp_announce" => &[2],
                _ => &[0],
            };
            prop_assert!(will_do.contains(&effective), "{name} {effective}");
        }
    }

    #[test]
    fn a_key_survives_printing_and_parsing(parts in prop::collection::vec("[a-z_][a-z0-9_.-]{0,8}", 1..6)) {
        // The kernel's own names never begin with a component that has a dot in it.
        let parts = std::iter::once("net".to_owned()).chain(parts);
        let key = Key::new(parts);
        prop_assert_eq!(key.to_string().parse(), Ok(key));
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,60}") {
        if let Ok(key) = text.parse::<Key>() {
            prop_assert!(key.path().unwrap().starts_with("/proc/sys"));
        }
    }
}
