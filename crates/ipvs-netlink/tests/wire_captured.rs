//! Bytes that `ipvsadm` and a real kernel exchanged, read and written.
#![cfg(target_endian = "little")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[rustfmt::skip]
mod captured;

use std::net::IpAddr;
use std::num::{NonZeroU16, NonZeroU32};

use captured::{replies, requests};
use ipvs_netlink::wire::{self, Header, Messages};
use ipvs_netlink::{
    Change, ClientMask, CounterWidth, Daemon, DaemonRole, Destination, Family, Forwarding, Name,
    Persistence, Query, Scheduler, Service, ServiceFlags, ServiceKey, Stats, Thresholds, Timeouts,
    Tunnel, TunnelFlags,
};

const HEADER: Header = Header {
    family: 0x1c,
    sequence: 1,
};
/// Of netlink and of generic netlink.
const HEADERS: usize = 16 + 4;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn attributes_of(change: &Change) -> Vec<u8> {
    let mut out = Vec::new();
    wire::encode_change(&mut out, &HEADER, change, true).unwrap();
    out.split_off(HEADERS)
}

/// The captures hold the destination alone.
fn destination_attributes_of(key: ServiceKey, destination: Destination) -> Vec<u8> {
    let mut out = attributes_of(&Change::AddDestination(key, destination));
    let len = usize::from(u16::from_le_bytes([out[0], out[1]]));
    out.split_off(len)
}

fn web() -> ServiceKey {
    ServiceKey::tcp(ip("192.0.2.1"), 80)
}

fn mark(family: Family) -> ServiceKey {
    ServiceKey::Fwmark {
        mark: NonZeroU32::new(7).unwrap(),
        family,
    }
}

fn marked() -> Service {
    Service {
        flags: ServiceFlags::MH_FALLBACK | ServiceFlags::MH_PORT,
        persistence: Some(Persistence {
            timeout: 300,
            mask: ClientMask::Netmask([255, 255, 255, 0].into()),
        }),
        ..Service::new(mark(Family::Ipv4), Scheduler::MH)
    }
}

fn marked6() -> Service {
    Service {
        persistence: Some(Persistence {
            timeout: 60,
            mask: ClientMask::PrefixLength(64),
        }),
        ..Service::new(mark(Family::Ipv6), Scheduler::SH)
    }
}

fn sip() -> Service {
    Service {
        flags: ServiceFlags::ONE_PACKET,
        persistence: Some(Persistence::per_client(60, Family::Ipv4)),
        engine: Some(Name::new("sip").unwrap()),
        ..Service::new(ServiceKey::udp(ip("192.0.2.2"), 5060), Scheduler::RR)
    }
}

fn dns6() -> Service {
    Service {
        flags: ServiceFlags::ONE_PACKET,
        ..Service::new(ServiceKey::udp(ip("2001:db8::1"), 53), Scheduler::RR)
    }
}

fn direct() -> Destination {
    Destination {
        thresholds: Thresholds {
            upper: 100,
            lower: 50,
        },
        ..Destination::new(ip("192.0.2.11"), 80, Forwarding::DirectRoute, 5)
    }
}

fn gue() -> Destination {
    let tunnel = Tunnel::Gue {
        port: NonZeroU16::new(6080).unwrap(),
        flags: TunnelFlags::CHECKSUM,
    };
    Destination::new(ip("192.0.2.12"), 80, Forwarding::Tunnel(tunnel), 1)
}

fn gre() -> Destination {
    let tunnel = Tunnel::Gre {
        flags: TunnelFlags::CHECKSUM,
    };
    Destination::new(ip("192.0.2.13"), 80, Forwarding::Tunnel(tunnel), 1)
}

fn backup() -> Daemon {
    Daemon {
        max_length: Some(1400),
        group: Some(ip("224.0.0.99")),
        port: Some(9000),
        ttl: Some(3),
        ..Daemon::new(DaemonRole::Backup, Name::new("dummy0").unwrap(), 7)
    }
}

#[test]
fn services_are_written_and_read_as_ipvsadm_writes_them() {
    let all = [
        (Service::new(web(), Scheduler::WRR), requests::ADD_TCP),
        (marked(), requests::ADD_FWMARK),
        (marked6(), requests::ADD_FWMARK6),
        (dns6(), requests::ADD_UDP6),
        (sip(), requests::ADD_SIP),
    ];
    for (service, bytes) in all {
        assert_eq!(attributes_of(&Change::AddService(service)), bytes);
        assert_eq!(wire::decode_service(bytes).unwrap().service, service);
    }
}

#[test]
fn destinations_are_written_and_read_as_ipvsadm_writes_them() {
    let masquerade = Destination::new(ip("192.0.2.14"), 8080, Forwarding::Masquerade, 1);
    let all = [
        (direct(), requests::ADD_DIRECT),
        (gue(), requests::ADD_GUE),
        (gre(), requests::ADD_GRE),
        (masquerade, requests::ADD_MASQUERADE),
    ];
    for (destination, bytes) in all {
        assert_eq!(destination_attributes_of(web(), destination), bytes);
        let entry = wire::decode_destination(bytes, Family::Ipv4).unwrap();
        assert_eq!(entry.destination, destination);
    }
}

#[test]
fn daemons_and_timeouts_are_written_and_read_as_ipvsadm_writes_them() {
    let master = Daemon::new(DaemonRole::Master, Name::new("lo").unwrap(), 5);
    for (daemon, bytes) in [
        (master, requests::START_MASTER),
        (backup(), requests::START_BACKUP),
    ] {
        assert_eq!(attributes_of(&Change::StartDaemon(daemon)), bytes);
        assert_eq!(wire::decode_daemon(bytes).unwrap().daemon, daemon);
    }
    let timeouts = Timeouts {
        tcp: Some(700),
        tcp_fin: Some(70),
        udp: Some(200),
    };
    assert_eq!(
        attributes_of(&Change::SetTimeouts(timeouts)),
        requests::SET_TIMEOUTS
    );
    assert_eq!(wire::decode_timeouts(replies::TIMEOUTS).unwrap(), timeouts);
}

#[test]
fn the_question_for_destinations_is_that_of_ipvsadm() {
    let key = ServiceKey::tcp(ip("192.0.2.1"), 80);
    let mut out = Vec::new();
    wire::encode_query(&mut out, &HEADER, &Query::Destinations(key));
    assert_eq!(out.split_off(HEADERS), requests::LIST_DESTINATIONS);
}

#[test]
fn the_question_for_the_family_is_that_of_ipvsadm() {
    let mut out = Vec::new();
    wire::encode_get_family(&mut out, 0x0102_0304);
    #[rustfmt::skip]
    let expected = [
        // length, controller, REQUEST|ACK, sequence, port
        0x20, 0, 0, 0, 0x10, 0, 0x05, 0, 0x04, 0x03, 0x02, 0x01, 0, 0, 0, 0,
        // GETFAMILY, version (ipvsadm's netlink library sends 1)
        0x03, 0x01, 0, 0,
        // FAMILY_NAME
        0x09, 0, 0x02, 0, b'I', b'P', b'V', b'S', 0, 0, 0, 0,
    ];
    assert_eq!(out, expected);
}

#[test]
fn what_the_kernel_says_is_read() {
    let entry = wire::decode_service(replies::SERVICE_SIP).unwrap();
    assert_eq!(entry.service, sip());
    assert!(entry.hashed);
    assert_eq!(entry.stats, Stats::default());
    assert_eq!(entry.unknown, []);
    let entry = wire::decode_service(replies::SERVICE_FWMARK6).unwrap();
    assert_eq!(entry.service, marked6());
    for (bytes, destination) in [
        (replies::DESTINATION_GUE, gue()),
        (replies::DESTINATION_DIRECT, direct()),
    ] {
        let entry = wire::decode_destination(bytes, Family::Ipv4).unwrap();
        assert_eq!(entry.destination, destination);
        assert_eq!(entry.stats.width, CounterWidth::Bits64);
        assert_eq!(entry.unknown, []);
    }
    let entry = wire::decode_daemon(replies::DAEMON_MASTER).unwrap();
    assert_eq!(entry.unknown, []);
    let master = entry.daemon;
    assert_eq!(master.group, Some(ip("224.0.0.81")));
    assert_eq!(master.port, Some(8848));
    let info = wire::decode_info(replies::INFO).unwrap();
    assert_eq!(info.version.to_string(), "1.2.1");
    assert_eq!(info.connection_table_size, 4096);
}

#[test]
fn every_capture_cut_anywhere_is_an_error_or_read_and_never_a_panic() {
    for whole in [
        replies::SERVICE_SIP,
        replies::DESTINATION_GUE,
        replies::DAEMON_MASTER,
        replies::INFO,
    ] {
        for len in 0..whole.len() {
            let cut = &whole[..len];
            let _ = wire::decode_service(cut);
            let _ = wire::decode_destination(cut, Family::Ipv6);
            let _ = wire::decode_daemon(cut);
            let _ = wire::decode_timeouts(cut);
            let _ = wire::decode_info(cut);
            for message in Messages::new(cut).flatten() {
                let _ = message.body();
            }
        }
    }
}
