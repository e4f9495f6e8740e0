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
