//! Reads what `iptables-save` prints of all tables.

use super::finding::Marking;
use super::ruleset::{Base, End, Hook, Rule, Table};
use super::target::{network_holds, protocol_is, range_holds};
use crate::iptables::words::{appended, goal, tokens};
use crate::rule::Target;
use crate::{GUARD_CHAIN, MARK_CHAIN};

/// The priority of the table mangle.
pub(super) const MANGLE: i32 = -150;

/// The tables in a listing of one family, with the targets of that family; `program` comes before their names. Our own
/// chains are left out, the jumps to them are not.
pub(super) fn read(text: &str, program: &str, targets: &[Target]) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('*') {
            tables.push(Table {
                name: format!("{program}, table {name}"),
                bases: bases(name),
                ..Table::default()
            });
        }
        let Some(table) = tables.last_mut() else {
            continue;
        };
        if let Some(declared) = line.strip_prefix(':') {
            let chain = declared.split_whitespace().next().unwrap_or_default();
            if !is_ours(chain) {
                table.chains.entry(chain.to_owned()).or_default();
            }
        } else if let Some(rule) = appended(line) {
            let words = tokens(rule);
            if let Some((chain, rest)) = words.split_first()
                && !is_ours(chain)
            {
                let rules = table.chains.entry(chain.clone()).or_default();
                rules.push(read_rule(rule, rest, targets));
            }
        }
    }
    tables
}

/// The tables that iptables-nft cannot show, because something in them is not of its making.
pub(super) fn hidden(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter_map(|line| {
            line.strip_prefix("# Table `")?
                .split_once("' is incompatible")
        })
        .map(|(name, _)| name)
}

fn is_ours(chain: &str) -> bool {
    matches!(chain, MARK_CHAIN | GUARD_CHAIN)
}

/// The kernel's chains of a table, with the priorities of linux/netfilter_ipv4.h.
fn bases(table: &str) -> Vec<Base> {
    let all = [
        ("PREROUTING", Hook::Prerouting),
        ("INPUT", Hook::Input),
        ("OUTPUT", Hook::Output),
    ];
    all.into_iter()
        .map(|(chain, hook)| Base {
            chain: chain.to_owned(),
            hook,
            priority: match (table, hook) {
                ("raw", _) => -300,
                ("mangle", _) => MANGLE,
                ("nat", Hook::Input) => 100,
                ("nat", Hook::Prerouting | Hook::Output) => -100,
                ("security", _) => 50,
                (_, _) => 0,
            },
        })
        .collect()
}

fn read_rule(text: &str, words: &[String], targets: &[Target]) -> Rule {
    let goal = goal(words).unwrap_or_default();
    let has = |flag: &str| words.iter().any(|word| word == flag);
    let marking = match goal {
        "MARK" | "HMARK" | "TPROXY" => Some(Marking::Sets),
        "CONNMARK" if has("--restore-mark") => Some(Marking::Restores),
        _ => None,
    };
    Rule {
        text: text.to_owned(),
        may_match: targets.iter().any(|target| may_match(words, target)),
        goals: match goal {
            "" => Vec::new(),
            goal => vec![goal.to_owned()],
        },
        marking,
        end: match goal {
            "ACCEPT" => Some(End::Accept),
            "RETURN" => Some(End::Return),
            _ => None,
        },
    }
}

/// Whether no condition of the rule keeps it from the target's packets.
fn may_match(words: &[String], target: &Target) -> bool {
    let mut words = words.iter().map(String::as_str);
    let mut negated = false;
    while let Some(word) = words.next() {
        let holds = match word {
            "-d" | "--destination" => words
                .next()
                .and_then(|network| network_holds(network, target.destination)),
            "-p" | "--protocol" => words.next().map(|name| protocol_is(name, target)),
            "--dport" | "--destination-port" => words
                .next()
                .and_then(|range| range_holds(range, target.port)),
            "--dports" | "--destination-ports" => {
                words.next().and_then(|list| list_holds(list, target.port))
            }
            // Local traffic gets no mark of ours.
            "-i" | "--in-interface" => words.next().and_then(|name| match name {
                "lo" => Some(false),
                _ => None,
            }),
            _ => None,
        };
        // "not lo" is everything of ours; "lo" is nothing.
        if holds.is_some_and(|holds| holds == negated) {
            return false;
        }
        negated = word == "!";
    }
    true
}

fn list_holds(list: &str, port: u16) -> Option<bool> {
    let ranges: Option<Vec<bool>> = list
        .split(',')
        .map(|range| range_holds(range, port))
        .collect();
    Some(ranges?.contains(&true))
}
