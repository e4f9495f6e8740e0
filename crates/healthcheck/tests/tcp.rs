//! The TCP probe against a real network stack. Needs root: each test has a network of its own.
#![cfg(feature = "tcp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::process::Command;
use std::time::{Duration, Instant};

use healthcheck::{Alarm, Failure, Outcome, tcp};
use nix::sched::{CloneFlags, unshare};
use socket2::{Domain, Socket, Type};

const SHORT: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_secs(5);

/// A network of the thread's own with loopback up.
fn network() {
    unshare(CloneFlags::CLONE_NEWNET)
        .expect("these tests need root: they make network namespaces of their own");
    ip("link set lo up");
}

fn ip(arguments: &str) {
    let status = Command::new("ip")
        .args(arguments.split_whitespace())
        .status()
        .expect("iproute2 is needed");
    assert!(status.success(), "ip {arguments}");
}

fn probe_with(target: &str, options: &tcp::Options) -> Outcome {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(tcp::probe(target.parse().unwrap(), options))
}

fn probe(target: &str) -> Outcome {
    probe_with(target, &tcp::Options::new(LONG))
}

/// Probes what never answers and checks that the probe ends with its time-out.
fn assert_times_out(target: &str) {
    let begun = Instant::now();
    let outcome = probe_with(target, &tcp::Options::new(SHORT));
    assert_eq!(outcome, Outcome::Failure(Failure::TimedOut));
    assert!(begun.elapsed() >= SHORT);
    assert!(begun.elapsed() < SHORT * 3, "{:?}", begun.elapsed());
}

#[test]
fn a_listening_server_is_a_success_and_sees_a_normal_close() {
    network();
    for address in ["127.0.0.1:3306", "[::1]:3306"] {
        let listener = TcpListener::bind(address).unwrap();
        let outcome = probe(address);
        assert!(matches!(outcome, Outcome::Success { took, .. } if took < LONG));
        let (mut connection, _) = listener.accept().unwrap();
        // End of stream, not a reset.
        assert_eq!(
            std::io::Read::read(&mut connection, &mut [0; 8]).unwrap(),
            0
        );
    }
}

#[test]
fn a_closed_port_is_refused() {
    network();
    assert_eq!(probe("127.0.0.1:3306"), Outcome::Failure(Failure::Refused));
    assert_eq!(probe("[::1]:3306"), Outcome::Failure(Failure::Refused));
}

#[test]
fn no_route_is_unreachable() {
    network();
    // No route at all, a route that says so, and a neighbour that does not answer to ARP.
    let outcome = probe("192.0.2.1:3306");
    assert_eq!(outcome, Outcome::Failure(Failure::Unreachable));
    ip("route add unreachable 198.51.100.0/24");
    let outcome = probe("198.51.100.1:3306");
    assert_eq!(outcome, Outcome::Failure(Failure::Unreachable));
    ip("link add a0 type veth peer name b0");
    ip("addr add 203.0.113.1/24 dev a0");
    ip("link set a0 up");
    ip("link set b0 up");
    let outcome = probe("203.0.113.2:3306");
    assert_eq!(outcome, Outcome::Failure(Failure::Unreachable));
}

#[test]
fn a_host_that_drops_everything_times_out() {
    network();
    ip("link add a0 type veth peer name b0");
    ip("addr add 203.0.113.1/24 dev a0");
    ip("link set a0 up");
    ip("link set b0 up");
    ip("neigh add 203.0.113.2 lladdr 02:00:00:00:00:02 dev a0 nud permanent");
    assert_times_out("203.0.113.2:3306");
}

#[test]
fn a_server_that_no_longer_accepts_times_out() {
    network();
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let address: SocketAddr = "127.0.0.1:3306".parse().unwrap();
    listener.bind(&address.into()).unwrap();
    listener.listen(0).unwrap();
    // A backlog of 0 holds one connection.
    let _fills_it = std::net::TcpStream::connect(address).unwrap();
    assert_times_out("127.0.0.1:3306");
}

#[test]
fn the_probe_leaves_from_the_given_source() {
    network();
    let listener = TcpListener::bind("127.0.0.1:3306").unwrap();
    let source: IpAddr = "127.0.0.9".parse().unwrap();
    let options = tcp::Options {
        source: Some(source),
        timeout: LONG,
    };
    let outcome = probe_with("127.0.0.1:3306", &options);
    assert!(matches!(outcome, Outcome::Success { .. }), "{outcome:?}");
    assert_eq!(listener.accept().unwrap().1.ip(), source);
}

#[test]
fn a_source_this_host_does_not_have_is_named_and_says_nothing_of_the_server() {
    network();
    let _listener = TcpListener::bind("127.0.0.1:3306").unwrap();
    for source in ["192.0.2.9", "::1"] {
        let options = tcp::Options {
            source: Some(source.parse().unwrap()),
            timeout: LONG,
        };
        let outcome = probe_with("127.0.0.1:3306", &options);
        let Outcome::Alarm(Alarm::Other(what)) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(what.contains(source), "{what}");
    }
}

#[test]
fn a_source_of_few_ports_serves_many_targets() {
    network();
    std::fs::write("/proc/sys/net/ipv4/ip_local_port_range", "40000 40003").unwrap();
    let listeners: Vec<(String, TcpListener)> = (1..40)
        .flat_map(|last| {
            [
                format!("127.0.1.{last}:3306"),
                format!("[::1]:{}", 3306 + last),
            ]
        })
        .map(|address| (address.clone(), TcpListener::bind(address).unwrap()))
        .collect();
    for (address, _listener) in &listeners {
        let source = if address.starts_with('[') {
            "::1"
        } else {
            "127.0.0.9"
        };
        let options = tcp::Options {
            source: Some(source.parse().unwrap()),
            timeout: LONG,
        };
        let outcome = probe_with(address, &options);
        assert!(
            matches!(outcome, Outcome::Success { .. }),
            "{address}: {outcome:?}"
        );
    }
}
