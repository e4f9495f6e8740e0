//! Writes what `nft -f` reads: applied whole or not at all.

use std::fmt::Write;

use super::parse::{GUARDS, MARKS, Place};
use crate::rule::Target;
use crate::{MarkRule, TABLE};

/// What makes our table hold these rules, whatever it holds now.
pub(super) fn replace(rules: &[&MarkRule]) -> String {
    let mut script = remove();
    let (mut sets, mut guards) = (String::new(), String::new());
    // What is sent to an address of this host comes back on lo, through prerouting.
    let mut marks = "iifname \"lo\" return\n".to_owned();
    for (number, rule) in (1_usize..).zip(rules) {
        let matches = matches(rule.target());
        line(
            &mut marks,
            format_args!("{matches} meta mark set {:#x}", rule.mark),
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
        let guard = rule.guard;
        line(
            &mut marks,
            format_args!("{matches} ether saddr @{set} meta mark set {guard:#x}"),
        );
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

fn matches(target: Target) -> String {
    let Target {
        destination,
        protocol,
        port,
    } = target;
    let family = if destination.is_ipv4() { "ip" } else { "ip6" };
    format!("{family} daddr {destination} {protocol} dport {port}")
}

fn line(script: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(script, "{text}");
}
