//! nftables on a real kernel, in network namespaces of the tests' own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

mod support;

use netfilter_mark::{ChainState, Damage, Fault, Nftables};
use support::{damage, nft, own_network, rule};

const FIRST: &str = "02:00:00:00:00:0a";
const SECOND: &str = "02:00:00:00:00:0b";

fn nftables() -> Nftables {
    own_network();
    Nftables::detect().expect("does not work: apt install nftables")
}

/// The ruleset without our table.
fn others() -> String {
    let all = nft("list ruleset");
    let Some((before, rest)) = all.split_once("table inet lbd {") else {
        return all;
    };
    let after = rest.split_once("\n}\n").unwrap().1;
    format!("{before}{after}")
}

#[test]
fn trying_it_out_leaves_nothing_behind() {
    nftables();
    assert_eq!(nft("list ruleset"), "");
}

#[test]
fn the_table_is_what_the_documentation_shows() {
    let tables = nftables();
    tables
        .replace(&[rule("192.0.2.10", 3306, &[FIRST, SECOND])])
        .unwrap();
    let words: Vec<String> = nft("list table inet lbd")
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    assert_eq!(
        words.join(" "),
        "table inet lbd { \
         set excluded_1 { type ether_addr elements = { 02:00:00:00:00:0a, 02:00:00:00:00:0b } } \
         chain marks { type filter hook prerouting priority mangle + 1; policy accept; \
         iifname \"lo\" return \
         ip daddr 192.0.2.10 tcp dport 3306 meta mark set 0x00000002 \
         ip daddr 192.0.2.10 tcp dport 3306 ether saddr @excluded_1 meta mark set 0x00000006 \
         ip daddr 192.0.2.10 meta l4proto icmp ether saddr @excluded_1 meta mark set 0x00000006 } \
         chain guards { type filter hook output priority raw - 1; policy accept; \
         ip daddr 192.0.2.10 tcp dport 3306 meta mark 0x00000006 drop \
         ip daddr 192.0.2.10 meta l4proto icmp meta mark 0x00000006 drop } }"
    );
}

#[test]
fn foreign_tables_are_left_alone() {
    let tables = nftables();
    for words in [
        "add table inet lbd-old",
        "add chain inet lbd-old marks { type filter hook prerouting priority mangle ; }",
        "add rule inet lbd-old marks meta mark set 9",
        "add table ip lbd",
        "add chain ip lbd marks",
        "add rule ip lbd marks accept",
    ] {
        nft(words);
    }
    let before = nft("list ruleset");
    assert_eq!(tables.read().unwrap(), ChainState::Absent);
    tables.replace(&[rule("192.0.2.10", 3306, &[])]).unwrap();
    assert_eq!(others(), before);
    tables.remove().unwrap();
    assert_eq!(nft("list ruleset"), before);
}

/// Whether the harm shows in what was read.
type IsSeen = fn(&Damage) -> bool;

fn is_one_strange(found: &Damage, start: &str) -> bool {
    matches!(&found.faults[..], [Fault::Strange(words)] if words.starts_with(start))
}

#[test]
fn what_was_damaged_is_seen_and_put_right() {
    let tables = nftables();
    nft("add table inet others");
    let before = others();
    let rules = [rule("192.0.2.10", 3306, &[FIRST])];
    let cases: [(&[&str], IsSeen); 12] = [
        (&["add rule inet lbd marks accept"], |found| {
            is_one_strange(found, "rule ") && found.rules.len() == 1
        }),
        (
            // What spares local traffic comes too late behind the first mark.
            &["insert rule inet lbd marks ip daddr 192.0.2.10 tcp dport 3307 meta mark set 2"],
            |found| is_one_strange(found, "rule ") && found.rules.len() == 2,
        ),
        (&["insert rule inet lbd guards return"], |found| {
            is_one_strange(found, "rule ")
        }),
        (
            &[
                "insert rule inet lbd marks ip daddr 192.0.2.10 tcp dport 3306 ether saddr @excluded_1 meta mark set 6",
            ],
            |found| is_one_strange(found, "rule "),
        ),
        (&["flush chain inet lbd guards"], |found| {
            matches!(
                found.faults[..],
                [Fault::Unguarded { .. }, Fault::Unguarded { .. }]
            )
        }),
        (
            &[
                "flush chain inet lbd guards",
                "delete chain inet lbd guards",
            ],
            |found| {
                matches!(
                    found.faults[..],
                    [
                        Fault::NoChain { chain: "guards" },
                        Fault::Unguarded { .. },
                        Fault::Unguarded { .. }
                    ]
                )
            },
        ),
        (&["flush chain inet lbd marks"], |found| {
            found.rules.is_empty() && found.faults.len() == 3
        }),
        (&["flush set inet lbd excluded_1"], |found| {
            // The rules that look the empty set up, the set that no rule uses, and the guards over nothing.
            found.faults.len() == 5
        }),
        (&["add chain inet lbd more"], |found| {
            is_one_strange(found, "chain ")
        }),
        (&["add set inet lbd more { type ipv4_addr ; }"], |found| {
            is_one_strange(found, "set ")
        }),
        (&["add counter inet lbd more"], |found| {
            is_one_strange(found, "counter ")
        }),
        (&["add table inet lbd { flags dormant ; }"], |found| {
            is_one_strange(found, "table ")
        }),
    ];
    for (harm, is_seen) in cases {
        tables.replace(&rules).unwrap();
        assert!(tables.read().unwrap().holds(&rules));
        harm.iter().for_each(|words| drop(nft(words)));
        let found = damage(tables.read().unwrap());
        assert!(is_seen(&found), "{harm:?}: {found:?}");
        tables.replace(&rules).unwrap();
        assert!(tables.read().unwrap().holds(&rules), "{harm:?}");
        harm.iter().for_each(|words| drop(nft(words)));
        tables.remove().unwrap();
        assert_eq!(tables.read().unwrap(), ChainState::Absent, "{harm:?}");
        assert_eq!(nft("list ruleset"), before);
    }
}

#[test]
fn what_was_changed_is_not_held() {
    let tables = nftables();
    let rules = [rule("192.0.2.10", 3306, &[FIRST, SECOND])];
    tables.replace(&rules).unwrap();
    nft(&format!("delete element inet lbd excluded_1 {{ {FIRST} }}"));
    assert_eq!(
        tables.read().unwrap(),
        ChainState::Installed(vec![rule("192.0.2.10", 3306, &[SECOND])])
    );
    nft("delete table inet lbd");
    assert_eq!(tables.read().unwrap(), ChainState::Absent);
    nft("add table inet lbd");
    let found = damage(tables.read().unwrap());
    let missing = ["marks", "guards"].map(|chain| Fault::NoChain { chain });
    assert_eq!(found.faults, missing);
    nft("add chain inet lbd marks");
    nft("add chain inet lbd guards { type filter hook output priority 0 ; policy accept ; }");
    // Neither hangs where it has its effect.
    assert_eq!(damage(tables.read().unwrap()).faults.len(), 4);
}
