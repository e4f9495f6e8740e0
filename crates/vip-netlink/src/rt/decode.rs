//! From rtnetlink's messages to this crate's types.

use std::net::IpAddr;

use ipnet::IpNet;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, AddressScope};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};

use crate::{Address, Change, Link, Neighbour, NudState, Scope};

/// The change a notification tells of; `None` for what this crate does not show.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rtnetlink's enum, which grows"
)]
pub(super) fn change(message: &RouteNetlinkMessage) -> Option<Change> {
    match message {
        RouteNetlinkMessage::NewLink(message) => link(message).map(Change::Link),
        RouteNetlinkMessage::DelLink(message) => link(message).map(Change::LinkGone),
        RouteNetlinkMessage::NewAddress(message) => address(message).map(Change::Address),
        RouteNetlinkMessage::DelAddress(message) => address(message).map(Change::AddressGone),
        RouteNetlinkMessage::NewNeighbour(message) => neighbour(message).map(Change::Neighbour),
        RouteNetlinkMessage::DelNeighbour(message) => neighbour(message).map(Change::NeighbourGone),
        _ => None,
    }
}

/// `None` for the link messages of other families: a bridge tells of its *ports* in the same message type, and
/// a port that left is no link that is gone.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rtnetlink's enum, which grows"
)]
pub(super) fn link(message: &LinkMessage) -> Option<Link> {
    if message.header.interface_family != AddressFamily::Unspec {
        return None;
    }
    let flags = message.header.flags;
    let mut link = Link {
        index: message.header.index,
        name: String::new(),
        mac: None,
        up: flags.contains(LinkFlags::Up),
        // The kernel takes up to a second to withdraw RUNNING when the carrier is lost; LOWER_UP goes at once.
        running: flags.contains(LinkFlags::Running | LinkFlags::LowerUp),
        loopback: flags.contains(LinkFlags::Loopback),
        controller: None,
    };
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name.clone_from(name),
            LinkAttribute::Address(mac) => link.mac = mac.as_slice().try_into().ok(),
            LinkAttribute::Controller(index) => link.controller = Some(*index),
            _ => {}
        }
    }
    Some(link)
}

/// `None` for a message without an address.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rtnetlink's enum, which grows"
)]
pub(super) fn address(message: &AddressMessage) -> Option<Address> {
    let (mut local, mut remote, mut label) = (None, None, None);
    // The header has room for 8 flags only; newer kernels send all 32 in an attribute too.
    let mut flags = AddressFlags::from_bits_retain(message.header.flags.bits().into());
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(address) => local = Some(*address),
            AddressAttribute::Address(address) => remote = Some(*address),
            AddressAttribute::Label(text) => label = Some(text.clone()),
            AddressAttribute::Flags(all) => flags = *all,
            _ => {}
        }
    }
    Some(Address {
        index: message.header.index,
        // IFA_ADDRESS is the peer's on a point-to-point link; IPv6 sends IFA_LOCAL only there.
        address: IpNet::new(local.or(remote)?, message.header.prefix_len).ok()?,
        label,
        scope: scope(message.header.scope),
        no_prefix_route: flags.contains(AddressFlags::Noprefixroute),
        tentative: flags.contains(AddressFlags::Tentative),
        duplicate: flags.contains(AddressFlags::Dadfailed),
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rtnetlink's enum, which grows"
)]
fn scope(scope: AddressScope) -> Scope {
    match scope {
        AddressScope::Universe => Scope::Global,
        AddressScope::Site => Scope::Site,
        AddressScope::Link => Scope::Link,
        AddressScope::Host => Scope::Host,
        AddressScope::Nowhere => Scope::Nowhere,
        other => Scope::Other(other.into()),
    }
}

/// `None` for entries that are not of IPv4 or IPv6, such as a bridge's forwarding table.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rtnetlink's enum, which grows"
)]
pub(super) fn neighbour(message: &NeighbourMessage) -> Option<Neighbour> {
    let (mut address, mut mac) = (None, None);
    for attribute in &message.attributes {
        match attribute {
            NeighbourAttribute::Destination(NeighbourAddress::Inet(ip)) => {
                address = Some(IpAddr::V4(*ip))
            }
            NeighbourAttribute::Destination(NeighbourAddress::Inet6(ip)) => {
                address = Some(IpAddr::V6(*ip))
            }
            NeighbourAttribute::LinkLayerAddress(octets) => mac = octets.as_slice().try_into().ok(),
            _ => {}
        }
    }
    Some(Neighbour {
        index: message.header.ifindex,
        address: address?,
        mac,
        state: state(message.header.state),
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rtnetlink's enum, which grows"
)]
fn state(state: NeighbourState) -> NudState {
    match state {
        NeighbourState::None => NudState::None,
        NeighbourState::Incomplete => NudState::Incomplete,
        NeighbourState::Reachable => NudState::Reachable,
        NeighbourState::Stale => NudState::Stale,
        NeighbourState::Delay => NudState::Delay,
        NeighbourState::Probe => NudState::Probe,
        NeighbourState::Failed => NudState::Failed,
        NeighbourState::Noarp => NudState::NoArp,
        NeighbourState::Permanent => NudState::Permanent,
        other => NudState::Other(other.into()),
    }
}
