//! From what a raw socket hands over to one advertisement with its envelope.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use etherparse::Ipv4HeaderSlice;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, RecvMsg, SockaddrIn6};

/// One received advertisement: where its octets are in the caller's buffer, and what the IP header said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The sender's address.
    pub source: IpAddr,
    /// The VRRP group, or an address of this host.
    pub destination: IpAddr,
    /// Time to live (IPv6: hop limit) on arrival; 255 unless a router was crossed.
    pub ttl: u8,
    /// Where the VRRP payload lies in the buffer that was given to `recv`.
    pub range: Range<usize>,
}

impl Received {
    /// The VRRP payload: give the buffer that was given to `recv`. Empty if it is another, shorter one.
    pub fn payload<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        buffer.get(self.range.clone()).unwrap_or_default()
    }
}

/// A raw IPv4 socket hands over the packet with its header (raw(7)); `packet` is all of it.
pub(crate) fn from_ipv4(packet: &[u8]) -> io::Result<Received> {
    let header = Ipv4HeaderSlice::from_slice(packet).map_err(invalid)?;
    let start = header.slice().len();
    let end = usize::from(header.total_len());
    if end < start || end > packet.len() {
        return Err(invalid(format!(
            "IPv4 packet of {} octets says its header has {start} and the whole {end}",
            packet.len()
        )));
    }
    Ok(Received {
        source: Ipv4Addr::from(header.source()).into(),
        destination: Ipv4Addr::from(header.destination()).into(),
        ttl: header.ttl(),
        range: start..end,
    })
}

/// A raw IPv6 socket hands over the payload alone; the header comes as ancillary data (RFC 3542).
pub(crate) fn from_ipv6(message: &RecvMsg<'_, '_, SockaddrIn6>) -> io::Result<Received> {
    if message.flags.contains(MsgFlags::MSG_TRUNC) {
        return Err(invalid("advertisement larger than the buffer"));
    }
    let source = message
        .address
        .ok_or_else(|| invalid("no source address"))?;
    let (mut destination, mut hops) = (None, None);
    for control in message.cmsgs()? {
        if let ControlMessageOwned::Ipv6PacketInfo(info) = control {
            destination = Some(Ipv6Addr::from(info.ipi6_addr.s6_addr));
        } else if let ControlMessageOwned::Ipv6HopLimit(limit) = control {
            hops = u8::try_from(limit).ok();
        }
    }
    match (destination, hops) {
        (Some(destination), Some(ttl)) => Ok(Received {
            source: source.ip().into(),
            destination: destination.into(),
            ttl,
            range: 0..message.bytes,
        }),
        _ => Err(invalid("no destination address or hop limit")),
    }
}

fn invalid<E: Into<Box<dyn std::error::Error + Send + Sync>>>(error: E) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    /// In keepalived's form: 192.0.2.1 > 224.0.0.18, TTL 255, TOS 0xc0, no DF; 8 octets of payload.
    const PACKET: [u8; 28] = [
        0x45, 0xc0, 0x00, 0x1c, 0x00, 0x01, 0x00, 0x00, 0xff, 0x70, 0x00, 0x00, 192, 0, 2, 1, 224,
        0, 0, 18, 0x21, 51, 100, 1, 1, 1, 0, 0,
    ];

    #[test]
    fn the_payload_ends_where_the_header_says_not_where_the_padding_ends() {
        let mut padded = PACKET.to_vec();
        padded.extend_from_slice(&[0; 18]);
        let received = from_ipv4(&padded).unwrap();
        assert_eq!(received.payload(&padded), &PACKET[20..]);
        assert_eq!(received.ttl, 255);
        assert_eq!(received.source, Ipv4Addr::new(192, 0, 2, 1));
        assert_eq!(received.destination, Ipv4Addr::new(224, 0, 0, 18));
    }

    #[test]
    fn header_options_are_skipped() {
        let mut packet = PACKET.to_vec();
        packet[0] = 0x46;
        packet[3] += 4;
        packet.splice(20..20, [0x94, 4, 0, 0]); // router alert
        assert_eq!(from_ipv4(&packet).unwrap().payload(&packet), &PACKET[20..]);
    }

    #[test]
    fn a_total_length_outside_the_packet_is_refused() {
        for wrong in [0, 19, 29, 0xff] {
            let mut packet = PACKET;
            packet[3] = wrong;
            assert!(from_ipv4(&packet).is_err(), "total length {wrong}");
        }
    }

    #[test]
    fn the_payload_of_a_foreign_buffer_is_empty() {
        let received = from_ipv4(&PACKET).unwrap();
        assert_eq!(received.payload(&[1, 2, 3]), &[0_u8; 0]);
    }

    proptest! {
        #[test]
        fn no_octets_whatever_make_it_panic(
            first in 0x40_u8..0x50,
            rest in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let packet = [&[first, 0, 0], rest.as_slice()].concat();
            if let Ok(received) = from_ipv4(&packet) {
                prop_assert!(received.range.end <= packet.len());
                prop_assert_eq!(received.payload(&packet).len(), received.range.len());
            }
        }
    }
}
