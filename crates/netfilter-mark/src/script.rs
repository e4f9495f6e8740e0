//! Writes what `iptables-restore --noflush` reads: one table, applied whole or not at all.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::parse::Table;
use crate::{CHAIN, Error, MarkRule};

/// What leads from `now` to these rules (of one family); `None` if there is nothing to do.
pub(crate) fn replace(now: &Table, rules: &[&MarkRule]) -> Option<String> {
    if rules.is_empty() {
        return remove(now);
    }
    // Declaring the chain makes it, or empties it; also the second is part of the transaction.
    let mut script = format!("*mangle\n:{CHAIN} - [0:0]\n");
    for rule in rules {
        append(&mut script, rule);
    }
    remove_jumps(&mut script, now, 1);
    if now.jumps == 0 {
        line(&mut script, format_args!("-A PREROUTING -j {CHAIN}"));
    }
    script.push_str("COMMIT\n");
    Some(script)
}

/// What takes our chain and every jump to it away.
pub(crate) fn remove(now: &Table) -> Option<String> {
    if now.is_empty() {
        return None;
    }
    let mut script = "*mangle\n".to_owned();
    remove_jumps(&mut script, now, 0);
    if now.chain {
        line(&mut script, format_args!("-F {CHAIN}"));
        line(&mut script, format_args!("-X {CHAIN}"));
    }
    script.push_str("COMMIT\n");
    Some(script)
}

/// Two rules for one target cannot both have their effect.
pub(crate) fn check(rules: &[MarkRule]) -> Result<(), Error> {
    let mut targets = BTreeSet::new();
    for rule in rules {
        if !targets.insert(rule.target()) {
            return Err(Error::SameTarget {
                destination: rule.destination,
                protocol: rule.protocol,
                port: rule.port,
            });
        }
    }
    Ok(())
}

/// Deletes the plain jumps but `keep` of them (the last ones), and all the strange ones.
fn remove_jumps(script: &mut String, now: &Table, keep: usize) {
    for _ in keep..now.jumps {
        line(script, format_args!("-D PREROUTING -j {CHAIN}"));
    }
    for jump in &now.strange_jumps {
        line(script, format_args!("-D {jump}"));
    }
}

fn append(script: &mut String, rule: &MarkRule) {
    let (length, protocol, port) = (
        if rule.destination.is_ipv4() { 32 } else { 128 },
        rule.protocol,
        rule.port,
    );
    let matches = format!(
        "-A {CHAIN} -d {}/{length} -p {protocol} -m {protocol} --dport {port}",
        rule.destination
    );
    for mac in &rule.excluded {
        line(
            script,
            format_args!("{matches} -m mac --mac-source {mac} -j RETURN"),
        );
    }
    line(
        script,
        format_args!("{matches} -j MARK --set-xmark {:#x}/0xffffffff", rule.mark),
    );
}

fn line(script: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(script, "{text}");
}
