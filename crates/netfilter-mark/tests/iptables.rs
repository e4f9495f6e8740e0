//! Both variants of iptables on a real kernel, in network namespaces of the tests' own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

mod support;

use netfilter_mark::{ChainState, Damage, Error, Fault, Iptables, Variant};
use support::{damage, iptables, nft, own_network, rule, sh, with_both};

/// Every rule and chain of the table, without ours.
fn foreign(variant: Variant) -> Vec<String> {
    iptables(variant, "-S")
        .lines()
        .filter(|line| !line.contains("LBD-"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_chain_is_jumped_to_once_while_there_are_rules_of_its_family() {
    with_both(|tables| {
        let v4 = rule("192.0.2.10", 3306, &["02:00:00:00:00:0a"]);
        let v6 = rule("2001:db8::1", 1, &[]);
        for rules in [vec![v4.clone()], vec![v4, v6.clone()], vec![v6], vec![]] {
            tables.replace(&rules).unwrap();
            let listing = iptables(tables.variant(), "-S");
            for jump in ["-A PREROUTING -j LBD-MARK\n", "-A OUTPUT -j LBD-GUARD\n"] {
                assert_eq!(
                    listing.matches(jump).count(),
                    usize::from(rules.iter().any(|rule| rule.destination.is_ipv4()))
                );
            }
        }
    });
}

#[test]
fn the_guard_comes_first_in_output_and_the_mark_last_in_prerouting() {
    with_both(|tables| {
        let variant = tables.variant();
        iptables(variant, "-A PREROUTING -j MARK --set-mark 9");
        iptables(variant, "-A OUTPUT -j ACCEPT");
        let rules = [rule("192.0.2.10", 3306, &["02:00:00:00:00:0a"])];
        tables.replace(&rules).unwrap();
        let jumps = |chain| {
            iptables(variant, &format!("-S {chain}"))
                .lines()
                .skip(1)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(jumps("PREROUTING")[1], "-A PREROUTING -j LBD-MARK");
        assert_eq!(jumps("OUTPUT")[0], "-A OUTPUT -j LBD-GUARD");
    });
}

#[test]
fn foreign_rules_and_their_order_are_left_alone() {
    with_both(|tables| {
        let variant = tables.variant();
        for words in [
            "-N OTHERS",
            "-A PREROUTING -p udp -m comment --comment x-LBD-MARK-y -j OTHERS",
            "-A PREROUTING -s 198.51.100.0/24 -j ACCEPT",
            "-A OTHERS -j MARK --set-mark 0x10/0xf0",
            "-A OUTPUT -p tcp -j OTHERS",
            "-A OUTPUT -p tcp -m mark --mark 6 -j DROP",
        ] {
            iptables(variant, words);
        }
        let before = iptables(variant, "-S");
        tables.replace(&[rule("192.0.2.10", 3306, &[])]).unwrap();
        iptables(variant, "-A PREROUTING -p icmp -j ACCEPT");
        tables
            .replace(&[rule("192.0.2.10", 3307, &["02:00:00:00:00:0a"])])
            .unwrap();
        let order: Vec<_> = iptables(variant, "-S PREROUTING")
            .lines()
            .map(str::to_owned)
            .collect();
        assert_eq!(
            order[3], "-A PREROUTING -j LBD-MARK",
            "the jump keeps its place: {order:?}"
        );
        tables.remove().unwrap();
        iptables(variant, "-D PREROUTING -p icmp -j ACCEPT");
        assert_eq!(iptables(variant, "-S"), before);
    });
}

/// Whether the harm shows in what was read.
type IsSeen = fn(&Damage) -> bool;

#[test]
fn what_was_damaged_is_seen_and_put_right() {
    with_both(|tables| {
        let variant = tables.variant();
        let rules = [rule("192.0.2.10", 3306, &["02:00:00:00:00:0a"])];
        iptables(variant, "-A PREROUTING -p icmp -j ACCEPT");
        let others = foreign(variant);
        let cases: [(&[&str], IsSeen); 10] = [
            (&["-D LBD-MARK -i lo -j RETURN"], |found| {
                found.faults == [Fault::LocalMarked] && found.rules.len() == 1
            }),
            (&["-D PREROUTING -j LBD-MARK"], |found| {
                matches!(
                    found.faults[..],
                    [Fault::NoJump {
                        chain: "LBD-MARK",
                        ..
                    }]
                ) && found.rules.len() == 1
            }),
            (&["-D OUTPUT -j LBD-GUARD"], |found| {
                matches!(
                    found.faults[..],
                    [Fault::NoJump {
                        chain: "LBD-GUARD",
                        ..
                    }]
                ) && found.rules.len() == 1
            }),
            (
                &["-I PREROUTING -j LBD-MARK", "-A PREROUTING -j LBD-MARK"],
                |found| matches!(found.faults[..], [Fault::ExtraJumps { count: 2, .. }]),
            ),
            (&["-A LBD-MARK -j ACCEPT"], |found| {
                found.faults == [Fault::Strange("LBD-MARK -j ACCEPT".to_owned())]
            }),
            (&["-I LBD-GUARD -j RETURN"], |found| {
                found.faults == [Fault::Strange("LBD-GUARD -j RETURN".to_owned())]
            }),
            (&["-A INPUT -i lo -j LBD-MARK"], |found| {
                found.faults == [Fault::StrangeJump("INPUT -i lo -j LBD-MARK".to_owned())]
            }),
            (&["-D LBD-MARK 2"], |found| {
                found.rules.is_empty() && matches!(found.faults[..], [Fault::Strange(_), ..])
            }),
            (&["-F LBD-GUARD"], |found| {
                matches!(
                    found.faults[..],
                    [Fault::Unguarded { .. }, Fault::Unguarded { .. }]
                )
            }),
            (
                &["-D OUTPUT -j LBD-GUARD", "-F LBD-GUARD", "-X LBD-GUARD"],
                |found| {
                    matches!(
                        found.faults[..],
                        [
                            Fault::NoChain { chain: "LBD-GUARD" },
                            Fault::Unguarded { .. },
                            Fault::Unguarded { .. }
                        ]
                    )
                },
            ),
        ];
        for (harm, is_seen) in cases {
            tables.replace(&rules).unwrap();
            assert!(tables.read().unwrap().holds(&rules));
            harm.iter().for_each(|words| drop(iptables(variant, words)));
            let found = damage(tables.read().unwrap());
            assert!(is_seen(&found), "{harm:?}: {found:?}");
            tables.replace(&rules).unwrap();
            assert!(tables.read().unwrap().holds(&rules), "{harm:?}");
            harm.iter().for_each(|words| drop(iptables(variant, words)));
            tables.remove().unwrap();
            assert_eq!(tables.read().unwrap(), ChainState::Absent, "{harm:?}");
            assert_eq!(foreign(variant), others);
        }
    });
}

#[test]
fn a_rule_that_was_lost_or_changed_is_not_held() {
    with_both(|tables| {
        let rules = [rule(
            "192.0.2.10",
            3306,
            &["02:00:00:00:00:0a", "02:00:00:00:00:0b"],
        )];
        tables.replace(&rules).unwrap();
        iptables(tables.variant(), "-D LBD-MARK 3");
        // Its ICMP is excluded still.
        assert_eq!(damage(tables.read().unwrap()).faults.len(), 1);
        iptables(tables.variant(), "-D LBD-MARK 4");
        assert_eq!(
            tables.read().unwrap(),
            ChainState::Installed(vec![rule("192.0.2.10", 3306, &["02:00:00:00:00:0b"])])
        );
        iptables(tables.variant(), "-F LBD-MARK");
        iptables(tables.variant(), "-F LBD-GUARD");
        assert_eq!(tables.read().unwrap(), ChainState::Installed(vec![]));
        assert!(!tables.read().unwrap().holds(&rules));
    });
}

#[test]
fn detection_takes_the_variant_in_use_and_nft_where_none_is() {
    own_network();
    assert_eq!(Iptables::detect().unwrap().variant(), Variant::Nft);
    for variant in [Variant::Nft, Variant::Legacy] {
        own_network();
        iptables(variant, "-A PREROUTING -p icmp -j ACCEPT");
        assert_eq!(Iptables::detect().unwrap().variant(), variant);
        own_network();
        sh(
            &format!("iptables-{variant}"),
            "-w -A INPUT -i lo -j ACCEPT",
        );
        assert_eq!(Iptables::detect().unwrap().variant(), variant);
    }
    // Our own chain counts for more than other people's rules.
    own_network();
    Iptables::of(Variant::Legacy)
        .unwrap()
        .replace(&[rule("192.0.2.10", 3306, &[])])
        .unwrap();
    iptables(Variant::Nft, "-A PREROUTING -p icmp -j ACCEPT");
    assert_eq!(Iptables::detect().unwrap().variant(), Variant::Legacy);
    assert_eq!(Iptables::installed().len(), 2);
}

#[test]
fn detection_does_not_put_the_legacy_table_to_use() {
    own_network();
    let names =
        || std::fs::read_to_string("/proc/thread-self/net/ip_tables_names").unwrap_or_default();
    assert_eq!(names(), "");
    let tables = Iptables::detect().unwrap();
    tables.replace(&[rule("192.0.2.10", 3306, &[])]).unwrap();
    assert_eq!(
        Iptables::of(Variant::Legacy).unwrap().read().unwrap(),
        ChainState::Absent
    );
    Iptables::of(Variant::Legacy).unwrap().remove().unwrap();
    assert_eq!(names(), "");
}

#[test]
fn a_table_that_iptables_cannot_read_is_not_taken_for_an_empty_one() {
    own_network();
    let tables = Iptables::of(Variant::Nft).unwrap();
    tables.replace(&[rule("192.0.2.10", 3306, &[])]).unwrap();
    nft("add rule ip mangle PREROUTING meta mark set numgen inc mod 3");
    assert!(matches!(tables.read(), Err(Error::Incompatible)));
    assert!(matches!(tables.replace(&[]), Err(Error::Incompatible)));
    assert!(matches!(Iptables::detect(), Err(Error::Incompatible)));
}
