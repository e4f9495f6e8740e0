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

use netfilter_mark::{ChainState, Damage, Mac, MarkRule, Protocol, parse_save};
use proptest::prelude::*;

fn rule(excluded: &[&str]) -> MarkRule {
    MarkRule {
        destination: "192.0.2.10".parse().unwrap(),
        protocol: Protocol::Tcp,
        port: 3306,
        mark: 2.try_into().unwrap(),
        excluded: excluded.iter().map(|mac| mac.parse().unwrap()).collect(),
    }
}

/// A table with these lines after the declarations.
fn table(lines: &[&str]) -> String {
    format!(
        "# Generated\n*mangle\n:PREROUTING ACCEPT [0:0]\n:LBD-MARK - [0:0]\n{}\nCOMMIT\n",
        lines.join("\n")
    )
}

fn damage(lines: &[&str]) -> Damage {
    match parse_save(&table(lines)) {
        ChainState::Damaged(damage) => damage,
        other => panic!("{other:?}"),
    }
}

const JUMP: &str = "-A PREROUTING -j LBD-MARK";
const EXCLUDE: &str = "-A LBD-MARK -d 192.0.2.10/32 -p tcp -m tcp --dport 3306 -m mac --mac-source 02:00:00:00:00:0a -j RETURN";
const MARK: &str =
    "-A LBD-MARK -d 192.0.2.10/32 -p tcp -m tcp --dport 3306 -j MARK --set-xmark 0x2/0xffffffff";

#[test]
fn what_both_variants_print_reads_as_the_rule_that_was_written() {
    assert_eq!(
        parse_save(&table(&[JUMP, EXCLUDE, MARK])),
        ChainState::Installed(vec![rule(&["02:00:00:00:00:0a"])])
    );
}

#[test]
fn other_ways_to_print_the_same_rule_read_the_same() {
    for (exclude, mark) in [
        (EXCLUDE.replace("0a", "0A"), MARK.replace("/32", "")),
        (
            EXCLUDE.replace("/32", "/255.255.255.255"),
            MARK.replace("--set-xmark 0x2/0xffffffff", "--set-mark 2"),
        ),
        (
            format!("[12:720] {EXCLUDE}"),
            MARK.replace("-m tcp ", "").replace("0x2/0xffffffff", "0x2"),
        ),
        (
            EXCLUDE.replace("-p tcp", "-p 6"),
            MARK.replace("-d 192.0.2.10/32 -p tcp", "-p tcp -d 192.0.2.10/32"),
        ),
    ] {
        let state = parse_save(&table(&[JUMP, &exclude, &mark]));
        assert!(
            state.holds(&[rule(&["02:00:00:00:00:0a"])]),
            "{exclude}\n{mark}\n{state:?}"
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
    ];
    let text = "*mangle\n:PREROUTING ACCEPT [0:0]\n:LBD-MARK-OLD - [0:0]\n".to_owned()
        + &foreign.join("\n");
    assert_eq!(parse_save(&text), ChainState::Absent);
    let mut lines = foreign.to_vec();
    lines.extend([JUMP, MARK]);
    assert_eq!(
        parse_save(&table(&lines)),
        ChainState::Installed(vec![rule(&[])])
    );
}

#[test]
fn a_chain_without_a_jump_with_two_or_with_strange_ones_is_damaged() {
    assert!(damage(&[EXCLUDE, MARK]).no_jump);
    assert_eq!(damage(&[JUMP, JUMP, JUMP, MARK]).extra_jumps, 2);
    assert!(!damage(&[JUMP, JUMP, MARK]).no_jump);
    for strange in [
        "PREROUTING -i eth0 -j LBD-MARK",
        "PREROUTING -g LBD-MARK",
        "OUTPUT -j LBD-MARK",
    ] {
        let found = damage(&[JUMP, &format!("-A {strange}"), MARK]);
        assert_eq!(
            (found.strange_jumps, found.no_jump, found.extra_jumps),
            (vec![strange.to_owned()], false, 0)
        );
    }
}

#[test]
fn rules_that_would_not_do_what_is_wanted_are_strange() {
    let strange: &[&[&str]] = &[
        &[MARK, EXCLUDE],          // the exclusion comes too late
        &[MARK, MARK],             // the second would win
        &[EXCLUDE],                // nothing is marked
        &[EXCLUDE, EXCLUDE, MARK], // twice
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
        let all: Vec<&str> = std::iter::once(JUMP).chain(lines.iter().copied()).collect();
        assert_ne!(
            damage(&all).strange_rules,
            Vec::<String>::new(),
            "{lines:?}"
        );
    }
}

#[test]
fn damage_is_told_in_words() {
    let found = damage(&["-A LBD-MARK -j ACCEPT"]);
    assert_eq!(
        found.to_string(),
        "chain LBD-MARK in table mangle: no jump to it from PREROUTING, a rule that is not ours (LBD-MARK -j ACCEPT)"
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
    (any::<IpAddr>(), any::<bool>(), any::<u16>(), 1_u32.., macs).prop_map(
        |(destination, tcp, port, mark, excluded)| MarkRule {
            destination,
            protocol: if tcp { Protocol::Tcp } else { Protocol::Udp },
            port,
            mark: mark.try_into().unwrap(),
            excluded,
        },
    )
}

/// As iptables prints it.
fn printed(rule: &MarkRule) -> Vec<String> {
    let length = if rule.destination.is_ipv4() { 32 } else { 128 };
    let matches = format!(
        "-A LBD-MARK -d {}/{length} -p {p} -m {p} --dport {}",
        rule.destination,
        rule.port,
        p = rule.protocol
    );
    let exclusions = rule
        .excluded
        .iter()
        .map(|mac| format!("{matches} -m mac --mac-source {mac} -j RETURN"));
    exclusions
        .chain([format!(
            "{matches} -j MARK --set-xmark {:#x}/0xffffffff",
            rule.mark
        )])
        .collect()
}

proptest! {
    #[test]
    fn printed_rules_read_back_as_they_were(rules in prop::collection::vec(any_rule(), 0..6)) {
        let targets: BTreeSet<_> = rules.iter().map(|rule| (rule.destination, rule.protocol, rule.port)).collect();
        prop_assume!(targets.len() == rules.len());
        let lines: Vec<String> = std::iter::once(JUMP.to_owned()).chain(rules.iter().flat_map(printed)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let mut sorted = rules.clone();
        sorted.sort();
        prop_assert_eq!(parse_save(&table(&lines)), ChainState::Installed(sorted));
    }

    #[test]
    fn any_text_is_read_without_harm(text in "\\PC{0,200}") {
        let _ = parse_save(&text);
        let _ = text.parse::<Mac>();
    }

    #[test]
    fn words_of_iptables_in_any_order_are_read_without_harm(words in prop::collection::vec(
        prop::sample::select(vec![
            "-A", "LBD-MARK", "PREROUTING", "-j", "-g", "-d", "192.0.2.10/32", "-p", "tcp", "--dport", "3306", "-m", "mac",
            "--mac-source", "02:00:00:00:00:01", "MARK", "--set-xmark", "0x2/0xffffffff", "RETURN", "\"", "\\", "!", "\n-A ",
            "\n:", "[1:2]", "é",
        ]), 0..40,
    )) {
        let _ = parse_save(&words.join(" "));
    }

    #[test]
    fn a_damaged_line_never_reads_as_the_whole_rule(cut in 0..MARK.len()) {
        let state = parse_save(&table(&[JUMP, EXCLUDE, &MARK[..cut]]));
        // Cut inside the mask or the mark it may still be a rule, but then with the same mark.
        if let ChainState::Installed(rules) = state {
            prop_assert_eq!(rules, vec![rule(&["02:00:00:00:00:0a"])]);
        }
    }
}
