//! Every backend on a real kernel, in network namespaces of the tests' own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

mod support;

use std::collections::BTreeSet;

use netfilter_mark::{
    Backend, ChainState, Choice, Error, Iptables, MarkRule, Nftables, Protocol, Variant,
};
use support::{iptables, nft, own_network, rule, sh, with_each};

/// Everything that the kernel shows of our place in this backend, as somebody else reads it.
fn listing(backend: &Backend) -> String {
    match backend {
        Backend::Iptables(tables) => iptables(tables.variant(), "-S"),
        Backend::Nftables(_) => nft("list table inet lbd"),
    }
}

#[test]
fn what_is_written_reads_back_the_same_in_both_families() {
    with_each(|backend| {
        let rules = [
            rule(
                "192.0.2.10",
                3306,
                &["02:00:00:00:00:0A", "fe:ff:ff:ff:ff:ff"],
            ),
            rule("192.0.2.10", 3307, &[]),
            MarkRule {
                guard: 7.try_into().unwrap(),
                ..rule(
                    "192.0.2.10",
                    3308,
                    &["02:00:00:00:00:0a", "02:00:00:00:00:0b"],
                )
            },
            rule("192.0.2.10", 3309, &["02:00:00:00:00:0a"]),
            MarkRule {
                mark: u32::MAX.try_into().unwrap(),
                ..rule("2001:db8::10", 3306, &["02:00:00:00:00:0a"])
            },
            MarkRule {
                protocol: Protocol::Udp,
                mark: 0x8000_0000.try_into().unwrap(),
                ..rule("192.0.2.11", 0, &[])
            },
        ];
        assert_eq!(backend.read().unwrap(), ChainState::Absent);
        backend.replace(&rules).unwrap();
        let found = backend.read().unwrap();
        assert!(found.holds(&rules), "{found:?}");
        let before = listing(backend);
        backend.replace(&rules).unwrap();
        assert_eq!(listing(backend), before, "written twice is written once");
        backend.remove().unwrap();
        assert_eq!(backend.read().unwrap(), ChainState::Absent);
        backend.remove().unwrap();
    });
}

#[test]
fn each_replacement_holds_exactly_the_new_rules() {
    with_each(|backend| {
        for rules in [
            vec![rule("192.0.2.10", 3306, &["02:00:00:00:00:0a"])],
            vec![
                rule(
                    "192.0.2.10",
                    3306,
                    &["02:00:00:00:00:0b", "02:00:00:00:00:0c"],
                ),
                rule("2001:db8::1", 1, &[]),
            ],
            vec![rule("192.0.2.11", 3306, &[])],
            vec![rule("2001:db8::1", 1, &[])],
            vec![],
        ] {
            backend.replace(&rules).unwrap();
            assert!(backend.read().unwrap().holds(&rules));
        }
    });
}

#[test]
fn a_guard_that_is_also_a_mark_is_refused_before_anything_is_written() {
    with_each(|backend| {
        let other = MarkRule {
            mark: 6.try_into().unwrap(),
            guard: 7.try_into().unwrap(),
            ..rule("192.0.2.10", 3307, &[])
        };
        let error = backend
            .replace(&[rule("192.0.2.10", 3306, &[]), other])
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the guard mark 0x6 for tcp port 3306 of 192.0.2.10 is also a mark to balance by: choose one that no rule sets"
        );
        assert_eq!(backend.read().unwrap(), ChainState::Absent);
    });
}

#[test]
fn two_marks_for_one_target_are_refused_before_anything_is_written() {
    with_each(|backend| {
        let rules = [
            rule("192.0.2.10", 3306, &[]),
            rule("192.0.2.10", 3306, &["02:00:00:00:00:0a"]),
        ];
        let error = backend.replace(&rules).unwrap_err();
        assert_eq!(
            error.to_string(),
            "two rules mark tcp port 3306 of 192.0.2.10: only one mark can be set"
        );
        assert_eq!(backend.read().unwrap(), ChainState::Absent);
    });
}

#[test]
fn many_rules_are_replaced_in_one_go() {
    with_each(|backend| {
        let macs: BTreeSet<_> = (0..=255)
            .map(|last| netfilter_mark::Mac([2, 0, 0, 0, 1, last]))
            .collect();
        let rules: Vec<_> = (1..=20)
            .map(|port| MarkRule {
                excluded: macs.clone(),
                ..rule("192.0.2.10", port, &[])
            })
            .collect();
        backend.replace(&rules).unwrap();
        assert!(backend.read().unwrap().holds(&rules));
        backend.remove().unwrap();
    });
}

#[test]
fn nothing_is_removed_where_nothing_is() {
    with_each(|backend| {
        backend.remove().unwrap();
        Backend::remove_everywhere().unwrap();
        assert_eq!(nft("list ruleset"), "");
        let names = std::fs::read_to_string("/proc/thread-self/net/ip_tables_names");
        assert_eq!(names.unwrap_or_default(), "");
    });
}

#[test]
fn rules_are_removed_from_everywhere_or_from_everywhere_else() {
    own_network();
    let all = Backend::installed();
    let names: Vec<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["nftables", "iptables (nft)", "iptables (legacy)"]);
    let rules = [
        rule("192.0.2.10", 3306, &["02:00:00:00:00:0a"]),
        rule("2001:db8::10", 3306, &[]),
    ];
    for kept in &all {
        all.iter()
            .for_each(|backend| backend.replace(&rules).unwrap());
        kept.remove_from_others().unwrap();
        for backend in &all {
            assert_eq!(backend.read().unwrap().holds(&rules), backend == kept);
            assert_eq!(backend.read().unwrap().holds(&[]), backend != kept);
        }
        Backend::remove_everywhere().unwrap();
        assert!(
            all.iter()
                .all(|backend| backend.read().unwrap() == ChainState::Absent)
        );
    }
}

#[test]
fn one_backend_that_cannot_be_cleared_does_not_keep_the_others_from_it() {
    own_network();
    let all = Backend::installed();
    let rules = [rule("192.0.2.10", 3306, &[])];
    all.iter()
        .for_each(|backend| backend.replace(&rules).unwrap());
    nft("add rule ip mangle PREROUTING meta mark set numgen inc mod 3");
    let error = Backend::remove_everywhere().unwrap_err();
    assert!(matches!(error, Error::Incompatible), "{error}");
    for backend in &all {
        assert!(match backend.read() {
            Ok(state) => state == ChainState::Absent,
            Err(error) => matches!(error, Error::Incompatible),
        });
    }
}

#[test]
fn a_choice_is_followed_and_without_one_the_host_is() {
    let iptables_of = |variant| Backend::Iptables(Iptables::of(variant).unwrap());
    let nftables = || Backend::Nftables(Nftables::installed().unwrap());
    let detect = || Backend::detect(Choice::Auto).unwrap();
    own_network();
    assert_eq!(detect(), nftables(), "nothing is in use");
    assert_eq!(nft("list ruleset"), "", "nothing is left behind");
    let choice = Backend::detect(Choice::Iptables).unwrap();
    assert_eq!(choice, iptables_of(Variant::Nft));
    assert_eq!(Backend::detect(Choice::Nftables).unwrap(), nftables());
    for variant in [Variant::Nft, Variant::Legacy] {
        for family in ["iptables", "ip6tables"] {
            own_network();
            nft("add table inet firewall");
            nft("add chain inet firewall c");
            nft("add rule inet firewall c accept");
            assert_eq!(detect(), nftables(), "nftables is in use");
            sh(
                &format!("{family}-{variant}"),
                "-w -A INPUT -i lo -j ACCEPT",
            );
            assert_eq!(detect(), iptables_of(variant), "iptables is in use as well");
            let rules = [rule("192.0.2.10", 3306, &[])];
            nftables().replace(&rules).unwrap();
            assert_eq!(detect(), nftables(), "ours is there");
        }
    }
}
