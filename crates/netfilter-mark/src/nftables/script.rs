//! Writes what `nft -f` reads: applied whole or not at all.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::expression::icmp;
use super::parse::{GUARDS, MARKS, Place};
use crate::rule::{Family, Packets};
use crate::{MarkRule, TABLE};

/// What makes our table hold these rules, whatever it holds now.
pub(super) fn replace(rules: &[&MarkRule]) -> String {
    let mut script = remove();
    let mut sets = String::new();
    // What is sent to an address of this host comes back on lo, through prerouting.
    let mut marks = "iifname \"lo\" return\n".to_owned();
    let mut guarded = BTreeSet::new();
    for (number, rule) in (1_usize..).zip(rules) {
        let (packets, mark, guard) = (Packets::Of(rule.target()), rule.mark, rule.guard);
        let matches_target = matches(packets);
        line(
            &mut marks,
            format_args!("{matches_target} meta mark set {mark:#x}"),
        );
        if rule.excluded.is_empty() {
            continue;
        }
        let set = format!("excluded_{number}");
        let macs: Vec<String> = rule.excluded.iter().map(ToString::to_string).collect();
        let macs = macs.join(", ");
        line(
            &mut sets,
            format_args!("set {set} {{ type ether_addr; elements = {{ {macs} }}; }}"),
        );
        for packets in [packets, Packets::Icmp(rule.destination)] {
            let matches = matches(packets);
            line(
                &mut marks,
                format_args!("{matches} ether saddr @{set} meta mark set {guard:#x}"),
            );
            guarded.insert((packets, guard));
        }
    }
    // Of ICMP to a destination only once, however many rules are for it.
    let mut guards = String::new();
    for (packets, guard) in guarded {
        let matches = matches(packets);
        line(
            &mut guards,
            format_args!("{matches} meta mark {guard:#x} drop"),
        );
    }
    line(&mut script, format_args!("table inet {TABLE} {{\n{sets}"));
    for (place, rules) in [(MARKS, marks), (GUARDS, guards)] {
        let Place {
            name,
            hook,
            priority,
        } = place;
        line(
            &mut script,
            format_args!(
                "chain {name} {{\ntype filter hook {hook} priority {priority}; policy accept;\n{rules}}}"
            ),
        );
    }
    script.push_str("}\n");
    script
}

/// What takes our table away; it may be there or not.
pub(super) fn remove() -> String {
    format!("add table inet {TABLE}\ndelete table inet {TABLE}\n")
}

/// A table like ours, made and removed.
pub(super) fn try_out() -> String {
    let Place {
        name,
        hook,
        priority,
    } = MARKS;
    let table = format!("inet {TABLE}-probe");
    format!(
        "add table {table}\n\
         add chain {table} {name} {{ type filter hook {hook} priority {priority}; }}\n\
         add set {table} excluded {{ type ether_addr; elements = {{ 02:00:00:00:00:01 }}; }}\n\
         add rule {table} {name} ip daddr 192.0.2.1 tcp dport 1 ether saddr @excluded meta mark set 1\n\
         delete table {table}\n"
    )
}

fn matches(packets: Packets) -> String {
    let (destination, what) = match packets {
        Packets::Of(target) => (
            target.destination,
            format!("{} dport {}", target.protocol, target.port),
        ),
        Packets::Icmp(destination) => (destination, format!("meta l4proto {}", icmp(destination))),
    };
    format!("{} daddr {destination} {what}", Family::of(destination))
}

fn line(script: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(script, "{text}");
}
