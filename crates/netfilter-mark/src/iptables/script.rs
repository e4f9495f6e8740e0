//! Writes what `iptables-restore --noflush` reads: one table, applied whole or not at all.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::IpAddr;

use super::parse::{Chain, Table};
use crate::rule::{Family, Packets};
use crate::{GUARD_CHAIN, MARK_CHAIN, MarkRule};

/// A chain that is there for no longer than a transaction.
const PROBE: &str = "LBD-PROBE";

/// What leads from `now` to these rules (of one family); `None` if there is nothing to do.
pub(super) fn replace(now: &Table, rules: &[&MarkRule]) -> Option<String> {
    if rules.is_empty() {
        return remove(now);
    }
    // Declaring a chain makes it, or empties it; also the second is part of the transaction.
    let mut script = format!("*mangle\n:{MARK_CHAIN} - [0:0]\n:{GUARD_CHAIN} - [0:0]\n");
    // What is sent to an address of this host comes back on lo, through PREROUTING.
    line(&mut script, format_args!("-A {MARK_CHAIN} -i lo -j RETURN"));
    append(&mut script, rules);
    for chain in now.chains() {
        remove_jumps(&mut script, chain, 1);
    }
    if now.mark.jumps == 0 {
        // Last: a rule further up that sets another mark does not win over ours.
        line(&mut script, format_args!("-A PREROUTING -j {MARK_CHAIN}"));
    }
    if now.guard.jumps == 0 {
        // First: a rule further up could change the mark, or accept the packet.
        line(&mut script, format_args!("-I OUTPUT -j {GUARD_CHAIN}"));
    }
    script.push_str("COMMIT\n");
    Some(script)
}

/// What takes our chains and every jump to them away.
pub(super) fn remove(now: &Table) -> Option<String> {
    if now.is_absent() {
        return None;
    }
    let mut script = "*mangle\n".to_owned();
    let present = || now.chains().into_iter().filter(|chain| chain.present);
    for chain in now.chains() {
        remove_jumps(&mut script, chain, 0);
    }
    // One may hold a stray jump to the other: both are emptied before either is deleted.
    for chain in present() {
        line(&mut script, format_args!("-F {}", chain.name));
    }
    for chain in present() {
        line(&mut script, format_args!("-X {}", chain.name));
    }
    script.push_str("COMMIT\n");
    Some(script)
}

/// A chain with one rule of everything that ours are made of, made and removed.
pub(super) fn try_out(family: Family) -> String {
    let destination = match family {
        Family::V4 => "192.0.2.1/32",
        Family::V6 => "2001:db8::1/128",
    };
    format!(
        "*mangle\n:{PROBE} - [0:0]\n\
         -A {PROBE} -d {destination} -p tcp -m tcp --dport 1 -m mac --mac-source 02:00:00:00:00:01 \
         -m mark --mark 0x1 -j MARK --set-xmark 0x2/0xffffffff\n\
         -F {PROBE}\n-X {PROBE}\nCOMMIT\n"
    )
}

/// Deletes the plain jumps but `keep` of them (the last ones), and all the strange ones.
fn remove_jumps(script: &mut String, chain: &Chain, keep: usize) {
    for _ in keep..chain.jumps {
        line(script, format_args!("-D {} -j {}", chain.from, chain.name));
    }
    for jump in &chain.strange_jumps {
        line(script, format_args!("-D {jump}"));
    }
}

/// Marks and exclusions, then the guards; of ICMP to a destination each only once, however many rules are for it.
fn append(script: &mut String, rules: &[&MarkRule]) {
    let (mut exclusions, mut guards) = (BTreeSet::new(), BTreeSet::new());
    for rule in rules {
        let packets = Packets::Of(rule.target());
        let (matches, mark) = (matches(packets), rule.mark);
        line(
            script,
            format_args!("-A {MARK_CHAIN} {matches} -j MARK --set-xmark {mark:#x}/0xffffffff"),
        );
        for packets in [packets, Packets::Icmp(rule.destination)] {
            exclusions.extend(rule.excluded.iter().map(|mac| (packets, rule.guard, mac)));
            guards.extend(rule.excluded.first().map(|_| (packets, rule.guard)));
        }
    }
    for (packets, guard, mac) in exclusions {
        let matches = matches(packets);
        line(
            script,
            format_args!(
                "-A {MARK_CHAIN} {matches} -m mac --mac-source {mac} -j MARK --set-xmark {guard:#x}/0xffffffff"
            ),
        );
    }
    for (packets, guard) in guards {
        let matches = matches(packets);
        line(
            script,
            format_args!("-A {GUARD_CHAIN} {matches} -m mark --mark {guard:#x} -j DROP"),
        );
    }
}

fn matches(packets: Packets) -> String {
    match packets {
        Packets::Of(target) => {
            let (protocol, port) = (target.protocol, target.port);
            let host = host(target.destination);
            format!("-d {host} -p {protocol} -m {protocol} --dport {port}")
        }
        Packets::Icmp(destination) => {
            let protocol = match Family::of(destination) {
                Family::V4 => "icmp",
                Family::V6 => "ipv6-icmp",
            };
            format!("-d {} -p {protocol}", host(destination))
        }
    }
}

fn host(address: IpAddr) -> String {
    let length = if address.is_ipv4() { 32 } else { 128 };
    format!("{address}/{length}")
}

fn line(script: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(script, "{text}");
}
