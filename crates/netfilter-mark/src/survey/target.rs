//! Whether a condition of a foreign rule keeps it from our packets. If in doubt, it does not.

use std::net::IpAddr;

use crate::rule::Target;

/// Whether the network holds the address: `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, or a single address. `None` if it is not
/// written like that.
pub(super) fn network_holds(network: &str, address: IpAddr) -> Option<bool> {
    let (base, length) = network
        .split_once('/')
        .map_or((network, None), |(base, length)| (base, Some(length)));
    let (base, address) = match (base.parse().ok()?, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => (v6_bits(base), v6_bits(address)),
        (IpAddr::V6(base), IpAddr::V6(address)) => (base.to_bits(), address.to_bits()),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return Some(false),
    };
    let mask = match length {
        None => u128::MAX,
        Some(length) => mask(length, network.contains(':'))?,
    };
    Some(base & mask == address & mask)
}

/// An IPv4 address as the last bits of an IPv6 one.
fn v6_bits(address: std::net::Ipv4Addr) -> u128 {
    u128::from(address.to_bits())
}

fn mask(length: &str, is_v6: bool) -> Option<u128> {
    if let Ok(mask) = length.parse::<IpAddr>() {
        return Some(match mask {
            IpAddr::V4(mask) => v6_bits(mask),
            IpAddr::V6(mask) => mask.to_bits(),
        });
    }
    let whole: u32 = if is_v6 { 128 } else { 32 };
    let free = whole.checked_sub(length.parse().ok()?)?;
    Some(u128::MAX.checked_shl(free).unwrap_or(0))
}

/// Whether a range (`80:90`, `80:`, or a single port) holds the port.
pub(super) fn range_holds(range: &str, port: u16) -> Option<bool> {
    let (first, last) = range.split_once(':').unwrap_or((range, range));
    let bound = |text: &str, open: u16| match text {
        "" => Some(open),
        text => text.parse().ok(),
    };
    Some((bound(first, 0)?..=bound(last, u16::MAX)?).contains(&port))
}

/// Whether a protocol, by name or number, is the target's.
pub(super) fn protocol_is(name: &str, target: &Target) -> bool {
    let number = match target.protocol {
        crate::Protocol::Tcp => "6",
        crate::Protocol::Udp => "17",
    };
    matches!(name, "all" | "ip" | "0") || name == number || name == target.protocol.to_string()
}
