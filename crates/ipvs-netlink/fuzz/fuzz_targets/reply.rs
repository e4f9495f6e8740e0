//! Any octets, read as every kind of reply: no panic, nothing out of nowhere, and what is read can be written and
//! is then read as the same.
//!
//! The input is taken for a datagram of the kernel, and for the attributes of one message.
#![no_main]

use ipvs_netlink::wire::{self, Attributes, Body, Header, Message, Messages};
use ipvs_netlink::{Change, Family, ServiceKey, UnknownAttribute};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    datagram(octets);
    as_every_reply(octets);
});

fn datagram(octets: &[u8]) {
    let mut left = octets.len();
    let mut messages = Messages::new(octets);
    while let Some(message) = messages.next() {
        let Ok(message) = message else {
            assert!(messages.next().is_none(), "it goes on after an error");
            break;
        };
        // The header has 16 octets.
        left = left
            .checked_sub(16 + message.payload.len())
            .expect("more than there is");
        body(&message);
    }
}

fn body(message: &Message<'_>) {
    match message.body() {
        Ok(Body::Generic { attributes, .. }) => {
            assert_eq!(attributes.len() + 4, message.payload.len());
            as_every_reply(attributes);
        }
        Ok(Body::Error { text, .. }) => {
            assert!(text.is_none_or(|text| text.len() < message.payload.len()));
        }
        Ok(Body::Done { .. } | Body::Overrun | Body::Noop) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn as_every_reply(octets: &[u8]) {
    split(octets);
    let _number_or_error = wire::decode_family_id(octets);
    if let Ok(info) = wire::decode_info(octets) {
        kept(&info.unknown, octets);
    }
    service(octets);
    for family in [Family::Ipv4, Family::Ipv6] {
        destination(octets, family);
    }
    daemon(octets);
    timeouts(octets);
}

fn split(octets: &[u8]) {
    let mut left = octets.len();
    for attribute in Attributes::new(octets).map_while(Result::ok) {
        assert_eq!(attribute.kind & 0xc000, 0, "a flag is no part of the kind");
        left = left
            .checked_sub(4 + attribute.payload.len())
            .expect("more than there is");
    }
}

fn service(octets: &[u8]) {
    let Ok(entry) = wire::decode_service(octets) else {
        return;
    };
    kept(&entry.unknown, octets);
    let again = again(&Change::AddService(entry.service));
    let read = wire::decode_service(&again).expect("what was read can be read again");
    assert_eq!(read.service, entry.service);
    assert_eq!(read.unknown, []);
}

fn destination(octets: &[u8], family: Family) {
    let Ok(entry) = wire::decode_destination(octets, family) else {
        return;
    };
    kept(&entry.unknown, octets);
    let service = ServiceKey::tcp([192, 0, 2, 1].into(), 80);
    let again = again(&Change::AddDestination(service, entry.destination));
    let read = wire::decode_destination(&again, family).expect("what was read can be read again");
    assert_eq!(read.destination, entry.destination);
}

fn daemon(octets: &[u8]) {
    let Ok(entry) = wire::decode_daemon(octets) else {
        return;
    };
    kept(&entry.unknown, octets);
    let again = again(&Change::StartDaemon(entry.daemon));
    let read = wire::decode_daemon(&again).expect("what was read can be read again");
    assert_eq!(read.daemon, entry.daemon);
}

fn timeouts(octets: &[u8]) {
    if let Ok(timeouts) = wire::decode_timeouts(octets) {
        assert_eq!(
            wire::decode_timeouts(&again(&Change::SetTimeouts(timeouts))),
            Ok(timeouts)
        );
    }
}

/// What is not known is kept, and no more than there was.
fn kept(unknown: &[UnknownAttribute], octets: &[u8]) {
    assert!(unknown.len() <= UnknownAttribute::MAX_KEPT);
    let kept: usize = unknown
        .iter()
        .map(|attribute| 4 + attribute.payload.len())
        .sum();
    assert!(kept <= octets.len());
}

/// The attributes of the request for it.
fn again(change: &Change) -> Vec<u8> {
    let header = Header {
        family: 28,
        sequence: 1,
    };
    let mut request = Vec::new();
    wire::encode_change(&mut request, &header, change, false)
        .expect("what was read can be written");
    request.split_off(20)
}
