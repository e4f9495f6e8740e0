//! Packets as octets, read and written.
//!
//! Those "of keepalived" were captured from keepalived 2.2.7 (Debian 12) on a veth pair, its address
//! 192.0.2.1 or fe80::1, without the IP header.

use core::net::IpAddr;

use vrrp_proto::{
    Authentication, Centis, ChecksumForm, Envelope, Expect, GROUP_V4, GROUP_V6, Outgoing, Password,
    Priority, Version, Vrid, decode, encode, peek_vrid,
};

/// Version 2, PASS, two addresses: keepalived's own.
const V2_PASS: [u8; 24] = [
    0x21, 0x33, 0xc8, 0x02, // version 2, advertisement; VRID 51; priority 200; 2 addresses
    0x01, 0x01, 0x24, 0x34, // authentication type 1; 1 s; checksum
    0xc0, 0x00, 0x02, 0x0a, // 192.0.2.10
    0xc0, 0x00, 0x02, 0x0b, // 192.0.2.11
    0x73, 0x65, 0x63, 0x72, 0x65, 0x74, 0x31, 0x32, // "secret12"
];

/// The same router when it is stopped.
const V2_PASS_RESIGN: [u8; 24] = [
    0x21, 0x33, 0x00, 0x02, // priority 0
    0x01, 0x01, 0xec, 0x34, //
    0xc0, 0x00, 0x02, 0x0a, //
    0xc0, 0x00, 0x02, 0x0b, //
    0x73, 0x65, 0x63, 0x72, 0x65, 0x74, 0x31, 0x32, //
];

/// Version 2 without authentication: the last 8 octets are there all the same. By hand.
const V2_NONE: [u8; 20] = [
    0x21, 0x33, 0x64, 0x01, // version 2, advertisement; VRID 51; priority 100; 1 address
    0x00, 0x01, 0xb8, 0xbf, // authentication type 0; 1 s; checksum
    0xc0, 0x00, 0x02, 0x0a, // 192.0.2.10
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // nothing
];

/// Version 3 over IPv4, keepalived's own: the checksum has the pseudo-header in it.
const V3_IPV4: [u8; 12] = [
    0x31, 0x34, 0x64, 0x01, // version 3, advertisement; VRID 52; priority 100; 1 address
    0x00, 0x32, 0x05, 0xfb, // 50 centiseconds; checksum
    0xc0, 0x00, 0x02, 0x0c, // 192.0.2.12
];

/// Version 3 over IPv4 with the checksum as RFC 9568 has it. By hand.
const V3_IPV4_PLAIN: [u8; 12] = [
    0x31, 0x35, 0x64, 0x01, // version 3, advertisement; VRID 53; priority 100; 1 address
    0x00, 0x32, 0xa8, 0x89, // 50 centiseconds; checksum
    0xc0, 0x00, 0x02, 0x0d, // 192.0.2.13
];

/// Version 3 over IPv6, keepalived's own.
const V3_IPV6: [u8; 40] = [
    0x31, 0x36, 0x64, 0x02, // version 3, advertisement; VRID 54; priority 100; 2 addresses
    0x00, 0x32, 0x3f, 0x84, // 50 centiseconds; checksum
    0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x54, // fe80::54
    0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x54, // 2001:db8::54
];

/// The same router when it is stopped.
const V3_IPV6_RESIGN: [u8; 40] = [
    0x31, 0x36, 0x00, 0x02, // priority 0
    0x00, 0x32, 0xa3, 0x84, //
    0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x54, //
    0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x54, //
];

/// Asserts that the packet encodes to the octets and the octets decode to the packet.
fn both_ways(octets: &[u8], packet: &Outgoing<'_>) {
    let mut buf = [0xAA; 64];
    let len = encode(packet, &mut buf).unwrap();
    assert_eq!(&buf[..len], octets, "written");

    assert_eq!(peek_vrid(octets), Some(packet.vrid));
    let envelope = Envelope {
        source: packet.source,
        destination: packet.destination,
        ttl: 255,
    };
    let expect = Expect {
        version: packet.version,
        vrid: packet.vrid,
        interval: packet.interval,
        authentication: packet.authentication,
        addresses: packet.addresses,
        own_address: "192.0.2.99".parse().unwrap(),
    };
    let read = decode(octets, &envelope, &expect).unwrap();
    assert_eq!(read.source, packet.source);
    assert_eq!(read.vrid, packet.vrid);
    assert_eq!(read.priority, packet.priority);
    assert_eq!(read.interval, packet.interval);
    assert_eq!(read.checksum, packet.checksum);
    assert!(read.addresses().eq(packet.addresses.iter().copied()));
    assert!(read.addresses_match);
}

fn addresses<const N: usize>(texts: [&str; N]) -> [IpAddr; N] {
    texts.map(|text| text.parse().unwrap())
}

#[test]
fn version_2_with_a_password_is_as_keepalived_sends_it() {
    let packet = Outgoing {
        version: Version::V2,
        vrid: Vrid::new(51).unwrap(),
        priority: Priority::new(200),
        interval: Centis::from_secs(1).unwrap(),
        authentication: Authentication::Pass(Password::new(b"secret12").unwrap()),
        addresses: &addresses(["192.0.2.10", "192.0.2.11"]),
        source: "192.0.2.1".parse().unwrap(),
        destination: GROUP_V4.into(),
        checksum: ChecksumForm::WithoutPseudoHeader,
    };
    both_ways(&V2_PASS, &packet);
    let resign = Outgoing {
        priority: Priority::ZERO,
        ..packet
    };
    both_ways(&V2_PASS_RESIGN, &resign);
}

#[test]
fn version_2_without_a_password_ends_in_eight_zeros() {
    let packet = Outgoing {
        version: Version::V2,
        vrid: Vrid::new(51).unwrap(),
        priority: Priority::DEFAULT,
        interval: Centis::from_secs(1).unwrap(),
        authentication: Authentication::None,
        addresses: &addresses(["192.0.2.10"]),
        source: "192.0.2.1".parse().unwrap(),
        destination: GROUP_V4.into(),
        checksum: ChecksumForm::WithoutPseudoHeader,
    };
    both_ways(&V2_NONE, &packet);
}

#[test]
fn version_3_over_ipv4_is_written_and_read_with_both_checksums() {
    let with = Outgoing {
        version: Version::V3,
        vrid: Vrid::new(52).unwrap(),
        priority: Priority::DEFAULT,
        interval: Centis::new(50).unwrap(),
        authentication: Authentication::None,
        addresses: &addresses(["192.0.2.12"]),
        source: "192.0.2.1".parse().unwrap(),
        destination: GROUP_V4.into(),
        checksum: ChecksumForm::default(),
    };
    both_ways(&V3_IPV4, &with);
    let without = Outgoing {
        vrid: Vrid::new(53).unwrap(),
        addresses: &addresses(["192.0.2.13"]),
        checksum: ChecksumForm::WithoutPseudoHeader,
        ..with
    };
    both_ways(&V3_IPV4_PLAIN, &without);
}

#[test]
fn version_3_over_ipv6_is_as_keepalived_sends_it() {
    let packet = Outgoing {
        version: Version::V3,
        vrid: Vrid::new(54).unwrap(),
        priority: Priority::DEFAULT,
        interval: Centis::new(50).unwrap(),
        authentication: Authentication::None,
        addresses: &addresses(["fe80::54", "2001:db8::54"]),
        source: "fe80::1".parse().unwrap(),
        destination: GROUP_V6.into(),
        checksum: ChecksumForm::WithPseudoHeader,
    };
    both_ways(&V3_IPV6, &packet);
    let resign = Outgoing {
        priority: Priority::ZERO,
        ..packet
    };
    both_ways(&V3_IPV6_RESIGN, &resign);
}
