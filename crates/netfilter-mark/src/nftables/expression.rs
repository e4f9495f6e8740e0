//! The expressions of one of our rules.

use std::net::IpAddr;
use std::num::NonZeroU32;

use serde_json::{Value, json};

use crate::Protocol;
use crate::rule::{Packets, Target};

/// One of our rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule<'a> {
    /// Ends the chain for local traffic.
    SpareLocal,
    /// Does something to these packets.
    Of(Packets, Effect<'a>),
}

/// What one of our rules does to its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect<'a> {
    /// Sets the mark to balance by.
    Mark(NonZeroU32),
    /// Sets the guard mark, if the frame's source is in the set.
    Exclude(&'a str, NonZeroU32),
    /// Drops what carries this guard mark.
    Guard(NonZeroU32),
}

/// One rule of ours, its expressions in the order in which they were written.
pub(super) fn parse(expressions: &[Value]) -> Option<Rule<'_>> {
    let [first, second, rest @ ..] = expressions else {
        return None;
    };
    if compared(first, &json!({"meta": {"key": "iifname"}})).is_some_and(|name| *name == "lo") {
        let spares = *second == json!({"return": null}) && rest.is_empty();
        return spares.then_some(Rule::SpareLocal);
    }
    let destination = read_destination(first)?;
    let packets = match read_port(second) {
        Some((protocol, port)) => Packets::Of(Target {
            destination,
            protocol,
            port,
        }),
        None if is_icmp(second, destination) => Packets::Icmp(destination),
        None => return None,
    };
    let effect = match rest {
        [set] => Effect::Mark(read_set_mark(set)?),
        [mark, drop] if *drop == json!({"drop": null}) => Effect::Guard(read_mark(mark)?),
        [source, set] => Effect::Exclude(read_source(source)?, read_set_mark(set)?),
        _ => return None,
    };
    Some(Rule::Of(packets, effect))
}

fn read_destination(expression: &Value) -> Option<IpAddr> {
    let of = |protocol| compared(expression, &field(protocol, "daddr"))?.as_str();
    match (of("ip"), of("ip6")) {
        (Some(text), _) => text.parse().ok().map(IpAddr::V4),
        (None, text) => text?.parse().ok().map(IpAddr::V6),
    }
}

fn read_port(expression: &Value) -> Option<(Protocol, u16)> {
    let [tcp, udp] = [Protocol::Tcp, Protocol::Udp].map(|protocol| {
        let port = compared(expression, &field(&protocol.to_string(), "dport"))?.as_u64()?;
        Some((protocol, u16::try_from(port).ok()?))
    });
    tcp.or(udp)
}

fn is_icmp(expression: &Value, destination: IpAddr) -> bool {
    let protocol = compared(expression, &json!({"meta": {"key": "l4proto"}}));
    protocol.is_some_and(|name| name == icmp(destination))
}

/// ICMP of the destination's family, as nft calls it.
pub(super) fn icmp(destination: IpAddr) -> &'static str {
    match destination {
        IpAddr::V4(_) => "icmp",
        IpAddr::V6(_) => "ipv6-icmp",
    }
}

/// The name of the set that a frame's source is looked up in.
fn read_source(expression: &Value) -> Option<&str> {
    let set = compared(expression, &field("ether", "saddr"))?;
    set.as_str()?.strip_prefix('@')
}

fn read_mark(expression: &Value) -> Option<NonZeroU32> {
    number(compared(expression, &json!({"meta": {"key": "mark"}}))?)
}

fn read_set_mark(expression: &Value) -> Option<NonZeroU32> {
    let value = expression.get("mangle")?.get("value")?;
    let whole = json!({"mangle": {"key": {"meta": {"key": "mark"}}, "value": value}});
    (*expression == whole).then(|| number(value)).flatten()
}

/// A field of a header, as nft calls it.
fn field(protocol: &str, field: &str) -> Value {
    json!({"payload": {"protocol": protocol, "field": field}})
}

/// What `left` is required to be equal to.
fn compared<'a>(expression: &'a Value, left: &Value) -> Option<&'a Value> {
    let right = expression.get("match")?.get("right")?;
    let whole = json!({"match": {"op": "==", "left": left, "right": right}});
    (*expression == whole).then_some(right)
}

fn number(value: &Value) -> Option<NonZeroU32> {
    NonZeroU32::new(u32::try_from(value.as_u64()?).ok()?)
}
