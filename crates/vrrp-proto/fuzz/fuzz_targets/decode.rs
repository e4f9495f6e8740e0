//! Any octets, read in every way a router may be configured: no panic, and what is accepted says what
//! the octets say.
//!
//! The input is a packet, without the IP header.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;
use vrrp_proto::{
    Authentication, Centis, ChecksumForm, Counters, Envelope, Expect, GROUP_V4, GROUP_V6, Incoming,
    MAX_LEN, Outgoing, Password, Reject, Version, Vrid, decode, encode, peek_vrid,
};

fuzz_target!(|packet: &[u8]| {
    as_received(packet);
    // A wrong checksum hides all checks behind it: once more with the right one.
    let mut packet = packet.to_vec();
    if mend_checksum(&mut packet) {
        as_received(&packet);
    }
});

/// As every kind of router reads it.
fn as_received(packet: &[u8]) {
    for version in [Version::V2, Version::V3] {
        for (source, destination) in ends() {
            for authentication in authentications() {
                for ttl in [255, 254] {
                    let envelope = Envelope {
                        source,
                        destination,
                        ttl,
                    };
                    one(packet, &envelope, version, authentication);
                }
            }
        }
    }
}

fn ends() -> [(IpAddr, IpAddr); 3] {
    let v4 = IpAddr::from([192, 0, 2, 1]);
    let v6 = IpAddr::from(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1));
    [
        (v4, GROUP_V4.into()),
        (v6, GROUP_V6.into()),
        (v4, GROUP_V6.into()),
    ]
}

fn authentications() -> [Authentication; 2] {
    let password = Password::new(b"secret12").expect("8 octets");
    [Authentication::None, Authentication::Pass(password)]
}

fn one(packet: &[u8], envelope: &Envelope, version: Version, authentication: Authentication) {
    let expect = Expect {
        version,
        vrid: peek_vrid(packet).unwrap_or(Vrid::new(51).expect("not 0")),
        interval: Centis::from_secs(1).expect("not 0"),
        authentication,
        addresses: &[IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10))],
        own_address: IpAddr::from([192, 0, 2, 99]),
    };
    match decode(packet, envelope, &expect) {
        Ok(incoming) => accepted(packet, envelope, &expect, &incoming),
        Err(reject) => refused(&reject),
    }
}

fn accepted(packet: &[u8], envelope: &Envelope, expect: &Expect<'_>, incoming: &Incoming<'_>) {
    assert_eq!(envelope.ttl, 255);
    assert_eq!(packet[0], expect.version.number() << 4 | 1);
    assert_eq!(packet[1], incoming.vrid.get());
    assert_eq!(packet[2], incoming.priority.get());
    let addresses: Vec<_> = incoming.addresses().collect();
    assert_eq!(addresses.len(), usize::from(packet[3]));
    assert_eq!(incoming.addresses().len(), addresses.len());
    assert_eq!(incoming.heard().priority, incoming.priority);
    again(packet, envelope, expect, incoming, &addresses);
}

/// Encoded again, it is the same, but for what a receiver does not look at.
fn again(
    packet: &[u8],
    envelope: &Envelope,
    expect: &Expect<'_>,
    incoming: &Incoming<'_>,
    addresses: &[IpAddr],
) {
    let outgoing = Outgoing {
        version: expect.version,
        vrid: incoming.vrid,
        priority: incoming.priority,
        interval: incoming.interval,
        authentication: match expect.version {
            Version::V2 => expect.authentication,
            Version::V3 => Authentication::None,
        },
        addresses,
        source: envelope.source,
        destination: envelope.destination,
        checksum: incoming.checksum,
    };
    let mut buf = [0; MAX_LEN];
    let len = encode(&outgoing, &mut buf).expect("what was accepted can be sent");
    assert!(len <= packet.len());
    assert_eq!(buf[..4], packet[..4]);
    let listed = 8 + addresses.len() * if envelope.source.is_ipv4() { 4 } else { 16 };
    assert_eq!(buf[8..listed], packet[8..listed]);
    let ignored = match expect.version {
        // The last 8 octets, if no password is configured.
        Version::V2 => packet[listed..len] != buf[listed..len],
        // The reserved bits before the interval.
        Version::V3 => packet[4] & 0xF0 != 0,
    };
    if !ignored && packet[..len] != buf[..len] {
        // Zero has two forms in ones' complement.
        assert_eq!(packet[4..6], buf[4..6]);
        assert_eq!([packet[6] ^ buf[6], packet[7] ^ buf[7]], [0xFF, 0xFF]);
    }
    let form = incoming.checksum;
    let may_be_plain = expect.version == Version::V2 || envelope.source.is_ipv4();
    assert!(form == ChecksumForm::WithPseudoHeader || may_be_plain);
}

/// A reason of its own, that is counted and has words.
fn refused(reject: &Reject) {
    let mut counters = Counters::new();
    counters.count(reject.reason());
    assert_eq!(counters.get(reject.reason()), 1);
    assert_eq!(counters.total(), 1);
    assert!(!reject.to_string().is_empty());
    assert!(!reject.reason().as_str().is_empty());
}

/// Makes the checksum right in the form without pseudo-header; false if there is no room for one.
fn mend_checksum(packet: &mut [u8]) -> bool {
    if packet.len() < 8 {
        return false;
    }
    let trailer = if packet[0] >> 4 == 2 { 8 } else { 0 };
    let len = (8 + usize::from(packet[3]) * 4 + trailer).min(packet.len());
    packet[6..8].fill(0);
    let sum: u32 = packet[..len]
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)))
        .sum();
    let folded = (sum & 0xFFFF) + (sum >> 16);
    let folded = (folded & 0xFFFF) + (folded >> 16);
    let [_, _, high, low] = (!folded).to_be_bytes();
    packet[6..8].copy_from_slice(&[high, low]);
    true
}
