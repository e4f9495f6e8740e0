//! Whole answers of a real kernel: what is also a seed of the fuzz target `reply` (see `testdata/fuzz/README.md`).
#![cfg(target_endian = "little")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::IpAddr;
use std::num::NonZeroU32;

use ipvs_netlink::wire::{self, Body, DecodeError, Messages};
use ipvs_netlink::{
    ClientMask, DaemonRole, DestinationEntry, Family, Forwarding, Scheduler, ServiceFlags,
    ServiceKey,
};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// What each generic message says, up to the end of the answer.
fn read<T>(
    datagrams: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
) -> (Vec<T>, Body<'_>) {
    let mut found = Vec::new();
    let mut end = None;
    for message in Messages::new(datagrams) {
        assert_eq!(end, None, "there is more after the end");
        match message.unwrap().body().unwrap() {
            Body::Generic { attributes, .. } => found.push(decode(attributes).unwrap()),
            last @ (Body::Error { .. } | Body::Done { .. }) => end = Some(last),
            other @ (Body::Overrun | Body::Noop) => panic!("{other:?}"),
        }
    }
    (found, end.unwrap())
}

const ACKNOWLEDGED: Body<'static> = Body::Error {
    errno: 0,
    text: None,
};
const DONE: Body<'static> = Body::Done { errno: 0 };

macro_rules! answer {
    ($name:literal) => {
        include_bytes!(concat!("../../../testdata/fuzz/reply/", $name))
    };
}

#[test]
fn the_family_is_found() {
    let answer = read(answer!("family"), wire::decode_family_id);
    assert_eq!(answer, (vec![28], ACKNOWLEDGED));
}

#[test]
fn services_are_listed() {
    let (services, end) = read(answer!("services"), wire::decode_service);
    assert_eq!(end, DONE);
    let mark = ServiceKey::Fwmark {
        mark: NonZeroU32::new(7).unwrap(),
        family: Family::Ipv6,
    };
    let keys: Vec<_> = services.iter().map(|entry| entry.service.key).collect();
    assert_eq!(
        keys,
        [
            ServiceKey::tcp(ip("192.0.2.1"), 80),
            ServiceKey::udp(ip("192.0.2.2"), 5060),
            mark
        ]
    );
    let marked = services[2].service;
    assert_eq!(marked.scheduler, Scheduler::MH);
    assert_eq!(
        marked.flags,
        ServiceFlags::MH_FALLBACK | ServiceFlags::MH_PORT
    );
    let persistence = marked.persistence.unwrap();
    assert_eq!(
        (persistence.timeout, persistence.mask),
        (60, ClientMask::PrefixLength(64))
    );
    assert!(services.iter().all(|entry| entry.unknown.is_empty()));
}

#[test]
fn destinations_of_either_family_are_listed() {
    let decode = |family| move |octets: &[u8]| wire::decode_destination(octets, family);
    let (found, end) = read(answer!("destinations"), decode(Family::Ipv4));
    assert_eq!(end, DONE);
    let named: Vec<_> = found.iter().map(|entry| entry.destination.key()).collect();
    let mut texts: Vec<_> = named.iter().map(ToString::to_string).collect();
    texts.sort();
    assert_eq!(
        texts,
        [
            "192.0.2.11:80",
            "192.0.2.12:80",
            "192.0.2.13:80",
            "192.0.2.14:8080"
        ]
    );
    let is_limited = |entry: &&DestinationEntry| entry.destination.thresholds.upper == 100;
    assert_eq!(found.iter().filter(is_limited).count(), 1);
    let (found, _) = read(answer!("destinations_ipv6"), decode(Family::Ipv6));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].destination.address, ip("2001:db8::11"));
    assert_eq!(found[0].destination.forwarding, Forwarding::DirectRoute);
}

#[test]
fn daemons_timeouts_and_facts_are_read() {
    let (daemons, end) = read(answer!("daemons"), wire::decode_daemon);
    assert_eq!(end, DONE);
    assert_eq!(
        (daemons.len(), daemons[0].daemon.role),
        (1, DaemonRole::Master)
    );
    let (timeouts, end) = read(answer!("timeouts"), wire::decode_timeouts);
    assert_eq!((timeouts[0].tcp, end), (Some(900), ACKNOWLEDGED));
    let (info, end) = read(answer!("info"), wire::decode_info);
    assert_eq!(info[0].version.to_string(), "1.2.1");
    assert_eq!(end, ACKNOWLEDGED);
}

#[test]
fn refusals_carry_a_number_and_the_kernels_words_where_it_has_any() {
    let (_, end) = read(answer!("no_such_service"), wire::decode_service);
    let (esrch, erange) = (3, 34);
    let refused = |errno, text| Body::Error { errno, text };
    assert_eq!(end, refused(esrch, None));
    let (_, end) = read(answer!("malformed_with_words"), wire::decode_service);
    assert_eq!(
        end,
        refused(erange, Some("Attribute failed policy validation"))
    );
}
