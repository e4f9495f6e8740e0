//! One rule of somebody's nftables.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::finding::Marking;
use super::ruleset::{Rule, Table};
use super::target::{network_holds, protocol_is};
use crate::rule::{Family, Target};

/// The rule of the table of this family and name; without `text`, it is told in JSON.
pub(super) fn read(
    table: &Table,
    name: &str,
    body: &Value,
    text: Option<&str>,
    targets: &[Target],
) -> Rule {
    let empty = Vec::new();
    let expressions = body.get("expr").and_then(Value::as_array).unwrap_or(&empty);
    let may_match = |target: &Target| {
        family_passes(name, target) && expressions.iter().all(|part| may_hold(part, target))
    };
    let mut goals = Vec::new();
    expressions
        .iter()
        .for_each(|part| add_goals(part, table, &mut goals));
    Rule {
        text: text.map_or_else(|| body.to_string(), str::to_owned),
        may_match: targets.iter().any(may_match),
        goals,
        marking: expressions.iter().find_map(marking),
        // What one table accepts, our own table gets to see all the same.
        end: None,
    }
}

fn family_passes(table: &str, target: &Target) -> bool {
    match Family::of(target.destination) {
        Family::V4 => !table.starts_with("ip6 "),
        Family::V6 => !table.starts_with("ip "),
    }
}

fn marking(expression: &Value) -> Option<Marking> {
    let sets = || {
        let mangle = expression.get("mangle")?;
        let is_mark = *mangle.get("key")? == json!({"meta": {"key": "mark"}});
        let restores = is_mark && mangle.get("value").is_some_and(reads_connection);
        is_mark.then_some(if restores {
            Marking::Restores
        } else {
            Marking::Sets
        })
    };
    let target = || {
        // A target of iptables in somebody's own table.
        match expression.get("xt")?.get("name")?.as_str()? {
            "MARK" | "HMARK" | "TPROXY" => Some(Marking::Sets),
            "CONNMARK" => Some(Marking::Restores),
            _ => None,
        }
    };
    sets().or_else(target)
}

/// Whether the mark of the connection is in this value somewhere.
fn reads_connection(value: &Value) -> bool {
    match value {
        Value::Object(parts) => {
            let key = parts.get("ct").and_then(|ct| ct.get("key"));
            key.is_some_and(|key| key == "mark") || parts.values().any(reads_connection)
        }
        Value::Array(parts) => parts.iter().any(reads_connection),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The chains that the expression may call; a verdict map with a name is kept elsewhere and may call any.
fn add_goals(value: &Value, table: &Table, goals: &mut Vec<String>) {
    match value {
        Value::Object(parts) => {
            for (key, part) in parts {
                let target = part.get("target").and_then(Value::as_str);
                match (key.as_str(), target) {
                    ("jump" | "goto", Some(target)) => goals.push(target.to_owned()),
                    ("vmap", _) if part.get("data").is_some_and(Value::is_string) => {
                        goals.extend(table.chains.keys().cloned());
                    }
                    _ => add_goals(part, table, goals),
                }
            }
        }
        Value::Array(parts) => parts.iter().for_each(|part| add_goals(part, table, goals)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether the target's packets can meet this condition; what is no condition, or not understood, can be met.
fn may_hold(expression: &Value, target: &Target) -> bool {
    let Some(condition) = expression.get("match") else {
        return true;
    };
    let (Some(left), Some(right)) = (condition.get("left"), condition.get("right")) else {
        return true;
    };
    let wanted = match condition.get("op").and_then(Value::as_str) {
        Some("==" | "in") => true,
        Some("!=") => false,
        Some(_) | None => return true,
    };
    has_header(left, target) && compare(left, right, target).is_none_or(|equal| equal == wanted)
}

/// Whether the target's packets have the header that the left side reads, if it reads one: what has not, does not
/// match, whatever the operator.
fn has_header(left: &Value, target: &Target) -> bool {
    let header = left
        .get("payload")
        .and_then(|payload| payload.get("protocol"));
    match header.and_then(Value::as_str) {
        Some("ip") => target.destination.is_ipv4(),
        Some("ip6") => target.destination.is_ipv6(),
        Some(
            name @ ("tcp" | "udp" | "udplite" | "sctp" | "dccp" | "icmp" | "icmpv6" | "esp" | "ah"),
        ) => name == target.protocol.to_string(),
        Some(_) | None => true,
    }
}

/// What a condition may be about.
#[derive(Clone, Copy)]
enum Asked<'a> {
    Address(IpAddr),
    Protocol(&'a Target),
    Port(u16),
}

/// Whether the left side of the target's packets is the right one, or in it; `None` if that is not known.
fn compare(left: &Value, right: &Value, target: &Target) -> Option<bool> {
    let part = |outer: &str, inner: &str| left.get(outer)?.get(inner)?.as_str();
    let asked = match (part("payload", "protocol"), part("payload", "field")) {
        (Some("ip" | "ip6"), Some("daddr")) => Asked::Address(target.destination),
        (Some("ip"), Some("protocol")) | (Some("ip6"), Some("nexthdr")) => Asked::Protocol(target),
        (Some("tcp" | "udp" | "th"), Some("dport")) => Asked::Port(target.port),
        (Some(_), _) => return None,
        (None, _) => match part("meta", "key")? {
            "l4proto" => Asked::Protocol(target),
            // Local traffic gets no mark of ours.
            "iif" | "iifname" => return (right == "lo").then_some(false),
            _ => return None,
        },
    };
    holds(right, asked)
}

/// Whether a value, range or set holds what is asked for.
fn holds(right: &Value, asked: Asked<'_>) -> Option<bool> {
    if let Some(set) = right.get("set").and_then(Value::as_array) {
        let found: Vec<Option<bool>> = set.iter().map(|part| holds(part, asked)).collect();
        let unknown = found.contains(&None);
        return match found.contains(&Some(true)) {
            true => Some(true),
            false if unknown => None,
            false => Some(false),
        };
    }
    if let Some([first, last]) = right
        .get("range")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        return in_range(first, last, asked);
    }
    if let Some(prefix) = right.get("prefix") {
        let (base, length) = (prefix.get("addr")?.as_str()?, prefix.get("len")?.as_u64()?);
        return holds(&Value::String(format!("{base}/{length}")), asked);
    }
    match asked {
        Asked::Address(address) => network_holds(right.as_str()?, address),
        Asked::Protocol(target) => match right.as_u64() {
            Some(number) => Some(protocol_is(&number.to_string(), target)),
            None => match right.as_str()? {
                set if set.starts_with('@') => None,
                name => Some(protocol_is(name, target)),
            },
        },
        Asked::Port(port) => Some(right.as_u64()? == u64::from(port)),
    }
}

fn in_range(first: &Value, last: &Value, asked: Asked<'_>) -> Option<bool> {
    match asked {
        Asked::Address(address) => {
            let bound = |bound: &Value| bound.as_str()?.parse::<IpAddr>().ok();
            Some((bound(first)?..=bound(last)?).contains(&address))
        }
        Asked::Port(port) => Some((first.as_u64()?..=last.as_u64()?).contains(&u64::from(port))),
        Asked::Protocol(_) => None,
    }
}
