//! Round trips through the message layer, and input that nobody wrote.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::{NonZeroU16, NonZeroU32};

use ipvs_netlink::wire::{self, Attributes, Body, DecodeError, EncodeError, Header, Messages};
use ipvs_netlink::{
    Change, ClientMask, CounterWidth, Daemon, DaemonRole, Destination, Family, Forwarding, Name,
    Persistence, Protocol, Rates, Scheduler, Service, ServiceFlags, ServiceKey, Stats, Thresholds,
    Timeouts, Tunnel, TunnelFlags, UnknownAttribute,
};
use proptest::prelude::*;

const HEADER: Header = Header {
    family: 0x1c,
    sequence: 42,
};

/// Through the whole stack: encoded, split into messages, the attributes found again.
fn attributes_of(change: Change) -> Vec<u8> {
    let mut datagram = Vec::new();
    wire::encode_change(&mut datagram, &HEADER, &change, true).unwrap();
    let mut messages = Messages::new(&datagram);
    let message = messages.next().unwrap().unwrap();
    assert_eq!((message.kind, message.sequence), (0x1c, 42));
    assert!(messages.next().is_none());
    let Body::Generic { attributes, .. } = message.body().unwrap() else {
        panic!("{message:?}");
    };
    attributes.to_vec()
}

fn ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| Ipv4Addr::from(bits).into()),
        any::<u128>().prop_map(|bits| Ipv6Addr::from(bits).into()),
    ]
}

fn name() -> impl Strategy<Value = Name> {
    proptest::collection::vec(0x21_u8..0x7f, 1..=15)
        .prop_filter_map("/", |octets| Name::from_bytes(&octets).ok())
}

fn key() -> impl Strategy<Value = ServiceKey> {
    let family = prop_oneof![Just(Family::Ipv4), Just(Family::Ipv6)];
    prop_oneof![
        (1..=u32::MAX, family).prop_map(|(mark, family)| ServiceKey::Fwmark {
            mark: NonZeroU32::new(mark).unwrap(),
            family
        }),
        (any::<u16>(), ip(), any::<u16>()).prop_map(|(protocol, address, port)| {
            ServiceKey::Address {
                protocol: Protocol::from_number(protocol),
                address,
                port,
            }
        }),
    ]
}

prop_compose! {
    fn service()(
        key in key(),
        scheduler in name(),
        bits in any::<u32>(),
        persistence in proptest::option::of((any::<u32>(), any::<u32>())),
        engine in proptest::option::of(name()),
    ) -> Service {
        let persistence = persistence.map(|(timeout, mask)| Persistence {
            timeout,
            mask: match key.family() {
                Family::Ipv4 => ClientMask::Netmask(mask.into()),
                Family::Ipv6 => ClientMask::PrefixLength(mask),
            },
        });
        Service {
            key,
            scheduler: Scheduler::new(scheduler.as_str()).unwrap(),
            flags: ServiceFlags::from_bits(bits),
            persistence,
            engine,
        }
    }
}

fn forwarding() -> impl Strategy<Value = Forwarding> {
    let flags = || any::<u16>().prop_map(TunnelFlags::from_bits);
    prop_oneof![
        Just(Forwarding::Masquerade),
        Just(Forwarding::Local),
        Just(Forwarding::DirectRoute),
        Just(Forwarding::Bypass),
        (5_u8..=7).prop_map(Forwarding::Other),
        Just(Forwarding::Tunnel(Tunnel::Ipip)),
        (1..=u16::MAX, flags()).prop_map(|(port, flags)| Forwarding::Tunnel(Tunnel::Gue {
            port: NonZeroU16::new(port).unwrap(),
            flags
        })),
        flags().prop_map(|flags| Forwarding::Tunnel(Tunnel::Gre { flags })),
        (3..=u8::MAX, any::<u16>(), flags()).prop_map(|(kind, port, flags)| {
            Forwarding::Tunnel(Tunnel::Other { kind, port, flags })
        }),
    ]
}

prop_compose! {
    fn destination()(
        address in ip(),
        port in any::<u16>(),
        forwarding in forwarding(),
        weight in any::<u32>(),
        upper in any::<u32>(),
        lower in any::<u32>(),
    ) -> Destination {
        Destination { address, port, forwarding, weight, thresholds: Thresholds { upper, lower } }
    }
}

prop_compose! {
    fn daemon()(
        master in any::<bool>(),
        interface in name(),
        sync_id in any::<u8>(),
        max_length in any::<Option<u16>>(),
        group in proptest::option::of(ip()),
        port in any::<Option<u16>>(),
        ttl in any::<Option<u8>>(),
    ) -> Daemon {
        let role = if master { DaemonRole::Master } else { DaemonRole::Backup };
        Daemon { role, interface, sync_id, max_length, group, port, ttl }
    }
}

fn attribute(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = u16::try_from(4 + payload.len())
        .unwrap()
        .to_ne_bytes()
        .to_vec();
    out.extend_from_slice(&kind.to_ne_bytes());
    out.extend_from_slice(payload);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

/// A service with further attributes in its nest.
fn service_and(more: &[u8]) -> Vec<u8> {
    let key = ServiceKey::tcp(Ipv4Addr::LOCALHOST.into(), 80);
    let mut nest = attributes_of(Change::AddService(Service::new(key, Scheduler::RR))).split_off(4);
    nest.extend_from_slice(more);
    attribute(1 | 0x8000, &nest)
}

proptest! {
    #[test]
    fn a_service_survives_the_wire(service in service()) {
        let entry = wire::decode_service(&attributes_of(Change::AddService(service))).unwrap();
        prop_assert_eq!(entry.service, service);
        prop_assert_eq!(entry.unknown, []);
    }

    #[test]
    fn a_destination_survives_the_wire(key in key(), destination in destination()) {
        let bytes = attributes_of(Change::EditDestination(key, destination));
        let entry = wire::decode_destination(&bytes, Family::Ipv4).unwrap();
        prop_assert_eq!(entry.destination, destination);
    }

    #[test]
    fn a_daemon_survives_the_wire(daemon in daemon()) {
        let entry = wire::decode_daemon(&attributes_of(Change::StartDaemon(daemon))).unwrap();
        prop_assert_eq!(entry.daemon, daemon);
        prop_assert_eq!(entry.unknown, []);
    }

    #[test]
    fn timeouts_survive_the_wire(
        tcp in any::<Option<u32>>(), tcp_fin in any::<Option<u32>>(), udp in any::<Option<u32>>()
    ) {
        let timeouts = Timeouts { tcp, tcp_fin, udp };
        let bytes = attributes_of(Change::SetTimeouts(timeouts));
        prop_assert_eq!(wire::decode_timeouts(&bytes), Ok(timeouts));
    }

    #[test]
    fn unknown_attributes_are_kept(kind in 13_u16..0x3fff, payload in any::<Vec<u8>>()) {
        let bytes = service_and(&attribute(kind, &payload));
        let entry = wire::decode_service(&bytes).unwrap();
        prop_assert_eq!(entry.unknown, [UnknownAttribute { kind, payload }]);
    }

    #[test]
    fn unknown_attributes_of_destinations_daemons_and_facts_are_kept(
        kind in 16_u16..0x3fff, payload in any::<Vec<u8>>(), destination in destination(), daemon in daemon()
    ) {
        let more = attribute(kind, &payload);
        let kept = [UnknownAttribute { kind, payload }];
        let service = ServiceKey::tcp(Ipv4Addr::LOCALHOST.into(), 80);
        let bytes = attributes_of(Change::AddDestination(service, destination));
        let len = usize::from(u16::from_ne_bytes([bytes[0], bytes[1]]));
        let bytes = attribute(2, &[&bytes[len + 4..], &more].concat());
        prop_assert_eq!(&wire::decode_destination(&bytes, Family::Ipv4).unwrap().unknown, &kept);
        let bytes = attributes_of(Change::StartDaemon(daemon));
        let bytes = attribute(3, &[&bytes[4..], &more].concat());
        prop_assert_eq!(&wire::decode_daemon(&bytes).unwrap().unknown, &kept);
        let facts = [attribute(1, &[0, 0, 0, 0]), attribute(2, &[0, 0, 0, 0]), more].concat();
        prop_assert_eq!(&wire::decode_info(&facts).unwrap().unknown, &kept);
    }

    #[test]
    fn wide_counters_are_read(n in any::<[u64; 10]>()) {
        let mut nest = Vec::new();
        for (kind, value) in (1..).zip(n) {
            nest.extend(attribute(kind, &value.to_ne_bytes()));
            nest.extend(attribute(11, &[]));
        }
        let bytes = service_and(&attribute(12, &nest));
        let stats = wire::decode_service(&bytes).unwrap().stats;
        let rates = Rates {
            connections: n[5], packets_in: n[6], packets_out: n[7], bytes_in: n[8], bytes_out: n[9],
        };
        let expected = Stats {
            connections: n[0], packets_in: n[1], packets_out: n[2], bytes_in: n[3],
            bytes_out: n[4], rates, width: CounterWidth::Bits64,
        };
        prop_assert_eq!(stats, expected);
    }

    #[test]
    fn any_octets_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    /// Framed well enough to get past the first length.
    #[test]
    fn any_octets_in_a_nest_are_read_without_panic(
        kind in 1_u16..4, bytes in proptest::collection::vec(0_u8..16, 0..300)
    ) {
        read_all(&attribute(kind, &bytes));
    }
}

fn read_all(bytes: &[u8]) {
    for attribute in Attributes::new(bytes) {
        let _ = attribute;
    }
    for message in Messages::new(bytes).flatten() {
        let _ = message.body();
    }
    let _ = wire::decode_service(bytes);
    let _ = wire::decode_destination(bytes, Family::Ipv4);
    let _ = wire::decode_daemon(bytes);
    let _ = wire::decode_timeouts(bytes);
    let _ = wire::decode_info(bytes);
    let _ = wire::decode_family_id(bytes);
}

#[test]
fn narrow_counters_are_read_where_the_kernel_has_no_others() {
    let mut nest = attribute(1, &7_u32.to_ne_bytes());
    nest.extend(attribute(4, &u64::MAX.to_ne_bytes()));
    nest.extend(attribute(10, &9_u32.to_ne_bytes()));
    let stats = wire::decode_service(&service_and(&attribute(10, &nest)))
        .unwrap()
        .stats;
    assert_eq!(stats.connections, 7);
    assert_eq!(stats.bytes_in, u64::MAX);
    assert_eq!(stats.rates.bytes_out, 9);
    assert_eq!(stats.width, CounterWidth::Bits32);
}

#[test]
fn no_more_than_a_few_unknown_attributes_are_kept() {
    let many = attribute(99, &[1]).repeat(1000);
    let entry = wire::decode_service(&service_and(&many)).unwrap();
    assert_eq!(entry.unknown.len(), UnknownAttribute::MAX_KEPT);
}

#[test]
fn a_mask_of_the_other_family_is_refused_and_leaves_nothing_behind() {
    let key = ServiceKey::tcp(Ipv4Addr::LOCALHOST.into(), 80);
    let service = Service {
        persistence: Some(Persistence::per_client(60, Family::Ipv6)),
        ..Service::new(key, Scheduler::RR)
    };
    let mut out = Vec::new();
    let result = wire::encode_change(&mut out, &HEADER, &Change::AddService(service), true);
    assert_eq!(result, Err(EncodeError::MaskFamily));
    assert_eq!(out, []);
}

#[test]
fn what_is_missing_is_named() {
    let error = wire::decode_service(&attribute(1, &[])).unwrap_err();
    assert_eq!(error, DecodeError::Missing("IPVS_SVC_ATTR_AF"));
    assert_eq!(error.to_string(), "IPVS_SVC_ATTR_AF is missing");
    let error = wire::decode_service(&[]).unwrap_err();
    assert_eq!(error, DecodeError::Missing("IPVS_CMD_ATTR_SERVICE"));
}

#[test]
fn the_kernels_own_words_are_found_behind_the_request() {
    let mut request = Vec::new();
    let change = Change::Flush;
    wire::encode_change(&mut request, &HEADER, &change, true).unwrap();
    for capped in [false, true] {
        let mut payload = (-22_i32).to_ne_bytes().to_vec();
        payload.extend_from_slice(if capped { &request[..16] } else { &request });
        payload.extend(attribute(1, b"not so\0"));
        let flags: u16 = if capped { 0x300 } else { 0x200 };
        let mut datagram = u32::try_from(16 + payload.len())
            .unwrap()
            .to_ne_bytes()
            .to_vec();
        datagram.extend_from_slice(&2_u16.to_ne_bytes());
        datagram.extend_from_slice(&flags.to_ne_bytes());
        datagram.extend_from_slice(&[0; 8]);
        datagram.extend_from_slice(&payload);
        let message = Messages::new(&datagram).next().unwrap().unwrap();
        let expected = Body::Error {
            errno: 22,
            text: Some("not so"),
        };
        assert_eq!(message.body(), Ok(expected));
    }
}

#[test]
fn every_scheduler_has_its_name() {
    let names: Vec<_> = Scheduler::ALL.iter().map(Scheduler::as_str).collect();
    assert_eq!(
        names.join(" "),
        "rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh twos"
    );
    for name in names {
        assert!(Scheduler::new(name).unwrap().is_known());
    }
    assert_eq!(Scheduler::NONE.as_str(), "none");
    assert!(Scheduler::new("").is_err());
    assert!(Scheduler::new("a-name-far-too-long").is_err());
}
