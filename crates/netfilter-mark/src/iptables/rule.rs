//! One rule of our chains.

use std::net::IpAddr;
use std::num::NonZeroU32;

use crate::rule::{Packets, Target};
use crate::{Mac, Protocol};

/// One of our rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Ends the chain for local traffic.
    SpareLocal,
    /// Does something to these packets.
    Of(Packets, Effect),
}

/// What one of our rules does to its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Sets the mark to balance by.
    Mark(NonZeroU32),
    /// Sets the guard mark, if the frame comes from there.
    Exclude(Mac, NonZeroU32),
    /// Drops what carries this guard mark.
    Guard(NonZeroU32),
}

/// One rule of ours, without its chain's name, its options in any order.
pub(super) fn parse(tokens: &[String]) -> Option<Rule> {
    if tokens == ["-i", "lo", "-j", "RETURN"] {
        return Some(Rule::SpareLocal);
    }
    let (mut destination, mut protocol, mut port) = (None, None, None);
    let (mut mac, mut carried, mut action, mut set) = (None, None, None, None);
    let mut rest = tokens.iter().map(String::as_str);
    while let Some(flag) = rest.next() {
        let value = rest.next()?;
        let fresh = match flag {
            "-d" | "--destination" => destination.replace(parse_host(value)?).is_none(),
            "-p" | "--protocol" => protocol.replace(value).is_none(),
            "--dport" | "--destination-port" => port.replace(value.parse::<u16>().ok()?).is_none(),
            "--mac-source" => mac.replace(value.parse::<Mac>().ok()?).is_none(),
            "--mark" => carried.replace(parse_mark(value)?).is_none(),
            "-j" | "--jump" => action.replace(value).is_none(),
            "--set-mark" | "--set-xmark" => set.replace(parse_mark(value)?).is_none(),
            "-m" | "--match" => matches!(value, "tcp" | "udp" | "mac" | "mark"),
            _ => false,
        };
        if !fresh {
            return None;
        }
    }
    let (destination, protocol) = (destination?, protocol?);
    let packets = match (parse_protocol(protocol), port) {
        (Some(protocol), Some(port)) => Packets::Of(Target {
            destination,
            protocol,
            port,
        }),
        (None, None) if is_icmp(protocol, destination) => Packets::Icmp(destination),
        (Some(_) | None, _) => return None,
    };
    let effect = match (action?, mac, carried, set) {
        ("MARK", None, None, Some(mark)) => Effect::Mark(mark),
        ("MARK", Some(mac), None, Some(guard)) => Effect::Exclude(mac, guard),
        ("DROP", None, Some(guard), None) => Effect::Guard(guard),
        _ => return None,
    };
    Some(Rule::Of(packets, effect))
}

/// An address, with its whole length as prefix or none.
fn parse_host(text: &str) -> Option<IpAddr> {
    let (address, length) = text
        .split_once('/')
        .map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().ok()?;
    let whole = if address.is_ipv4() {
        ["32", "255.255.255.255"]
    } else {
        ["128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
    };
    length
        .is_none_or(|length| whole.contains(&length))
        .then_some(address)
}

/// The names are those of iptables-save; the numbers are IANA's.
fn is_icmp(protocol: &str, destination: IpAddr) -> bool {
    match destination {
        IpAddr::V4(_) => matches!(protocol, "icmp" | "1"),
        IpAddr::V6(_) => matches!(protocol, "ipv6-icmp" | "icmpv6" | "58"),
    }
}

fn parse_protocol(text: &str) -> Option<Protocol> {
    match text {
        "tcp" | "6" => Some(Protocol::Tcp),
        "udp" | "17" => Some(Protocol::Udp),
        _ => None,
    }
}

/// A mark of all 32 bits: no mask, or the full one.
fn parse_mark(text: &str) -> Option<NonZeroU32> {
    let (mark, mask) = text
        .split_once('/')
        .map_or((text, None), |(mark, mask)| (mark, Some(mask)));
    if let Some(mask) = mask
        && parse_number(mask)? != u32::MAX
    {
        return None;
    }
    NonZeroU32::new(parse_number(mark)?)
}

fn parse_number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
