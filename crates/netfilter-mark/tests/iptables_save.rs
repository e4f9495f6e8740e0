//! Reading listings, without a kernel.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

use std::collections::BTreeSet;
use std::net::IpAddr;

use netfilter_mark::{ChainState, Damage, Fault, Mac, MarkRule, Protocol, parse_save};
use proptest::prelude::*;

fn rule(excluded: &[&str]) -> MarkRule {
    MarkRule {
        destination: "192.0.2.10".parse().unwrap(),
        protocol: Protocol::Tcp,
        port: 3306,
        mark: 2.try_into().unwrap(),
        guard: 6.try_into().unwrap(),
        excluded: excluded.iter().map(|mac| mac.parse().unwrap()).collect(),
    }
}

/// A table with these lines after the declarations and what spares local traffic.
fn table(lines: &[&str]) -> String {
    bare_table(&[&[SPARE], lines].concat())
}

/// A table with these lines after the declarations.
fn bare_table(lines: &[&str]) -> String {
    format!(
        "# Generated\n*mangle\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:LBD-GUARD - [0:0]\n:LBD-MARK - [0:0]\n{}\nCOMMIT\n",
        lines.join("\n")
    )
}

fn damage(lines: &[&str]) -> Damage {
    match parse_save(&table(lines)) {
        ChainState::Damaged(damage) => damage,
        other => panic!("{other:?}"),
    }
}

/// The rules that are not of the known form or have no effect where they are.
fn strange_rules(damage: &Damage) -> Vec<&str> {
    damage
        .faults
        .iter()
        .filter_map(|fault| match fault {
            Fault::Strange(rule) => Some(rule.as_str()),
            _ => None,
        })
        .collect()
}

const SPARE: &str = "-A LBD-MARK -i lo -j RETURN";
const JUMP: &str = "-A PREROUTING -j LBD-MARK";
const LEAD: &str = "-A OUTPUT -j LBD-GUARD";
const MARK: &str =
    "-A LBD-MARK -d 192.0.2.10/32 -p tcp -m tcp --dport 3306 -j MARK --set-xmark 0x2/0xffffffff";
const EXCLUDE: &str = "-A LBD-MARK -d 192.0.2.10/32 -p tcp -m tcp --dport 3306 -m mac --mac-source 02:00:00:00:00:0a -j MARK --set-xmark 0x6/0xffffffff";
const EXCLUDE_ICMP: &str = "-A LBD-MARK -d 192.0.2.10/32 -p icmp -m mac --mac-source 02:00:00:00:00:0a -j MARK --set-xmark 0x6/0xffffffff";
const GUARD_ICMP: &str = "-A LBD-GUARD -d 192.0.2.10/32 -p icmp -m mark --mark 0x6 -j DROP";
const GUARD: &str =
    "-A LBD-GUARD -d 192.0.2.10/32 -p tcp -m tcp --dport 3306 -m mark --mark 0x6 -j DROP";

#[test]
fn what_both_variants_print_reads_as_the_rule_that_was_written() {
    assert_eq!(
        parse_save(&table(&[
            JUMP,
            LEAD,
            GUARD_ICMP,
            GUARD,
            MARK,
            EXCLUDE,
            EXCLUDE_ICMP
        ])),
        ChainState::Installed(vec![rule(&["02:00:00:00:00:0a"])])
    );
}

/// Listings of version 1.8.9.
#[test]
fn listings_of_both_variants_read_as_the_rule_that_was_written() {
    let wanted = rule(&["02:00:00:00:00:0a", "02:00:00:00:00:0b"]);
    for text in [
        include_str!("golden/iptables-nft-save.txt"),
        include_str!("golden/iptables-legacy-save-c.txt"),
    ] {
        assert_eq!(
            parse_save(text),
            ChainState::Installed(vec![wanted.clone()])
        );
    }
}

#[test]
fn other_ways_to_print_the_same_rule_read_the_same() {
    for (icmp, (exclude, mark, guard)) in ["-p icmp", "-p 1"].into_iter().cycle().zip([
        (
            EXCLUDE.replace("0a", "0A"),
            MARK.replace("/32", ""),
            GUARD.replace("0x6", "0x6/0xffffffff"),
        ),
        (
            EXCLUDE.replace("/32", "/255.255.255.255"),
            MARK.replace("--set-xmark 0x2/0xffffffff", "--set-mark 2"),
            GUARD.replace("0x6", "6"),
        ),
        (
            format!("[12:720] {EXCLUDE}"),
            MARK.replace("-m tcp ", "").replace("0x2/0xffffffff", "0x2"),
            format!("[0:0] {GUARD}"),
        ),
        (
            EXCLUDE.replace("-p tcp", "-p 6"),
            MARK.replace("-d 192.0.2.10/32 -p tcp", "-p tcp -d 192.0.2.10/32"),
            GUARD.replace(
                "-p tcp -m tcp --dport 3306 -m mark",
                "-m mark -p tcp -m tcp --dport 3306",
            ),
        ),
    ]) {
        let icmp = [EXCLUDE_ICMP, GUARD_ICMP].map(|rule| rule.replace("-p icmp", icmp));
        let state = parse_save(&table(&[
            JUMP, LEAD, &mark, &exclude, &guard, &icmp[0], &icmp[1],
        ]));
        assert!(
            state.holds(&[rule(&["02:00:00:00:00:0a"])]),
            "{exclude}\n{mark}\n{guard}\n{state:?}"
        );
    }
}

#[test]
fn foreign_rules_are_not_ours_whatever_they_say() {
    let foreign = [
        "-A PREROUTING -m comment --comment \"see -j LBD-MARK\" -j ACCEPT",
        "-A PREROUTING -m comment --comment \"a \\\" -j LBD-MARK\" -j ACCEPT",
        "-A LBD-MARK-OLD -j MARK --set-xmark 0x2/0xffffffff",
        "-A PREROUTING -j LBD-MARK-OLD",
        "-A OUTPUT -m comment --comment \"-j LBD-GUARD\" -j DROP",
    ];
    let text = "*mangle\n:PREROUTING ACCEPT [0:0]\n:LBD-MARK-OLD - [0:0]\n".to_owned()
        + &foreign.join("\n");
    assert_eq!(parse_save(&text), ChainState::Absent);
    let mut lines = foreign.to_vec();
    lines.extend([JUMP, LEAD, MARK]);
    assert!(parse_save(&table(&lines)).holds(&[rule(&[])]));
}

#[test]
fn a_chain_without_a_jump_with_two_or_with_strange_ones_is_damaged() {
    for (chain, from, jump, other) in [
        ("LBD-MARK", "PREROUTING", JUMP, LEAD),
        ("LBD-GUARD", "OUTPUT", LEAD, JUMP),
    ] {
        let no_jump = Fault::NoJump { chain, from };
        assert_eq!(damage(&[other, MARK]).faults, [no_jump]);
        let count = 2;
        let extra_jumps = Fault::ExtraJumps { chain, from, count };
        assert_eq!(
            damage(&[jump, jump, jump, other, MARK]).faults,
            [extra_jumps]
        );
        for strange in [
            format!("{from} -i eth0 -j {chain}"),
            format!("{from} -g {chain}"),
            format!("INPUT -j {chain}"),
        ] {
            let found = damage(&[jump, other, &format!("-A {strange}"), MARK]);
            assert_eq!(found.faults, [Fault::StrangeJump(strange)]);
        }
    }
}

#[test]
fn one_chain_without_the_other_is_damaged() {
    for (chain, jump, other) in [("LBD-MARK", JUMP, LEAD), ("LBD-GUARD", LEAD, JUMP)] {
        let text = bare_table(&[other]).replace(&format!(":{chain} - [0:0]\n"), "");
        assert!(!text.contains(jump));
        let ChainState::Damaged(found) = parse_save(&text) else {
            panic!("{text}");
        };
        assert_eq!(found.faults, [Fault::NoChain { chain }]);
    }
}

#[test]
fn marks_for_local_traffic_are_damage() {
    for lines in [
        &[JUMP, LEAD, MARK][..],
        &[JUMP, LEAD, MARK, SPARE],
        &[JUMP, LEAD, "-A LBD-MARK -i lo2 -j RETURN", MARK],
        &[JUMP, LEAD, "-A LBD-GUARD -i lo -j RETURN", MARK],
    ] {
        let ChainState::Damaged(found) = parse_save(&bare_table(lines)) else {
            panic!("{lines:?}");
        };
        let strange = usize::from(lines.len() > 3);
        assert_eq!(strange_rules(&found).len(), strange, "{lines:?}");
        let is_late = lines.ends_with(&[SPARE]);
        assert_eq!(
            found.faults.contains(&Fault::LocalMarked),
            !is_late,
            "{lines:?}"
        );
    }
    assert_eq!(
        strange_rules(&damage(&[JUMP, LEAD, SPARE, MARK])).len(),
        1,
        "twice"
    );
}

#[test]
fn exclusions_without_their_own_guard_are_damaged() {
    let unguarded = Fault::Unguarded {
        target: "tcp port 3306 of 192.0.2.10".to_owned(),
    };
    let all = [JUMP, LEAD, MARK, EXCLUDE, EXCLUDE_ICMP, GUARD_ICMP];
    assert_eq!(damage(&all).faults, std::slice::from_ref(&unguarded));
    for other in [
        GUARD.replace("0x6", "0x7"),
        GUARD.replace("3306", "3307"),
        GUARD.replace("LBD-GUARD", "LBD-MARK"),
        GUARD.replace("0x6", "0x6/0xff"),
        GUARD.replace("DROP", "ACCEPT"),
        GUARD.replace("--mark", "! --mark"),
    ] {
        let found = damage(&[&all[..], &[&other]].concat());
        assert!(found.faults.contains(&unguarded), "{other}: {found:?}");
        assert_eq!(strange_rules(&found), [&other["-A ".len()..]]);
    }
}

#[test]
fn rules_that_would_not_do_what_is_wanted_are_strange() {
    let strange: &[&[&str]] = &[
        &[EXCLUDE, MARK, GUARD],          // the mark wins over the exclusion
        &[MARK, MARK],                    // the second would win
        &[EXCLUDE, GUARD],                // nothing is marked
        &[MARK, EXCLUDE, EXCLUDE, GUARD], // twice
        &[MARK, EXCLUDE, GUARD, GUARD],
        &[MARK, GUARD], // over nothing
        &[
            MARK,
            EXCLUDE,
            GUARD,
            EXCLUDE_ICMP,
            GUARD_ICMP,
            "-A LBD-GUARD -j DROP",
        ],
        &[
            MARK,
            "-A LBD-MARK -d 192.0.2.10/32 -p tcp -m tcp --dport 3306 -m mac --mac-source 02:00:00:00:00:0a -j RETURN",
        ],
        &["-A LBD-MARK -j ACCEPT", MARK],
        &[
            "-A LBD-MARK ! -d 192.0.2.10/32 -p tcp -m tcp --dport 3306 -j MARK --set-xmark 0x2/0xffffffff",
        ],
        &[
            "-A LBD-MARK -d 192.0.2.0/24 -p tcp -m tcp --dport 3306 -j MARK --set-xmark 0x2/0xffffffff",
        ],
        &[
            "-A LBD-MARK -d 192.0.2.10/32 -p tcp -m tcp --dport 3306:3307 -j MARK --set-xmark 0x2/0xffffffff",
        ],
        &["-A LBD-MARK -d 192.0.2.10/32 -p tcp -m tcp --dport 3306 -j MARK --set-xmark 0x2/0xff"],
        &[
            "-A LBD-MARK -d 192.0.2.10/32 -p tcp -m tcp --dport 3306 -j MARK --set-xmark 0x0/0xffffffff",
        ],
        &[
            "-A LBD-MARK -d 192.0.2.10/32 -p tcp -m tcp --dport 3306 -i eth0 -j MARK --set-xmark 0x2/0xffffffff",
        ],
        &["-A LBD-MARK -d 192.0.2.10/32 -p tcp -m tcp --dport"],
        &["-A LBD-MARK"],
    ];
    for lines in strange {
        let all = [&[JUMP, LEAD], *lines].concat();
        assert_ne!(strange_rules(&damage(&all)), [""; 0], "{lines:?}");
    }
}

#[test]
fn icmp_of_excluded_hosts_is_guarded_too() {
    let all = [JUMP, LEAD, MARK, EXCLUDE, GUARD];
    let unguarded = Fault::Unguarded {
        target: "icmp of 192.0.2.10".to_owned(),
    };
    for (lines, strange) in [
        (&[][..], &[][..]),
        (&[EXCLUDE_ICMP], &[]),
        (&[GUARD_ICMP], &[]),
        (
            &[
                GUARD_ICMP,
                "-A LBD-MARK -d 192.0.2.10/32 -p icmp -m mac --mac-source 02:00:00:00:00:0b -j MARK --set-xmark 0x6/0xffffffff",
            ],
            &["icmp of 192.0.2.10 from 02:00:00:00:00:0b"],
        ),
        (
            &[
                EXCLUDE_ICMP,
                "-A LBD-GUARD -d 192.0.2.10/32 -p icmp -m mark --mark 0x7 -j DROP",
            ],
            &["LBD-GUARD -d 192.0.2.10/32 -p icmp -m mark --mark 0x7 -j DROP"],
        ),
        (
            &[
                EXCLUDE_ICMP,
                "-A LBD-GUARD -d 192.0.2.10/32 -p ipv6-icmp -m mark --mark 0x6 -j DROP",
            ],
            &["LBD-GUARD -d 192.0.2.10/32 -p ipv6-icmp -m mark --mark 0x6 -j DROP"],
        ),
    ] {
        let found = damage(&[&all[..], lines].concat());
        assert!(found.faults.contains(&unguarded), "{lines:?}: {found:?}");
        assert_eq!(strange_rules(&found), strange, "{lines:?}");
    }
    let marks_icmp = "-A LBD-MARK -d 192.0.2.10/32 -p icmp -j MARK --set-xmark 0x2/0xffffffff";
    let found = damage(&[&all[..], &[EXCLUDE_ICMP, GUARD_ICMP, marks_icmp]].concat());
    assert_eq!(strange_rules(&found), [&marks_icmp["-A ".len()..]]);
}

#[test]
fn damage_is_told_in_words() {
    let found = damage(&[
        "-A LBD-MARK -j ACCEPT",
        LEAD,
        LEAD,
        MARK,
        EXCLUDE,
        EXCLUDE_ICMP,
        GUARD_ICMP,
    ]);
    assert_eq!(
        found.to_string(),
        "no jump from PREROUTING to LBD-MARK, 1 jumps too many from OUTPUT to LBD-GUARD, \
         no guard over what other directors send for tcp port 3306 of 192.0.2.10, \
         a rule that is not ours (LBD-MARK -j ACCEPT)"
    );
}

#[test]
fn a_set_of_rules_is_held_in_any_order_and_an_empty_one_means_no_chain() {
    let other = MarkRule {
        port: 3307,
        ..rule(&[])
    };
    let state = ChainState::Installed(vec![rule(&[]), other.clone()]);
    assert!(state.holds(&[other.clone(), rule(&[])]));
    assert!(!state.holds(&[other]));
    assert!(ChainState::Absent.holds(&[]));
    assert!(!ChainState::Absent.holds(&[rule(&[])]));
    assert!(!ChainState::Installed(vec![]).holds(&[]));
}

#[test]
fn the_guard_counts_only_where_somebody_is_excluded() {
    let other_guard = |rule: MarkRule| MarkRule {
        guard: 7.try_into().unwrap(),
        ..rule
    };
    let alone = ChainState::Installed(vec![rule(&[])]);
    assert!(alone.holds(&[other_guard(rule(&[]))]));
    let excluding = rule(&["02:00:00:00:00:0a"]);
    let state = ChainState::Installed(vec![excluding.clone()]);
    assert!(state.holds(std::slice::from_ref(&excluding)));
    assert!(!state.holds(&[other_guard(excluding)]));
}

#[test]
fn a_mac_is_six_pairs_of_hexadecimal_digits() {
    assert_eq!(
        "02-AB-cd-00-00-01".parse(),
        Ok(Mac([2, 0xab, 0xcd, 0, 0, 1]))
    );
    assert_eq!(
        Mac([2, 0xab, 0xcd, 0, 0, 1]).to_string(),
        "02:ab:cd:00:00:01"
    );
    for bad in [
        "",
        "02:00:00:00:00",
        "02:00:00:00:00:00:00",
        "2:0:0:0:0:0",
        "02:00:00:00:00:0g",
        "+2:00:00:00:00:00",
        "02:00-00:00:00:00",
    ] {
        assert!(bad.parse::<Mac>().is_err(), "{bad}");
    }
}

fn any_rule() -> impl Strategy<Value = MarkRule> {
    let macs = prop::collection::btree_set(any::<[u8; 6]>().prop_map(Mac), 0..4);
    let target = (any::<IpAddr>(), any::<bool>(), any::<u16>());
    (target, 1_u32.., 1_u32.., macs).prop_map(
        |((destination, tcp, port), mark, guard, excluded)| MarkRule {
            destination,
            protocol: if tcp { Protocol::Tcp } else { Protocol::Udp },
            port,
            mark: mark.try_into().unwrap(),
            guard: guard.try_into().unwrap(),
            excluded,
        },
    )
}

/// As iptables prints it.
fn printed(rule: &MarkRule) -> Vec<String> {
    let length = if rule.destination.is_ipv4() { 32 } else { 128 };
    let matches = format!(
        "-d {}/{length} -p {p} -m {p} --dport {}",
        rule.destination,
        rule.port,
        p = rule.protocol
    );
    let mut lines = vec![format!(
        "-A LBD-MARK {matches} -j MARK --set-xmark {:#x}/0xffffffff",
        rule.mark
    )];
    for mac in &rule.excluded {
        lines.push(format!(
            "-A LBD-MARK {matches} -m mac --mac-source {mac} -j MARK --set-xmark {:#x}/0xffffffff",
            rule.guard
        ));
    }
    let icmp = if rule.destination.is_ipv4() {
        "icmp"
    } else {
        "ipv6-icmp"
    };
    let icmp = format!("-d {}/{length} -p {icmp}", rule.destination);
    for mac in &rule.excluded {
        lines.push(format!(
            "-A LBD-MARK {icmp} -m mac --mac-source {mac} -j MARK --set-xmark {:#x}/0xffffffff",
            rule.guard
        ));
    }
    if !rule.excluded.is_empty() {
        lines.push(format!(
            "-A LBD-GUARD {icmp} -m mark --mark {:#x} -j DROP",
            rule.guard
        ));
        lines.push(format!(
            "-A LBD-GUARD {matches} -m mark --mark {:#x} -j DROP",
            rule.guard
        ));
    }
    lines
}

proptest! {
    #[test]
    fn printed_rules_read_back_as_they_were(rules in prop::collection::vec(any_rule(), 1..6)) {
        let targets: BTreeSet<_> = rules.iter().map(|rule| (rule.destination, rule.protocol, rule.port)).collect();
        prop_assume!(targets.len() == rules.len());
        let mut lines = vec![JUMP.to_owned(), LEAD.to_owned()];
        lines.extend(rules.iter().flat_map(printed));
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let state = parse_save(&table(&lines));
        prop_assert!(state.holds(&rules), "{:?}", state);
    }

    #[test]
    fn any_text_is_read_without_harm(text in "\\PC{0,200}") {
        let _ = parse_save(&text);
        let _ = text.parse::<Mac>();
    }

    #[test]
    fn words_of_iptables_in_any_order_are_read_without_harm(words in prop::collection::vec(
        prop::sample::select(vec![
            "-A", "LBD-MARK", "LBD-GUARD", "-i", "lo", "PREROUTING", "OUTPUT", "DROP", "--mark", "0x6", "-j", "-g", "-d", "192.0.2.10/32", "-p", "tcp", "--dport", "3306", "-m", "mac",
            "--mac-source", "02:00:00:00:00:01", "MARK", "--set-xmark", "0x2/0xffffffff", "RETURN", "\"", "\\", "!", "\n-A ",
            "\n:", "[1:2]", "é",
        ]), 0..40,
    )) {
        let _ = parse_save(&words.join(" "));
    }

    #[test]
    fn a_damaged_line_never_reads_as_the_whole_rule(cut in 0..MARK.len()) {
        let state = parse_save(&table(&[JUMP, LEAD, &MARK[..cut], EXCLUDE, GUARD, EXCLUDE_ICMP, GUARD_ICMP]));
        // Cut inside the mask or the mark it may still be a rule, but then with the same mark.
        if let ChainState::Installed(rules) = state {
            prop_assert_eq!(rules, vec![rule(&["02:00:00:00:00:0a"])]);
        }
    }
}
