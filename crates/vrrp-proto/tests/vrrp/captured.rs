//! Whole frames from the wire, keepalived's beside lbd's: read, and written again octet for octet.
//!
//! Where they come from is told in `testdata/vrrp/README.md`.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::collections::BTreeSet;

use vrrp_proto::{
    Authentication, Centis, ChecksumForm, Envelope, Expect, GROUP_V4, GROUP_V6, Incoming, Outgoing,
    Password, Version, Vrid, decode, encode,
};

const V2_PASS: &[u8] = include_bytes!("../../../../testdata/vrrp/v2-pass.pcap");
const V2_UNICAST: &[u8] = include_bytes!("../../../../testdata/vrrp/v2-unicast.pcap");
const V3_IPV4: &[u8] = include_bytes!("../../../../testdata/vrrp/v3-ipv4.pcap");
const V3_IPV6: &[u8] = include_bytes!("../../../../testdata/vrrp/v3-ipv6.pcap");

/// The priorities that each of them sent.
const OF_KEEPALIVED: [u8; 4] = [0, 80, 100, 120];
const OF_LBD: [u8; 2] = [0, 100];

/// The virtual router as both were told.
struct Told {
    version: Version,
    interval: u16,
    authentication: Authentication,
    addresses: [IpAddr; 2],
    /// The group; `None` for the other one's own address.
    group: Option<IpAddr>,
    /// The last octet of keepalived's MAC.
    keepalived: u8,
}

/// An IP packet of VRRP.
struct Packet {
    mac: u8,
    envelope: Envelope,
    payload: Vec<u8>,
}

#[test]
fn version_2_with_a_password_is_written_alike_by_keepalived_and_lbd() {
    let told = Told {
        version: Version::V2,
        interval: 100,
        authentication: Authentication::Pass(Password::new(b"secret12").unwrap()),
        addresses: ipv4(),
        group: Some(GROUP_V4.into()),
        keepalived: 4,
    };
    told.both_write(V2_PASS);
}

#[test]
fn version_2_to_a_peer_is_written_alike_by_keepalived_and_lbd() {
    let told = Told {
        version: Version::V2,
        interval: 100,
        authentication: Authentication::None,
        addresses: ipv4(),
        group: None,
        keepalived: 3,
    };
    told.both_write(V2_UNICAST);
}

#[test]
fn version_3_over_ipv4_is_written_alike_by_keepalived_and_lbd() {
    let told = Told {
        version: Version::V3,
        interval: 20,
        authentication: Authentication::None,
        addresses: ipv4(),
        group: Some(GROUP_V4.into()),
        keepalived: 3,
    };
    told.both_write(V3_IPV4);
}

#[test]
fn version_3_over_ipv6_is_written_alike_by_keepalived_and_lbd() {
    let told = Told {
        version: Version::V3,
        interval: 20,
        authentication: Authentication::None,
        addresses: ["fe80::101", "2001:db8::101"].map(|text| text.parse().unwrap()),
        group: Some(GROUP_V6.into()),
        keepalived: 4,
    };
    told.both_write(V3_IPV6);
}

fn ipv4() -> [IpAddr; 2] {
    ["10.243.95.101", "10.243.95.102"].map(|text| text.parse().unwrap())
}

impl Told {
    fn both_write(&self, pcap: &[u8]) {
        let (mut theirs, mut ours) = (BTreeSet::new(), BTreeSet::new());
        for frame in frames(pcap) {
            let packet = packet(frame);
            let priority = self.reads_and_writes(&packet);
            let sender = match packet.mac == self.keepalived {
                true => &mut theirs,
                false => &mut ours,
            };
            sender.insert(priority);
        }
        assert_eq!(theirs, OF_KEEPALIVED.into(), "keepalived's priorities");
        assert_eq!(ours, OF_LBD.into(), "lbd's priorities");
    }

    fn reads_and_writes(&self, packet: &Packet) -> u8 {
        let expect = Expect {
            version: self.version,
            vrid: Vrid::new(51).unwrap(),
            interval: Centis::new(self.interval).unwrap(),
            authentication: self.authentication,
            addresses: &self.addresses,
            own_address: Ipv4Addr::LOCALHOST.into(),
        };
        let read = decode(&packet.payload, &packet.envelope, &expect).unwrap();
        assert!(read.addresses_match);
        assert_eq!(read.interval, expect.interval);
        match self.group {
            Some(group) => assert_eq!(packet.envelope.destination, group),
            None => assert!(!packet.envelope.destination.is_multicast()),
        }
        assert_eq!(self.written(packet, &read), packet.payload);
        read.priority.get()
    }

    fn written(&self, packet: &Packet, read: &Incoming<'_>) -> Vec<u8> {
        let outgoing = Outgoing {
            version: self.version,
            vrid: read.vrid,
            priority: read.priority,
            interval: read.interval,
            authentication: self.authentication,
            addresses: &self.addresses,
            source: packet.envelope.source,
            destination: packet.envelope.destination,
            checksum: ChecksumForm::default(),
        };
        let mut octets = vec![0; vrrp_proto::MAX_LEN];
        let length = encode(&outgoing, &mut octets).unwrap();
        octets.truncate(length);
        octets
    }
}

/// The frames of a pcap file, little-endian: a header of 24 octets, then each frame after 16 of its own.
fn frames(pcap: &[u8]) -> Vec<&[u8]> {
    assert_eq!(pcap[..4], 0xa1b2_3c4d_u32.to_le_bytes());
    let mut rest = &pcap[24..];
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap());
        let (frame, after) = rest[16..].split_at(usize::try_from(length).unwrap());
        frames.push(frame);
        rest = after;
    }
    frames
}

/// The IP packet in a frame. Its header is as RFC 9568 section 5.1 and keepalived have it: class 6 (internetwork control),
/// not forbidding fragments.
fn packet(frame: &[u8]) -> Packet {
    let (mac, ip) = (frame[11], &frame[14..]);
    match frame[12..14] {
        [0x08, 0x00] => {
            assert_eq!(ip[..2], [0x45, 0xc0], "no options, TOS 0xC0");
            assert_eq!(ip[6..8], [0, 0], "no DF, no fragment");
            assert_eq!(ip[9], 112);
            let length = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
            let address = |at: usize| IpAddr::from(<[u8; 4]>::try_from(&ip[at..at + 4]).unwrap());
            Packet {
                mac,
                envelope: Envelope {
                    source: address(12),
                    destination: address(16),
                    ttl: ip[8],
                },
                payload: ip[20..length].to_vec(),
            }
        }
        [0x86, 0xdd] => {
            assert_eq!([ip[0], ip[1] & 0xf0], [0x6c, 0x00], "traffic class 0xC0");
            assert_eq!(ip[6], 112);
            let length = usize::from(u16::from_be_bytes([ip[4], ip[5]]));
            let address =
                |at: usize| Ipv6Addr::from(<[u8; 16]>::try_from(&ip[at..at + 16]).unwrap());
            Packet {
                mac,
                envelope: Envelope {
                    source: address(8).into(),
                    destination: address(24).into(),
                    ttl: ip[7],
                },
                payload: ip[40..40 + length].to_vec(),
            }
        }
        ref other => panic!("neither IPv4 nor IPv6: {other:x?}"),
    }
}
