//! The frames that move an address: gratuitous ARP and the unsolicited neighbour advertisement. And those that ask
//! for one: ARP and ICMP echo.
//!
//! Pure functions, for those who send through a socket of their own.

use std::net::{Ipv4Addr, Ipv6Addr};

use etherparse::icmpv6::NeighborAdvertisementHeader;
use etherparse::{ArpEthIpv4Packet, ArpOperation, ArpPacket, EtherType, Ethernet2Header};
use etherparse::{Icmpv4Type, Icmpv6Header, Icmpv6Type, IpNumber, Ipv6FlowLabel, Ipv6Header};
use etherparse::{NetSlice, PacketBuilder, SlicedPacket, TransportSlice};

use crate::MacAndAddress;

const BROADCAST: [u8; 6] = [0xff; 6];
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// ff02::1 as an Ethernet address (RFC 2464 section 7).
const ALL_NODES_MAC: [u8; 6] = [0x33, 0x33, 0, 0, 0, 1];
/// Octets of [`gratuitous_arp`]: Ethernet header and ARP packet. The driver pads it to Ethernet's minimum.
pub const GRATUITOUS_ARP_LEN: usize = Ethernet2Header::LEN + ArpEthIpv4Packet::LEN;
/// Octets of the neighbour advertisement proper: ICMPv6 header, target, target link-layer address option.
const ADVERTISEMENT_LEN: u16 = 8 + 16 + 8;

/// The Ethernet frame "`vip` is at `mac`", to all, as keepalived sends it: a broadcast ARP *request* whose
/// sender and target address are both the VIP (RFC 5944 section 4.6). Neighbours that hold an
/// entry for the VIP update it; others take no notice. The target hardware address, of no meaning in a
/// request, is all ones.
pub fn gratuitous_arp(mac: [u8; 6], vip: Ipv4Addr) -> Vec<u8> {
    let arp = ArpEthIpv4Packet {
        operation: ArpOperation::REQUEST,
        sender_mac: mac,
        sender_ipv4: vip.octets(),
        target_mac: BROADCAST,
        target_ipv4: vip.octets(),
    };
    let mut frame = ethernet(mac, BROADCAST, EtherType::ARP);
    frame.extend_from_slice(&arp.to_bytes());
    frame
}

/// The Ethernet frame "`vip` is at `mac`" for IPv6 (RFC 4861 section 7.2.6): a neighbour advertisement to
/// all nodes, from the VIP itself, with the override flag and the target link-layer address option.
///
/// The router flag is clear: a neighbour that uses the VIP as its default router would drop it.
pub fn unsolicited_advertisement(mac: [u8; 6], vip: Ipv6Addr) -> Vec<u8> {
    let ip = Ipv6Header {
        traffic_class: 0,
        flow_label: Ipv6FlowLabel::ZERO,
        payload_length: ADVERTISEMENT_LEN,
        next_header: IpNumber::IPV6_ICMP,
        hop_limit: 255,
        source: vip.octets(),
        destination: ALL_NODES.octets(),
    };
    let body = target_and_link_address(mac, vip);
    let kind = Icmpv6Type::NeighborAdvertisement(NeighborAdvertisementHeader {
        router: false,
        solicited: false,
        r#override: true,
    });
    let mut icmp = Icmpv6Header::new(kind);
    icmp.checksum = kind
        .calc_checksum(ip.source, ip.destination, &body)
        .unwrap_or_default(); // fails above 4 GiB only; the body has 24 octets

    let mut frame = ethernet(mac, ALL_NODES_MAC, EtherType::IPV6);
    frame.extend_from_slice(&ip.to_bytes());
    frame.extend_from_slice(&icmp.to_bytes());
    frame.extend_from_slice(&body);
    frame
}

/// What ICMP echo requests of [`echo_request`] carry as identifier, so that answers to another program's are not taken for theirs.
const ECHO_ID: u16 = 0x1bd0;
/// A hop limit of 1: a host that does not hold the address must not send the question on.
const ECHO_TTL: u8 = 1;

/// The Ethernet frame "who has `target`?", to all, from the host with `mac` and `address` (RFC 826).
pub fn arp_request(mac: [u8; 6], address: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    let arp = ArpEthIpv4Packet {
        operation: ArpOperation::REQUEST,
        sender_mac: mac,
        sender_ipv4: address.octets(),
        target_mac: [0; 6],
        target_ipv4: target.octets(),
    };
    let mut frame = ethernet(mac, BROADCAST, EtherType::ARP);
    frame.extend_from_slice(&arp.to_bytes());
    frame
}

/// Who says in this Ethernet frame, in an ARP reply to `asker`, that it has which address.
pub fn arp_reply(frame: &[u8], asker: Ipv4Addr) -> Option<MacAndAddress> {
    let (ethernet, rest) = Ethernet2Header::from_slice(frame).ok()?;
    if ethernet.ether_type != EtherType::ARP {
        return None;
    }
    let arp = ArpPacket::from_slice(rest).ok()?.try_eth_ipv4().ok()?;
    let to_asker = arp.operation == ArpOperation::REPLY && arp.target_ipv4_addr() == asker;
    to_asker.then(|| (arp.sender_mac, arp.sender_ipv4_addr()))
}

/// The Ethernet frame of an ICMP echo request to `target`, for the host at `to`, whoever holds that address. It is not
/// sent on from there. None where the octets do not fit together, which they always do.
pub fn echo_request(
    mac: [u8; 6],
    to: [u8; 6],
    address: Ipv4Addr,
    target: Ipv4Addr,
) -> Option<Vec<u8>> {
    let packet = PacketBuilder::ethernet2(mac, to)
        .ipv4(address.octets(), target.octets(), ECHO_TTL)
        .icmpv4_echo_request(ECHO_ID, 1);
    let mut frame = Vec::with_capacity(packet.size(0));
    packet.write(&mut frame, &[]).ok()?;
    Some(frame)
}

/// Which host answered in this Ethernet frame, in an ICMP echo reply to an [`echo_request`] of `asker`'s, and as which address.
pub fn echo_reply(frame: &[u8], asker: Ipv4Addr) -> Option<MacAndAddress> {
    let (ethernet, _) = Ethernet2Header::from_slice(frame).ok()?;
    let packet = SlicedPacket::from_ethernet(frame).ok()?;
    let (Some(NetSlice::Ipv4(ip)), Some(TransportSlice::Icmpv4(icmp))) =
        (packet.net, packet.transport)
    else {
        return None;
    };
    let ours = matches!(icmp.icmp_type(), Icmpv4Type::EchoReply(echo) if echo.id == ECHO_ID);
    let header = ip.header();
    let to_asker = ours && header.destination_addr() == asker;
    to_asker.then(|| (ethernet.source, header.source_addr()))
}

/// The target address, then option 2 (target link-layer address) of one unit of 8 octets.
fn target_and_link_address(mac: [u8; 6], vip: Ipv6Addr) -> [u8; 24] {
    let mut body = [0; 24];
    let (target, option) = body.split_at_mut(16);
    target.copy_from_slice(&vip.octets());
    option[..2].copy_from_slice(&[2, 1]);
    option[2..].copy_from_slice(&mac);
    body
}

fn ethernet(source: [u8; 6], destination: [u8; 6], ether_type: EtherType) -> Vec<u8> {
    let header = Ethernet2Header {
        source,
        destination,
        ether_type,
    };
    header.to_bytes().to_vec()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 0x0b];

    #[rustfmt::skip]
    #[test]
    fn gratuitous_arp_is_keepaliveds_form() {
        assert_eq!(gratuitous_arp(MAC, Ipv4Addr::new(192, 0, 2, 100)), [
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // to all
            0x02, 0, 0, 0, 0, 0x0b,             // from this MAC
            0x08, 0x06,                         // ARP
            0, 1, 0x08, 0, 6, 4, 0, 1,          // Ethernet, IPv4, lengths, request
            0x02, 0, 0, 0, 0, 0x0b, 192, 0, 2, 100,
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 192, 0, 2, 100,
        ]);
        assert_eq!(gratuitous_arp(MAC, Ipv4Addr::LOCALHOST).len(), GRATUITOUS_ARP_LEN);
    }

    #[test]
    fn the_advertisement_has_the_override_flag_and_the_link_address() {
        let vip = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x100);
        let frame = unsolicited_advertisement(MAC, vip);
        assert_eq!(frame.len(), 14 + 40 + usize::from(ADVERTISEMENT_LEN));
        assert_eq!(frame[..6], ALL_NODES_MAC);
        assert_eq!(frame[18..22], [0, 32, 58, 255], "length, ICMPv6, hop limit");
        assert_eq!(frame[22..38], vip.octets());
        assert_eq!(frame[54..56], [136, 0], "neighbour advertisement");
        assert_eq!(frame[58..62], [0x20, 0, 0, 0], "override alone");
        assert_eq!(frame[62..78], vip.octets(), "target");
        assert_eq!(frame[78..80], [2, 1], "target link-layer address");
        assert_eq!(frame[80..], MAC);
    }

    const PEER: [u8; 6] = [0x02, 0, 0, 0, 0, 0x0c];
    const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const VIP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 100);

    /// What a neighbour makes of a request.
    fn answered(mut request: Vec<u8>) -> Vec<u8> {
        request[..6].copy_from_slice(&MAC);
        request[6..12].copy_from_slice(&PEER);
        request
    }

    #[test]
    fn an_arp_request_is_no_reply_and_its_reply_names_the_holder() {
        let request = arp_request(MAC, OWN, VIP);
        assert_eq!(request[..6], [0xff; 6]);
        assert_eq!(arp_reply(&request, OWN), None);
        let mut reply = answered(request);
        reply[21] = 2;
        reply[22..28].copy_from_slice(&PEER);
        reply[28..32].copy_from_slice(&VIP.octets());
        reply[32..38].copy_from_slice(&MAC);
        reply[38..42].copy_from_slice(&OWN.octets());
        assert_eq!(arp_reply(&reply, OWN), Some((PEER, VIP)));
        assert_eq!(arp_reply(&reply, VIP), None, "another one's");
        assert_eq!(arp_reply(&reply[..41], OWN), None, "cut off");
    }

    #[test]
    fn an_echo_reply_names_the_host_that_sent_it() {
        let request = echo_request(MAC, PEER, OWN, VIP).unwrap();
        assert_eq!(request[..6], PEER);
        assert_eq!(request[22], 1, "not sent on");
        assert_eq!(echo_reply(&request, OWN), None);
        let mut reply = answered(request);
        reply[26..30].copy_from_slice(&VIP.octets());
        reply[30..34].copy_from_slice(&OWN.octets());
        reply[34] = 0;
        assert_eq!(echo_reply(&reply, OWN), Some((PEER, VIP)));
        reply[38] ^= 1;
        assert_eq!(echo_reply(&reply, OWN), None, "another program's");
    }
}
