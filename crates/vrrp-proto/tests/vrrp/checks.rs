//! The receive checks, each by breaking a good packet; and what cannot be sent.

use core::net::IpAddr;

use vrrp_proto::{
    Authentication, Centis, ChecksumForm, Counters, EncodeError, Envelope, Expect, GROUP_V4,
    GROUP_V6, MAX_LEN, Outgoing, Password, Priority, Reason, Reject, Version, Vrid, decode, encode,
    peek_vrid,
};

const SOURCE: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 1));
const OWN: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 2));
const VIPS: [IpAddr; 2] = [
    IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 10)),
    IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 11)),
];
const ENVELOPE: Envelope = Envelope {
    source: SOURCE,
    destination: IpAddr::V4(GROUP_V4),
    ttl: 255,
};

fn sent(version: Version) -> Outgoing<'static> {
    Outgoing {
        version,
        vrid: Vrid::new(51).unwrap(),
        priority: Priority::DEFAULT,
        interval: Centis::from_secs(1).unwrap(),
        authentication: match version {
            Version::V2 => Authentication::Pass(Password::new(b"secret").unwrap()),
            Version::V3 => Authentication::None,
        },
        addresses: &VIPS,
        source: SOURCE,
        destination: GROUP_V4.into(),
        checksum: ChecksumForm::WithoutPseudoHeader,
    }
}

fn expect(version: Version) -> Expect<'static> {
    let sent = sent(version);
    Expect {
        version,
        vrid: sent.vrid,
        interval: sent.interval,
        authentication: sent.authentication,
        addresses: &VIPS,
        own_address: OWN,
    }
}

fn octets(packet: &Outgoing<'_>) -> Vec<u8> {
    let mut buf = vec![0; MAX_LEN];
    let len = encode(packet, &mut buf).unwrap();
    buf.truncate(len);
    buf
}

/// Changes octets of a packet without pseudo-header and makes the checksum right again.
fn forged(version: Version, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut octets = octets(&sent(version));
    change(&mut octets);
    octets[6..8].fill(0);
    let sum: u32 = octets
        .chunks_exact(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])))
        .sum();
    let folded = (sum & 0xFFFF) + (sum >> 16);
    let checksum = !u16::try_from(folded).unwrap();
    octets[6..8].copy_from_slice(&checksum.to_be_bytes());
    octets
}

fn refused(version: Version, octets: &[u8]) -> Reject {
    decode(octets, &ENVELOPE, &expect(version)).unwrap_err()
}

#[test]
fn a_ttl_other_than_255_is_refused() {
    for version in [Version::V2, Version::V3] {
        for ttl in [0, 1, 64, 254] {
            let envelope = Envelope { ttl, ..ENVELOPE };
            let packet = octets(&sent(version));
            let result = decode(&packet, &envelope, &expect(version));
            assert_eq!(result.unwrap_err(), Reject::Ttl { found: ttl });
        }
    }
}

#[test]
fn a_packet_that_was_cut_is_refused_at_every_length() {
    for version in [Version::V2, Version::V3] {
        let whole = octets(&sent(version));
        for found in 0..whole.len() {
            let needed = if found < 8 { 8 } else { whole.len() };
            let reject = refused(version, &whole[..found]);
            assert_eq!(reject, Reject::Length { found, needed });
        }
    }
}

#[test]
fn ethernet_padding_is_tolerated() {
    for version in [Version::V2, Version::V3] {
        let mut padded = octets(&sent(version));
        padded.extend([0xFF; 18]);
        assert!(decode(&padded, &ENVELOPE, &expect(version)).is_ok());
    }
}

#[test]
fn another_version_is_refused() {
    for (version, other) in [(Version::V2, Version::V3), (Version::V3, Version::V2)] {
        let found = other.number();
        let reject = refused(version, &octets(&sent(other)));
        assert_eq!(
            reject,
            Reject::Version {
                found,
                expected: version
            }
        );
    }
    for found in [0, 1, 4, 15] {
        let forged = forged(Version::V3, |octets| octets[0] = found << 4 | 1);
        let expected = Version::V3;
        assert_eq!(
            refused(Version::V3, &forged),
            Reject::Version { found, expected }
        );
    }
}

#[test]
fn another_type_than_advertisement_is_refused() {
    for found in [0, 2, 15] {
        let forged = forged(Version::V3, |octets| octets[0] = 0x30 | found);
        assert_eq!(refused(Version::V3, &forged), Reject::Type { found });
    }
}

#[test]
fn version_2_over_ipv6_and_mixed_families_are_refused() {
    let source_address = "fe80::1".parse().unwrap();
    let packet = octets(&sent(Version::V2));
    for destination in [GROUP_V6.into(), GROUP_V4.into()] {
        let envelope = Envelope {
            source: source_address,
            destination,
            ttl: 255,
        };
        let reject = decode(&packet, &envelope, &expect(Version::V2)).unwrap_err();
        assert_eq!(
            reject,
            Reject::Family {
                source_address,
                destination
            }
        );
    }
}

#[test]
fn an_address_count_of_zero_is_refused() {
    for version in [Version::V2, Version::V3] {
        let forged = forged(version, |octets| octets[3] = 0);
        assert_eq!(refused(version, &forged), Reject::NoAddresses);
    }
}

#[test]
fn an_address_count_beyond_the_packet_is_refused() {
    for (version, needed) in [(Version::V2, 28), (Version::V3, 20)] {
        let forged = forged(version, |octets| octets[3] = 3);
        let found = forged.len();
        assert_eq!(refused(version, &forged), Reject::Length { found, needed });
    }
}

#[test]
fn a_wrong_checksum_is_refused() {
    for version in [Version::V2, Version::V3] {
        let mut broken = octets(&sent(version));
        broken[7] ^= 1;
        let found = u16::from_be_bytes([broken[6], broken[7]]);
        assert_eq!(refused(version, &broken), Reject::Checksum { found });
    }
}

#[test]
fn a_pseudo_header_in_the_checksum_of_version_2_is_refused() {
    let as_v3 = Outgoing {
        checksum: ChecksumForm::WithPseudoHeader,
        ..sent(Version::V2)
    };
    // The sender ignores the wish...
    assert_eq!(octets(&as_v3), octets(&sent(Version::V2)));
    // ...and a packet of another sender that has it fails: 0xC000 + 0x0201 + 0xE000 + 0x0012 + 112 + 24.
    let mut packet = octets(&as_v3);
    let sum = u16::from_be_bytes([packet[6], packet[7]]);
    let carried = u32::from(!sum) + 0xC000 + 0x0201 + 0xE000 + 0x0012 + 112 + 24;
    let folded = (carried & 0xFFFF) + (carried >> 16);
    let with = !u16::try_from(folded).unwrap();
    packet[6..8].copy_from_slice(&with.to_be_bytes());
    assert_eq!(refused(Version::V2, &packet).reason(), Reason::Checksum);
}

#[test]
fn ipv6_without_the_pseudo_header_is_refused() {
    let vip: IpAddr = "fe80::10".parse().unwrap();
    let source = "fe80::1".parse().unwrap();
    let packet = Outgoing {
        addresses: &[vip],
        source,
        destination: GROUP_V6.into(),
        ..sent(Version::V3)
    };
    let good = octets(&packet);
    let envelope = Envelope {
        source,
        destination: GROUP_V6.into(),
        ttl: 255,
    };
    let expected = Expect {
        addresses: &[vip],
        ..expect(Version::V3)
    };
    let read = decode(&good, &envelope, &expected).unwrap();
    assert_eq!(read.checksum, ChecksumForm::WithPseudoHeader);
    // Another destination is another pseudo-header.
    let elsewhere = Envelope {
        destination: "fe80::2".parse().unwrap(),
        ..envelope
    };
    let reject = decode(&good, &elsewhere, &expected).unwrap_err();
    assert_eq!(reject.reason(), Reason::Checksum);
}

#[test]
fn a_packet_from_our_own_address_is_refused() {
    for version in [Version::V2, Version::V3] {
        let envelope = Envelope {
            source: OWN,
            ..ENVELOPE
        };
        let packet = octets(&sent(version));
        let result = decode(&packet, &envelope, &expect(version));
        assert_eq!(result.unwrap_err(), Reject::OwnAddress { address: OWN });
    }
}

#[test]
fn another_virtual_router_is_refused() {
    for version in [Version::V2, Version::V3] {
        for found in [0, 50, 255] {
            let forged = forged(version, |octets| octets[1] = found);
            let expected = Vrid::new(51).unwrap();
            assert_eq!(refused(version, &forged), Reject::Vrid { found, expected });
        }
    }
}

#[test]
fn another_type_of_authentication_is_refused() {
    for found in [0, 2, 255] {
        let forged = forged(Version::V2, |octets| octets[4] = found);
        let expected = 1;
        assert_eq!(
            refused(Version::V2, &forged),
            Reject::AuthenticationType { found, expected }
        );
    }
    let none = Expect {
        authentication: Authentication::None,
        ..expect(Version::V2)
    };
    let reject = decode(&octets(&sent(Version::V2)), &ENVELOPE, &none).unwrap_err();
    assert_eq!(
        reject,
        Reject::AuthenticationType {
            found: 1,
            expected: 0
        }
    );
}

#[test]
fn a_wrong_password_is_refused_wherever_it_differs() {
    for at in 16..24 {
        let forged = forged(Version::V2, |octets| octets[at] ^= 0x20);
        assert_eq!(refused(Version::V2, &forged), Reject::Password);
    }
}

#[test]
fn another_interval_is_refused_in_version_2_and_adopted_in_version_3() {
    for found_secs in [0, 2, 255] {
        let forged = forged(Version::V2, |octets| octets[5] = found_secs);
        let expected = Centis::from_secs(1).unwrap();
        assert_eq!(
            refused(Version::V2, &forged),
            Reject::Interval {
                found_secs,
                expected
            }
        );
    }
    let longest = forged(Version::V3, |octets| octets[4..6].fill(0xFF));
    let read = decode(&longest, &ENVELOPE, &expect(Version::V3)).unwrap();
    assert_eq!(
        read.interval.get(),
        4095,
        "the reserved bits are not looked at"
    );
    let zero = forged(Version::V3, |octets| {
        octets[4..6].copy_from_slice(&[0xF0, 0])
    });
    assert_eq!(refused(Version::V3, &zero), Reject::ZeroInterval);
}

#[test]
fn a_different_address_list_is_reported_but_not_refused() {
    let matches = |addresses: &[IpAddr]| {
        let expected = Expect {
            addresses,
            ..expect(Version::V2)
        };
        let packet = octets(&sent(Version::V2));
        decode(&packet, &ENVELOPE, &expected)
            .unwrap()
            .addresses_match
    };
    assert!(matches(&VIPS));
    assert!(matches(&[VIPS[1], VIPS[0]]), "in any order");
    assert!(!matches(&[VIPS[0]]));
    assert!(!matches(&[VIPS[0], VIPS[0]]));
    assert!(!matches(&[VIPS[0], VIPS[1], SOURCE]));
    assert!(!matches(&[]));
}

#[test]
fn the_checks_are_made_in_the_order_of_the_rfcs() {
    // A packet wrong in every way; each line mends what the one before it found.
    let mut packet = vec![0x52, 9, 100, 0];
    let mut envelope = Envelope {
        source: "fe80::2".parse().unwrap(),
        destination: OWN,
        ttl: 1,
    };
    let expected = Expect {
        own_address: SOURCE,
        ..expect(Version::V2)
    };
    let mut order = Vec::new();
    let mut step = |packet: &[u8], envelope: &Envelope| {
        order.push(decode(packet, envelope, &expected).unwrap_err().reason());
    };

    step(&packet, &envelope);
    envelope.ttl = 255;
    step(&packet, &envelope);
    packet = forged(Version::V2, |octets| {
        octets[..6].copy_from_slice(&[0x52, 9, 100, 0, 0, 9]);
        octets[20] = 0;
    });
    packet[6] ^= 1;
    step(&packet, &envelope);
    packet[0] = 0x22;
    step(&packet, &envelope);
    packet[0] = 0x21;
    step(&packet, &envelope);
    envelope.source = SOURCE;
    step(&packet, &envelope);
    packet[3] = 2;
    step(&packet, &envelope);
    let fix = |change: fn(&mut [u8])| {
        forged(Version::V2, |octets| {
            octets[..6].copy_from_slice(&[0x21, 9, 100, 2, 0, 9]);
            octets[20] = 0;
            change(octets);
        })
    };
    step(&fix(|_| ()), &envelope);
    envelope.source = "192.0.2.3".parse().unwrap();
    step(&fix(|_| ()), &envelope);
    step(&fix(|octets| octets[1] = 51), &envelope);
    step(
        &fix(|octets| octets[1..5].copy_from_slice(&[51, 100, 2, 1])),
        &envelope,
    );
    let interval = forged(Version::V2, |octets| octets[5] = 9);
    step(&interval, &envelope);

    assert_eq!(order, Reason::ALL);
}

#[test]
fn every_reason_has_its_own_counter_and_name() {
    let mut counters = Counters::new();
    for (times, reason) in Reason::ALL.into_iter().enumerate() {
        for _ in 0..=times {
            counters.count(reason);
        }
    }
    for (times, (reason, count)) in counters.iter().enumerate() {
        assert_eq!(count, u64::try_from(times).unwrap() + 1);
        assert_eq!(counters.get(reason), count);
    }
    assert_eq!(counters.total(), 78);
    let names: std::collections::BTreeSet<_> = Reason::ALL.iter().map(|r| r.as_str()).collect();
    assert_eq!(names.len(), Reason::ALL.len());
}

#[test]
fn the_vrid_can_be_peeked_to_find_the_virtual_router() {
    assert_eq!(peek_vrid(&[]), None);
    assert_eq!(peek_vrid(&[0x21]), None);
    assert_eq!(peek_vrid(&[0x21, 0]), None);
    assert_eq!(peek_vrid(&[0x21, 7]), Vrid::new(7));
}

#[test]
fn what_cannot_be_sent_is_an_error_with_the_numbers() {
    let mut buf = [0; MAX_LEN];
    let mut error = |packet: &Outgoing<'_>| encode(packet, &mut buf).unwrap_err();
    let v2 = sent(Version::V2);
    let v3 = sent(Version::V3);
    let v6 = "fe80::1".parse().unwrap();

    assert_eq!(
        error(&Outgoing {
            addresses: &[],
            ..v2
        }),
        EncodeError::AddressCount { count: 0 }
    );
    let many = [VIPS[0]; 256];
    assert_eq!(
        error(&Outgoing {
            addresses: &many,
            ..v3
        }),
        EncodeError::AddressCount { count: 256 }
    );
    assert_eq!(
        error(&Outgoing {
            addresses: &[VIPS[0], v6],
            ..v3
        }),
        EncodeError::MixedFamilies {
            address: v6,
            source_address: SOURCE
        }
    );
    assert_eq!(
        error(&Outgoing {
            destination: GROUP_V6.into(),
            ..v3
        }),
        EncodeError::MixedFamilies {
            address: GROUP_V6.into(),
            source_address: SOURCE
        }
    );
    assert_eq!(
        error(&Outgoing { source: v6, ..v2 }),
        EncodeError::Version2WithIpv6 { source_address: v6 }
    );
    assert_eq!(
        error(&Outgoing {
            authentication: v2.authentication,
            ..v3
        }),
        EncodeError::PasswordWithVersion3
    );
    for (packet, centis) in [(v2, 50), (v2, 25_600), (v3, 4096)] {
        let (version, interval) = (packet.version, Centis::new(centis).unwrap());
        assert_eq!(
            error(&Outgoing { interval, ..packet }),
            EncodeError::Interval { version, interval }
        );
    }
    for available in 0..24 {
        let short = EncodeError::BufferTooSmall {
            needed: 24,
            available,
        };
        assert_eq!(encode(&v2, &mut vec![0; available]), Err(short));
    }
}

#[test]
fn the_longest_packet_fills_the_longest_buffer() {
    let many = [IpAddr::from([0xFE; 16]); 255];
    let packet = Outgoing {
        addresses: &many,
        source: "fe80::1".parse().unwrap(),
        destination: GROUP_V6.into(),
        ..sent(Version::V3)
    };
    assert_eq!(octets(&packet).len(), MAX_LEN);
}
