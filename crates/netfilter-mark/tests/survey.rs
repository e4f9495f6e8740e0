//! What could break the marks, provoked on a real kernel, in network namespaces of the tests' own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

mod support;

use netfilter_mark::{
    Backend, Finding, Iptables, MarkRule, Marking, Nftables, Order, Variant, survey,
};
use support::{iptables, nft, own_network, rule, sh, with_both, with_each};

fn rules() -> Vec<MarkRule> {
    vec![
        rule("192.0.2.10", 3306, &["02:00:00:00:00:0a"]),
        rule("2001:db8::10", 3306, &["02:00:00:00:00:0a"]),
    ]
}

fn found(backend: &Backend) -> Vec<Finding> {
    survey(backend, &rules()).unwrap()
}

/// The foreign markers that were found: their rules' beginnings, what they do and when.
fn markers(backend: &Backend) -> Vec<(String, Marking, Order)> {
    let findings = found(backend).into_iter();
    findings
        .filter_map(|finding| match finding {
            Finding::Marker {
                rule,
                marking,
                order,
            } => Some((rule.rule, marking, order)),
            Finding::BothInUse { .. } => None,
            other => panic!("{other}"),
        })
        .collect()
}

#[test]
fn a_host_with_nothing_but_our_rules_has_no_findings() {
    with_each(|backend| {
        assert!(found(backend).is_empty(), "{:?}", found(backend));
        backend.replace(&rules()).unwrap();
        assert!(found(backend).is_empty(), "{:?}", found(backend));
    });
}

#[test]
fn rules_that_cannot_meet_our_packets_are_no_findings() {
    with_each(|backend| {
        backend.replace(&rules()).unwrap();
        for variant in [Variant::Nft, Variant::Legacy] {
            if matches!(backend, Backend::Iptables(ours) if ours.variant() != variant) {
                continue;
            }
            if matches!(backend, Backend::Nftables(_)) && variant == Variant::Legacy {
                continue;
            }
            for condition in [
                "-d 192.0.2.11",
                "-d 198.51.100.0/24",
                "! -d 192.0.2.0/24",
                "-p udp",
                "! -p tcp",
                "-p tcp --dport 3307",
                "-p tcp --dport 3307:4000",
                "-p tcp ! --dport 3306",
                "-p tcp -m multiport --dports 80,443,4000:5000",
                "-i lo",
            ] {
                iptables(
                    variant,
                    &format!("-A PREROUTING {condition} -j MARK --set-mark 9"),
                );
            }
            iptables(variant, "-A PREROUTING -j CONNMARK --save-mark");
            iptables(variant, "-A FORWARD -j MARK --set-mark 9");
            iptables(variant, "-A POSTROUTING -j MARK --set-mark 9");
            iptables(variant, "-N UNUSED");
            iptables(variant, "-A UNUSED -j MARK --set-mark 9");
            iptables(variant, "-A PREROUTING -d 192.0.2.11 -j UNUSED");
        }
        assert_eq!(markers(backend), []);
    });
}

#[test]
fn native_rules_that_cannot_meet_our_packets_are_no_findings() {
    own_network();
    let backend = Backend::Nftables(Nftables::detect().unwrap());
    nft("add table inet other");
    nft("add chain inet other unused");
    nft("add rule inet other unused meta mark set 9");
    nft("add chain inet other pre { type filter hook prerouting priority 0 ; }");
    nft("add chain inet other post { type filter hook postrouting priority 0 ; }");
    nft("add rule inet other post meta mark set 9");
    for condition in [
        "ip daddr 192.0.2.11",
        "ip6 daddr 2001:db8::11",
        "ip daddr { 192.0.2.11, 198.51.100.0/24 }",
        "ip daddr 192.0.2.11-192.0.2.20",
        "ip daddr != 192.0.2.0/24",
        "ip6 daddr != 2001:db8::/32",
        "meta l4proto { udp, icmp }",
        "ip protocol udp",
        "ip6 nexthdr udp",
        "icmp type echo-request",
        "udp dport != 1",
        "tcp dport { 80, 443, 4000-5000 }",
        "tcp dport != 3306",
        "th dport 3307",
        "udp dport 3306",
        "iifname lo",
        "iif lo",
    ] {
        nft(&format!(
            "add rule inet other pre {condition} meta mark set 9"
        ));
    }
    nft("add rule inet other pre ct mark set meta mark");
    nft("add rule inet other pre tcp dport 3307 jump unused");
    assert_eq!(markers(&backend), []);
}

#[test]
fn the_place_of_an_iptables_rule_says_who_wins() {
    with_both(|tables| {
        let variant = tables.variant();
        let backend = Backend::Iptables(tables.clone());
        iptables(variant, "-A PREROUTING -p tcp -j MARK --set-mark 7");
        let first = "PREROUTING -p tcp -j MARK --set-xmark 0x7/0xffffffff".to_owned();
        let before = (first, Marking::Sets, Order::Before);
        assert_eq!(
            markers(&backend),
            std::slice::from_ref(&before),
            "ours will come last"
        );
        backend.replace(&rules()).unwrap();
        assert_eq!(markers(&backend), std::slice::from_ref(&before));
        iptables(variant, "-N LATE");
        iptables(
            variant,
            "-A LATE -m comment --comment late -j MARK --set-mark 8",
        );
        iptables(variant, "-A PREROUTING -d 192.0.2.0/24 -j LATE");
        iptables(variant, "-A INPUT -j CONNMARK --restore-mark");
        iptables(variant, "-A OUTPUT -j MARK --set-mark 9");
        let mut wanted = vec![
            (
                "INPUT -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff"
                    .to_owned(),
                Marking::Restores,
                Order::After,
            ),
            (
                "LATE -m comment --comment late -j MARK --set-xmark 0x8/0xffffffff".to_owned(),
                Marking::Sets,
                Order::After,
            ),
            before,
        ];
        let sorted = |mut found: Vec<(String, Marking, Order)>| {
            found.sort();
            found
        };
        assert_eq!(
            sorted(markers(&backend)),
            wanted,
            "the guard comes before OUTPUT's"
        );
        iptables(variant, "-D OUTPUT -j MARK --set-mark 9");
        iptables(variant, "-I OUTPUT -j MARK --set-mark 9");
        wanted.push((
            "OUTPUT -j MARK --set-xmark 0x9/0xffffffff".to_owned(),
            Marking::Sets,
            Order::BeforeGuard,
        ));
        assert_eq!(sorted(markers(&backend)), sorted(wanted));
    });
}

#[test]
fn rules_of_ip6tables_and_of_other_tables_count() {
    with_both(|tables| {
        let variant = tables.variant();
        let backend = Backend::Iptables(tables.clone());
        backend.replace(&rules()).unwrap();
        for (family, table, order) in [
            ("iptables", "raw", Order::Before),
            ("iptables", "nat", Order::After),
            ("ip6tables", "raw", Order::Before),
            ("ip6tables", "mangle", Order::After),
        ] {
            let program = format!("{family}-{variant}");
            let words = "PREROUTING -p tcp -m addrtype --dst-type LOCAL -j MARK --set-mark 9";
            sh(&program, &format!("-w -t {table} -A {words}"));
            let findings = found(&backend);
            let [
                Finding::Marker {
                    rule, order: found, ..
                },
            ] = &findings[..]
            else {
                panic!("{findings:?}");
            };
            assert_eq!(rule.table, format!("{program}, table {table}"));
            assert_eq!((rule.chain.as_str(), *found), ("PREROUTING", order));
            sh(&program, &format!("-w -t {table} -F PREROUTING"));
            if (family, table) == ("ip6tables", "mangle") {
                return;
            }
        }
    });
}

#[test]
fn native_rules_are_judged_by_their_chains_priority() {
    let chain = |hook: &str, priority: &str| {
        format!("add chain inet other c {{ type filter hook {hook} priority {priority} ; }}")
    };
    for (hook, priority, iptables_order, nftables_order) in [
        (
            "prerouting",
            "raw",
            Some(Order::Before),
            Some(Order::Before),
        ),
        (
            "prerouting",
            "mangle",
            Some(Order::Unknown),
            Some(Order::Before),
        ),
        (
            "prerouting",
            "-149",
            Some(Order::After),
            Some(Order::Unknown),
        ),
        (
            "prerouting",
            "filter",
            Some(Order::After),
            Some(Order::After),
        ),
        ("input", "filter", Some(Order::After), Some(Order::After)),
        (
            "output",
            "-400",
            Some(Order::BeforeGuard),
            Some(Order::BeforeGuard),
        ),
        ("output", "raw", Some(Order::BeforeGuard), None),
        ("output", "filter", None, None),
        ("forward", "filter", None, None),
    ] {
        own_network();
        nft("add table inet other");
        nft("add chain inet other called");
        nft("add rule inet other called meta mark set ct mark");
        nft(&chain(hook, priority));
        nft("add rule inet other c tcp dport { 1-4000 } jump called");
        for (backend, order) in [
            (
                Backend::Iptables(Iptables::of(Variant::Nft).unwrap()),
                iptables_order,
            ),
            (
                Backend::Nftables(Nftables::installed().unwrap()),
                nftables_order,
            ),
        ] {
            backend.replace(&rules()).unwrap();
            let wanted: Vec<_> = order
                .map(|order| ("meta mark set ct mark".to_owned(), Marking::Restores, order))
                .into_iter()
                .collect();
            assert_eq!(markers(&backend), wanted, "{backend} {hook} {priority}");
            backend.remove().unwrap();
        }
    }
}

#[test]
fn chains_that_a_verdict_map_calls_are_looked_through() {
    for by_name in [false, true] {
        own_network();
        let backend = Backend::Nftables(Nftables::detect().unwrap());
        nft("add table ip other");
        nft("add chain ip other called");
        nft("add rule ip other called meta mark set 5");
        nft("add chain ip other c { type filter hook prerouting priority 0 ; }");
        match by_name {
            false => nft("add rule ip other c ip saddr vmap { 203.0.113.1 : jump called }"),
            true => {
                nft(
                    "add map ip other m { type ipv4_addr : verdict ; elements = { 203.0.113.1 : goto called } ; }",
                );
                nft("add rule ip other c ip saddr vmap @m")
            }
        };
        let rule = "meta mark set 0x00000005".to_owned();
        assert_eq!(markers(&backend), [(rule, Marking::Sets, Order::After)]);
    }
}

#[test]
fn what_leaves_the_table_before_our_chain_is_told() {
    with_both(|tables| {
        let variant = tables.variant();
        let backend = Backend::Iptables(tables.clone());
        iptables(variant, "-A PREROUTING -p udp -j ACCEPT");
        iptables(
            variant,
            "-A PREROUTING -m conntrack --ctstate ESTABLISHED -j ACCEPT",
        );
        backend.replace(&rules()).unwrap();
        iptables(variant, "-A PREROUTING -j ACCEPT");
        let findings = found(&backend);
        let [Finding::Bypass { rule, chain }] = &findings[..] else {
            panic!("{findings:?}");
        };
        assert!(rule.rule.contains("ESTABLISHED"));
        assert_eq!(*chain, "LBD-MARK");
        iptables(variant, "-F PREROUTING");
        backend.replace(&rules()).unwrap();
        // Leaving a chain of one's own is no harm, leaving the kernel's is.
        iptables(variant, "-N OTHER");
        iptables(variant, "-A OTHER -j RETURN");
        iptables(variant, "-I OUTPUT -j OTHER");
        assert!(found(&backend).is_empty());
        iptables(variant, "-I OUTPUT -p tcp -j RETURN");
        iptables(variant, "-A OUTPUT -j ACCEPT");
        let findings = found(&backend);
        let [Finding::Bypass { rule, chain }] = &findings[..] else {
            panic!("{findings:?}");
        };
        assert_eq!(rule.rule, "OUTPUT -p tcp -j RETURN");
        assert_eq!(*chain, "LBD-GUARD");
    });
}

#[test]
fn legacy_tables_beside_nf_tables_are_told() {
    own_network();
    let backend = Backend::Nftables(Nftables::detect().unwrap());
    sh("iptables-legacy", "-w -A INPUT -i lo -j ACCEPT");
    assert!(found(&backend).is_empty(), "one of them alone");
    nft("add table inet firewall");
    nft("add chain inet firewall c");
    nft("add rule inet firewall c accept");
    let findings = found(&backend);
    let [Finding::BothInUse { legacy, nf_tables }] = &findings[..] else {
        panic!("{findings:?}");
    };
    assert_eq!(legacy, &["iptables-legacy, table filter"]);
    assert_eq!(nf_tables, &["nftables, table inet firewall"]);
    nft("delete table inet firewall");
    backend.replace(&rules()).unwrap();
    let findings = found(&backend);
    let [Finding::BothInUse { nf_tables, .. }] = &findings[..] else {
        panic!("{findings:?}");
    };
    assert_eq!(nf_tables, &["lbd's own in nftables"]);
}

#[test]
fn our_rules_in_two_backends_are_told() {
    own_network();
    let all = Backend::installed();
    all.iter()
        .for_each(|backend| backend.replace(&rules()).unwrap());
    for backend in &all {
        let findings = found(backend);
        let [Finding::OursTwice { backends }] = &findings[..] else {
            panic!("{findings:?}");
        };
        assert_eq!(backends.len(), 3);
    }
    all[0].remove_from_others().unwrap();
    assert!(found(&all[0]).is_empty());
}

#[test]
fn a_table_that_iptables_cannot_show_is_looked_through_all_the_same() {
    own_network();
    let backend = Backend::Iptables(Iptables::of(Variant::Nft).unwrap());
    iptables(Variant::Nft, "-A PREROUTING -p icmp -j ACCEPT");
    nft("add rule ip mangle PREROUTING meta mark set numgen inc mod 3");
    let findings = found(&backend);
    let [
        Finding::Unusable { error, .. },
        Finding::Marker { rule, .. },
    ] = &findings[..]
    else {
        panic!("{findings:?}");
    };
    assert!(
        error
            .to_string()
            .contains("iptables cannot read the table mangle")
    );
    assert_eq!(rule.rule, "meta mark set numgen inc mod 3");
    assert_eq!(rule.table, "nftables, table ip mangle");
}

#[test]
fn findings_say_what_they_risk_and_what_to_do() {
    own_network();
    let backend = Backend::Nftables(Nftables::detect().unwrap());
    iptables(Variant::Nft, "-A INPUT -p tcp -j MARK --set-mark 7");
    let findings: Vec<String> = found(&backend).iter().map(ToString::to_string).collect();
    assert_eq!(
        findings,
        [
            "the rule \"INPUT -p tcp -j MARK --set-xmark 0x7/0xffffffff\" (iptables-nft, table mangle, chain INPUT) \
          may set its mark on packets for the virtual address after lbd does, and replaces lbd's: connections are not balanced, \
          and what another director sent may be sent on in a circle; let the rule spare the virtual address, or move it before lbd's"
        ]
    );
}
