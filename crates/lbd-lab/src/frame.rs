//! One captured frame and what can be read in it.

use std::net::Ipv4Addr;
use std::time::Duration;

use etherparse::{NetSlice, SlicedPacket, TransportSlice};

/// A frame at a port of the switch.
#[derive(Clone, Debug)]
pub struct Frame {
    /// When, since the lab began.
    pub at: Duration,
    /// The host behind the port.
    pub port: String,
    /// Whether the host sent it (else the switch sends it to the host).
    pub from_host: bool,
    /// The frame, from the destination MAC on.
    pub bytes: Vec<u8>,
}

/// What is read of an IPv4 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4 {
    /// The sender.
    pub source: Ipv4Addr,
    /// The receiver.
    pub destination: Ipv4Addr,
    /// How many more routers may forward it.
    pub ttl: u8,
    /// The protocol above: 6 is TCP, 112 VRRP.
    pub protocol: u8,
}

/// What is read of a TCP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// The sender's port.
    pub source_port: u16,
    /// The receiver's port.
    pub destination_port: u16,
    /// Sequence number.
    pub sequence: u32,
    /// Opens a connection.
    pub syn: bool,
    /// Acknowledges.
    pub ack: bool,
    /// Ends its direction.
    pub fin: bool,
    /// Resets.
    pub rst: bool,
}

/// What is read of a VRRP advert, either version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advert {
    /// Who sent it.
    pub source: Ipv4Addr,
    /// 2 or 3.
    pub version: u8,
    /// The virtual router.
    pub vrid: u8,
    /// Its priority; 0 gives mastership up.
    pub priority: u8,
}

impl Frame {
    /// The MAC it is for.
    #[must_use]
    pub fn destination_mac(&self) -> Option<[u8; 6]> {
        self.bytes.first_chunk().copied()
    }

    /// The MAC it comes from.
    #[must_use]
    pub fn source_mac(&self) -> Option<[u8; 6]> {
        self.bytes.get(6..)?.first_chunk().copied()
    }

    /// Its IPv4 header.
    #[must_use]
    pub fn ipv4(&self) -> Option<Ipv4> {
        let sliced = SlicedPacket::from_ethernet(&self.bytes).ok()?;
        let Some(NetSlice::Ipv4(ip)) = sliced.net else {
            return None;
        };
        let header = ip.header();
        Some(Ipv4 {
            source: header.source_addr(),
            destination: header.destination_addr(),
            ttl: header.ttl(),
            protocol: header.protocol().0,
        })
    }

    /// Its TCP header.
    #[must_use]
    pub fn tcp(&self) -> Option<Tcp> {
        let sliced = SlicedPacket::from_ethernet(&self.bytes).ok()?;
        let Some(TransportSlice::Tcp(tcp)) = sliced.transport else {
            return None;
        };
        Some(Tcp {
            source_port: tcp.source_port(),
            destination_port: tcp.destination_port(),
            sequence: tcp.sequence_number(),
            syn: tcp.syn(),
            ack: tcp.ack(),
            fin: tcp.fin(),
            rst: tcp.rst(),
        })
    }

    /// The VRRP advert in it, over IPv4.
    #[must_use]
    pub fn advert(&self) -> Option<Advert> {
        let ip = self.ipv4().filter(|ip| ip.protocol == 112)?;
        let header = usize::from(self.bytes.get(14)? & 0x0f) * 4;
        let [kind, vrid, priority] = *self.bytes.get(14 + header..)?.first_chunk()?;
        Some(Advert {
            source: ip.source,
            version: kind >> 4,
            vrid,
            priority,
        })
    }

    /// The address that a gratuitous ARP announces.
    #[must_use]
    pub fn announced(&self) -> Option<Ipv4Addr> {
        let arp = self.bytes.get(12..42)?;
        let (sender, target) = (arp.get(16..20)?, arp.get(26..30)?);
        let octets: [u8; 4] = sender.try_into().ok()?;
        (arp.starts_with(&[0x08, 0x06]) && sender == target).then(|| Ipv4Addr::from(octets))
    }
}
