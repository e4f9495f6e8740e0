//! Both variants of iptables on a real kernel, in network namespaces of the tests' own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

mod support;

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use netfilter_mark::{ChainState, Damage, Error, Fault, Iptables, MarkRule, Protocol, Variant};
use socket2::{Domain, SockRef, Socket, Type};
use support::{Host, cable, ip, own_network};

const BOTH: [Variant; 2] = [Variant::Nft, Variant::Legacy];

/// Runs the test in a new network for each variant.
fn with_both(test: impl Fn(&Iptables)) {
    for variant in BOTH {
        own_network();
        test(&Iptables::of(variant).expect("not installed: apt install iptables"));
    }
}

fn sh(program: &str, words: &str) -> String {
    let output = Command::new(program)
        .args(words.split_whitespace())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{program} {words}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn iptables(variant: Variant, words: &str) -> String {
    sh(
        &format!("iptables-{variant}"),
        &format!("-w -t mangle {words}"),
    )
}

/// Every rule and chain of the table, without ours.
fn foreign(variant: Variant) -> Vec<String> {
    iptables(variant, "-S")
        .lines()
        .filter(|line| !line.contains("LBD-"))
        .map(str::to_owned)
        .collect()
}

fn rule(destination: &str, port: u16, excluded: &[&str]) -> MarkRule {
    MarkRule {
        destination: destination.parse().unwrap(),
        protocol: Protocol::Tcp,
        port,
        mark: 2.try_into().unwrap(),
        guard: 6.try_into().unwrap(),
        excluded: excluded.iter().map(|mac| mac.parse().unwrap()).collect(),
    }
}

fn damage(state: ChainState) -> Damage {
    match state {
        ChainState::Damaged(damage) => damage,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_written_reads_back_the_same_in_both_families() {
    with_both(|tables| {
        let rules = [
            rule(
                "192.0.2.10",
                3306,
                &["02:00:00:00:00:0A", "fe:ff:ff:ff:ff:ff"],
            ),
            rule("192.0.2.10", 3307, &[]),
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
        assert_eq!(tables.read().unwrap(), ChainState::Absent);
        tables.replace(&rules).unwrap();
        let found = tables.read().unwrap();
        assert!(found.holds(&rules), "{found:?}");
        let listing = iptables(tables.variant(), "-S");
        tables.replace(&rules).unwrap();
        assert_eq!(
            iptables(tables.variant(), "-S"),
            listing,
            "written twice is written once"
        );
        tables.remove().unwrap();
        assert_eq!(tables.read().unwrap(), ChainState::Absent);
        tables.remove().unwrap();
    });
}

#[test]
fn each_replacement_holds_exactly_the_new_rules() {
    with_both(|tables| {
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
            tables.replace(&rules).unwrap();
            assert!(tables.read().unwrap().holds(&rules));
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
fn a_guard_that_is_also_a_mark_is_refused_before_anything_is_written() {
    with_both(|tables| {
        let other = MarkRule {
            mark: 6.try_into().unwrap(),
            guard: 7.try_into().unwrap(),
            ..rule("192.0.2.10", 3307, &[])
        };
        let error = tables
            .replace(&[rule("192.0.2.10", 3306, &[]), other])
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the guard mark 0x6 for tcp port 3306 of 192.0.2.10 is also a mark to balance by: choose one that no rule sets"
        );
        assert_eq!(tables.read().unwrap(), ChainState::Absent);
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
        let cases: [(&[&str], IsSeen); 9] = [
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
            (&["-D LBD-MARK 1"], |found| {
                found.rules.is_empty() && matches!(found.faults[..], [Fault::Strange(_), ..])
            }),
            (&["-F LBD-GUARD"], |found| {
                matches!(found.faults[..], [Fault::Unguarded { .. }])
            }),
            (
                &["-D OUTPUT -j LBD-GUARD", "-F LBD-GUARD", "-X LBD-GUARD"],
                |found| {
                    matches!(
                        found.faults[..],
                        [
                            Fault::NoChain { chain: "LBD-GUARD" },
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
        iptables(tables.variant(), "-D LBD-MARK 2");
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
fn two_marks_for_one_target_are_refused_before_anything_is_written() {
    with_both(|tables| {
        let rules = [
            rule("192.0.2.10", 3306, &[]),
            rule("192.0.2.10", 3306, &["02:00:00:00:00:0a"]),
        ];
        let error = tables.replace(&rules).unwrap_err();
        assert_eq!(
            error.to_string(),
            "two rules mark tcp port 3306 of 192.0.2.10: only one mark can be set"
        );
        assert_eq!(tables.read().unwrap(), ChainState::Absent);
    });
}

#[test]
fn detection_takes_the_variant_in_use_and_nft_where_none_is() {
    own_network();
    assert_eq!(Iptables::detect().unwrap().variant(), Variant::Nft);
    for variant in BOTH {
        own_network();
        iptables(variant, "-A PREROUTING -p icmp -j ACCEPT");
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
    if Command::new("nft").arg("--version").output().is_err() {
        panic!("this test makes a rule with nft: apt install nftables");
    }
    sh(
        "nft",
        "add rule ip mangle PREROUTING meta mark set numgen inc mod 3",
    );
    assert!(matches!(tables.read(), Err(Error::Incompatible)));
    assert!(matches!(tables.replace(&[]), Err(Error::Incompatible)));
    assert!(matches!(Iptables::detect(), Err(Error::Incompatible)));
}

/// The packets that a rule has seen.
fn counted(variant: Variant, rule: &str) -> u64 {
    let listing = sh(&format!("iptables-{variant}-save"), "-c -t mangle");
    let line = listing
        .lines()
        .find(|line| line.ends_with(rule))
        .unwrap_or_else(|| panic!("no {rule} in {listing}"));
    line.trim_start_matches('[')
        .split(':')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

/// The whole purpose: a client's connection gets the mark to balance by, and another director's frame to the same address
/// the guard mark; it is delivered here all the same.
#[test]
fn frames_from_an_excluded_mac_get_the_guard_mark_and_all_others_the_mark() {
    with_both(|tables| {
        let variant = tables.variant();
        let other = Host::new();
        cable("near", &other, "far");
        ip("addr add 10.1.0.1/24 dev near");
        ip("addr add 10.1.0.100/32 dev lo");
        other.ip("addr add 10.1.0.2/24 dev far");
        let listeners = [3306, 3307].map(|port| TcpListener::bind(("10.1.0.100", port)).unwrap());
        tables
            .replace(&[rule(
                "10.1.0.100",
                3306,
                &["02:00:00:00:00:02", "02:00:00:00:00:03"],
            )])
            .unwrap();
        iptables(variant, "-A PREROUTING -p tcp -m mark --mark 2");
        iptables(variant, "-A PREROUTING -p tcp -m mark --mark 6");
        iptables(variant, "-A PREROUTING -p tcp -m mark --mark 0");
        for (mac, port, wanted) in [
            ("02:00:00:00:00:01", 3306, "0x2"),
            ("02:00:00:00:00:02", 3306, "0x6"),
            ("02:00:00:00:00:03", 3306, "0x6"),
            ("02:00:00:00:00:04", 3306, "0x2"),
            ("02:00:00:00:00:01", 3307, "0x0"),
            ("02:00:00:00:00:02", 3307, "0x0"),
        ] {
            other.ip("link set far down");
            other.ip(&format!("link set far address {mac} up"));
            ip("neigh flush dev near nud all");
            iptables(variant, "-Z PREROUTING");
            other.run(move || {
                let address = ([10, 1, 0, 100], port).into();
                let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).unwrap();
                // Ends with a reset: a FIN could be repeated later, from the next MAC.
                SockRef::from(&stream)
                    .set_linger(Some(Duration::ZERO))
                    .unwrap();
            });
            for mark in ["0x2", "0x6", "0x0"] {
                let seen = counted(variant, &format!("-p tcp -m mark --mark {mark}"));
                assert_eq!(
                    seen > 0,
                    mark == wanted,
                    "{variant} {mac} {port}: {seen} with {mark}"
                );
            }
        }
        drop(listeners);
    });
}

/// What IPVS sends on passes OUTPUT with the mark that it arrived with; here a socket's option sets it.
#[test]
fn what_carries_the_guard_mark_is_not_sent_on_and_everything_else_is() {
    with_both(|tables| {
        let other = Host::new();
        cable("near", &other, "far");
        ip("addr add 10.1.0.1/24 dev near");
        ip("route add 10.1.0.100/32 via 10.1.0.2");
        other.ip("addr add 10.1.0.2/24 dev far");
        other.ip("addr add 10.1.0.100/32 dev lo");
        let listeners =
            other.run(|| [3306, 3307].map(|port| TcpListener::bind(("10.1.0.100", port)).unwrap()));
        let goes_out = |port, mark| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_mark(mark).unwrap();
            let address = SocketAddr::from(([10, 1, 0, 100], port));
            socket
                .connect_timeout(&address.into(), Duration::from_millis(500))
                .is_ok()
        };
        assert!(goes_out(3306, 6));
        tables
            .replace(&[rule("10.1.0.100", 3306, &["02:00:00:00:00:09"])])
            .unwrap();
        assert!(!goes_out(3306, 6));
        for (port, mark) in [(3306, 0), (3306, 2), (3306, 7), (3307, 6)] {
            assert!(goes_out(port, mark), "{port} {mark}");
        }
        tables.remove().unwrap();
        assert!(goes_out(3306, 6));
        drop(listeners);
    });
}

#[test]
fn many_rules_are_replaced_in_one_go() {
    with_both(|tables| {
        let macs: BTreeSet<_> = (0..=255)
            .map(|last| netfilter_mark::Mac([2, 0, 0, 0, 1, last]))
            .collect();
        let rules: Vec<_> = (1..=20)
            .map(|port| MarkRule {
                excluded: macs.clone(),
                ..rule("192.0.2.10", port, &[])
            })
            .collect();
        tables.replace(&rules).unwrap();
        assert!(tables.read().unwrap().holds(&rules));
        tables.remove().unwrap();
    });
}
