//! Advertisements between two network namespaces. Needs root.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(unreachable_pub, missing_docs)]

mod link;

use std::io::{ErrorKind, IoSliceMut, Read};
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::time::Duration;

use link::{Link, ip};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn6, recvmsg};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::time::timeout;
use vrrp_net::{AdvertSocket, BUFFER_LEN, Error, GROUP_V4, GROUP_V6, Received};

const PATIENCE: Duration = Duration::from_secs(5);
const SILENCE: Duration = Duration::from_millis(300);
const ADVERT: &[u8] = &[0x21, 51, 100, 1, 1, 1, 0, 0, 10, 0, 0, 100];

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Runs a scenario on a runtime of the thread, which starts in the left namespace.
fn scenario(run: impl AsyncFnOnce(&Link)) {
    let link = Link::new();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(run(&link));
}

async fn receive(socket: &AdvertSocket) -> (Received, Vec<u8>) {
    let mut buffer = [0; BUFFER_LEN];
    let received = timeout(PATIENCE, socket.recv(&mut buffer))
        .await
        .expect("an advertisement arrives")
        .unwrap();
    let payload = received.payload(&buffer).to_vec();
    (received, payload)
}

async fn hears_nothing(socket: &AdvertSocket) {
    let mut buffer = [0; BUFFER_LEN];
    let heard = timeout(SILENCE, socket.recv(&mut buffer)).await;
    assert!(heard.is_err(), "{heard:?}");
}

#[test]
fn an_advert_to_the_group_arrives_with_its_envelope() {
    scenario(async |link| {
        let left = AdvertSocket::open("a0", address("10.0.0.1")).unwrap();
        link.enter_right();
        let right = AdvertSocket::open("b0", address("10.0.0.2")).unwrap();

        left.send(ADVERT, GROUP_V4.into()).unwrap();

        let (received, payload) = receive(&right).await;
        assert_eq!(received.source, address("10.0.0.1"));
        assert_eq!(received.destination, IpAddr::from(GROUP_V4));
        assert_eq!(received.ttl, 255);
        assert_eq!(payload, ADVERT);
        hears_nothing(&left).await;
    });
}

#[test]
fn a_unicast_advert_arrives_too() {
    scenario(async |link| {
        let left = AdvertSocket::open("a0", address("10.0.0.1")).unwrap();
        link.enter_right();
        let right = AdvertSocket::open("b0", address("10.0.0.2")).unwrap();

        right.send(ADVERT, address("10.0.0.1")).unwrap();

        let (received, payload) = receive(&left).await;
        assert_eq!(received.source, address("10.0.0.2"));
        assert_eq!(received.destination, address("10.0.0.1"));
        assert_eq!(received.ttl, 255);
        assert_eq!(payload, ADVERT);
    });
}

#[test]
fn the_ipv4_header_says_network_control_and_may_be_fragmented() {
    scenario(async |link| {
        let left = AdvertSocket::open("a0", address("10.0.0.1")).unwrap();
        link.enter_right();
        for to in [IpAddr::from(GROUP_V4), address("10.0.0.2")] {
            let raw = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(112))).unwrap();
            raw.set_read_timeout(Some(PATIENCE)).unwrap();
            let _joined = AdvertSocket::open("b0", address("10.0.0.2")).unwrap();

            left.send(ADVERT, to).unwrap();

            let mut packet = [0; 128];
            let length = (&raw).read(&mut packet).unwrap();
            assert_eq!(length, 20 + ADVERT.len());
            assert_eq!(packet[0], 0x45);
            assert_eq!(packet[1], 0xc0, "type of service");
            assert_eq!(packet[6..8], [0, 0], "flags and fragment offset: no DF");
            assert_eq!(packet[8], 255, "time to live");
            assert_eq!(packet[9], 112, "protocol");
        }
    });
}

#[test]
fn the_chosen_source_is_used_where_the_interface_has_several_addresses() {
    scenario(async |link| {
        // The kernel would choose 10.0.0.1, the first.
        ip("addr add 10.0.0.7/24 dev a0 label a0:lbd");
        let left = AdvertSocket::open("a0", address("10.0.0.7")).unwrap();
        link.enter_right();
        let right = AdvertSocket::open("b0", address("10.0.0.2")).unwrap();
        for to in [IpAddr::from(GROUP_V4), address("10.0.0.2")] {
            left.send(ADVERT, to).unwrap();
            assert_eq!(receive(&right).await.0.source, address("10.0.0.7"));
        }
    });
}

#[test]
fn an_advert_on_another_interface_is_not_seen() {
    scenario(async |link| {
        let left = AdvertSocket::open("a1", address("10.0.1.1")).unwrap();
        link.enter_right();
        let other = AdvertSocket::open("b0", address("10.0.0.2")).unwrap();
        let same = AdvertSocket::open("b1", address("10.0.1.2")).unwrap();

        left.send(ADVERT, GROUP_V4.into()).unwrap();

        receive(&same).await;
        hears_nothing(&other).await;
    });
}

#[test]
fn the_group_needs_no_route() {
    scenario(async |link| {
        ip("route flush table main");
        ip("route add prohibit 224.0.0.0/4");
        let left = AdvertSocket::open("a0", address("10.0.0.1")).unwrap();
        link.enter_right();
        let right = AdvertSocket::open("b0", address("10.0.0.2")).unwrap();
        left.send(ADVERT, GROUP_V4.into()).unwrap();
        receive(&right).await;
    });
}

#[test]
fn adverts_over_ipv6_reach_the_group_and_a_peer() {
    scenario(async |link| {
        let left = AdvertSocket::open("a0", address("fd00::1")).unwrap();
        link.enter_right();
        let right = AdvertSocket::open("b0", address("fd00::2")).unwrap();
        for to in [IpAddr::from(GROUP_V6), address("fd00::2")] {
            left.send(ADVERT, to).unwrap();
            let (received, payload) = receive(&right).await;
            assert_eq!(received.source, address("fd00::1"));
            assert_eq!(received.destination, to);
            assert_eq!(received.ttl, 255);
            assert_eq!(payload, ADVERT);
        }
        hears_nothing(&left).await;
    });
}

#[test]
fn the_ipv6_header_says_network_control() {
    scenario(async |link| {
        let left = AdvertSocket::open("a0", address("fd00::1")).unwrap();
        link.enter_right();
        let raw = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::from(112))).unwrap();
        raw.set_read_timeout(Some(PATIENCE)).unwrap();
        raw.set_recv_tclass_v6(true).unwrap();

        left.send(ADVERT, address("fd00::2")).unwrap();

        let mut control = nix::cmsg_space!(i32);
        let mut packet = [0; 128];
        let mut parts = [IoSliceMut::new(&mut packet)];
        let control = Some(control.as_mut_slice());
        let message =
            recvmsg::<SockaddrIn6>(raw.as_raw_fd(), &mut parts, control, MsgFlags::empty())
                .unwrap();
        let class = message.cmsgs().unwrap().next().unwrap();
        assert_eq!(class, ControlMessageOwned::Ipv6TClass(0xc0));
    });
}

#[test]
fn a_link_local_source_works_as_the_rfc_asks() {
    scenario(async |link| {
        ip("addr add fe80::51/64 dev a0 nodad");
        let left = AdvertSocket::open("a0", address("fe80::51")).unwrap();
        link.enter_right();
        ip("addr add fe80::52/64 dev b0 nodad");
        let right = AdvertSocket::open("b0", address("fe80::52")).unwrap();
        for to in [IpAddr::from(GROUP_V6), address("fe80::52")] {
            left.send(ADVERT, to).unwrap();
            assert_eq!(receive(&right).await.0.source, address("fe80::51"));
        }
    });
}

#[test]
fn an_advert_larger_than_the_buffer_is_an_error_and_the_next_one_arrives() {
    scenario(async |link| {
        for (source, group, peer) in [
            ("10.0.0.1", IpAddr::from(GROUP_V4), "10.0.0.2"),
            ("fd00::1", IpAddr::from(GROUP_V6), "fd00::2"),
        ] {
            link.enter_left();
            let left = AdvertSocket::open("a0", address(source)).unwrap();
            link.enter_right();
            let right = AdvertSocket::open("b0", address(peer)).unwrap();
            left.send(&[1; 200], group).unwrap();
            left.send(ADVERT, group).unwrap();
            let mut small = [0; 100];
            let error = timeout(PATIENCE, right.recv(&mut small))
                .await
                .unwrap()
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
            assert_eq!(receive(&right).await.1, ADVERT);
        }
    });
}

#[test]
fn a_source_taken_off_the_interface_makes_sending_fail() {
    scenario(async |_link| {
        ip("addr add 10.0.0.7/24 dev a0");
        ip("addr add fd00::7/64 dev a0 nodad");
        let v4 = AdvertSocket::open("a0", address("10.0.0.7")).unwrap();
        let v6 = AdvertSocket::open("a0", address("fd00::7")).unwrap();
        ip("addr del 10.0.0.7/24 dev a0");
        ip("addr del fd00::7/64 dev a0");
        v4.send(ADVERT, GROUP_V4.into()).unwrap_err();
        v6.send(ADVERT, GROUP_V6.into()).unwrap_err();
    });
}

#[test]
fn the_destination_has_to_be_of_the_sources_family() {
    scenario(async |_link| {
        let socket = AdvertSocket::open("a0", address("10.0.0.1")).unwrap();
        let error = socket.send(ADVERT, GROUP_V6.into()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn opening_says_what_is_wrong() {
    scenario(async |_link| {
        let open = |interface: &str, source: &str| {
            AdvertSocket::open(interface, address(source)).unwrap_err()
        };
        let error = open("nowhere0", "10.0.0.1");
        assert!(matches!(error, Error::NoSuchInterface { .. }), "{error}");
        assert!(error.to_string().contains("nowhere0"));

        let error = open("a0", "10.0.1.1");
        assert!(matches!(error, Error::NotOnInterface { .. }), "{error}");
        assert!(
            error
                .to_string()
                .contains("10.0.1.1 is not an address of a0")
        );

        for nonsense in ["", "a\0b", "a-name-longer-than-the-kernel-takes"] {
            let error = open(nonsense, "10.0.0.1");
            assert!(matches!(error, Error::NoSuchInterface { .. }), "{error}");
        }
    });
}

#[test]
fn opening_without_a_runtime_is_an_error_not_a_panic() {
    let _link = Link::new();
    let error = AdvertSocket::open("a0", address("10.0.0.1")).unwrap_err();
    assert!(matches!(error, Error::NoRuntime { .. }), "{error}");
}
