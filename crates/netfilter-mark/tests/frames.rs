//! What happens to frames: a real kernel, two hosts and a cable, for every backend.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

mod support;

use std::fs;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use support::{Host, cable, ip, rule, with_each};

/// Both families: an address for the service, one for us and one for the other host.
const NETWORKS: [[&str; 3]; 2] = [
    ["10.1.0.100", "10.1.0.1", "10.1.0.2"],
    ["2001:db8::100", "2001:db8::1", "2001:db8::2"],
];

/// An answer that comes at all comes at once.
const SOON: Duration = Duration::from_millis(500);

/// Long enough for a SYN that was lost in a busy moment to be repeated.
const LONG: Duration = Duration::from_secs(10);

/// The words for `ip addr add`. An IPv6 address can be used at once only if it is not looked for on the link first.
fn with_length(address: &str, v4: u8, v6: u8) -> String {
    match address.contains(':') {
        false => format!("{address}/{v4}"),
        true => format!("{address}/{v6} nodad"),
    }
}

/// Two hosts on a cable, `near` here and `far` there; neither has the service's address.
fn two_hosts() -> Host {
    let other = Host::new();
    cable("near", &other, "far");
    other.ip("link set far address 02:00:00:00:00:01");
    for [_, here, there] in NETWORKS {
        ip(&format!("addr add {} dev near", with_length(here, 24, 64)));
        other.ip(&format!("addr add {} dev far", with_length(there, 24, 64)));
    }
    other
}

fn connect(address: SocketAddr) -> Option<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, LONG).ok()?;
    // Ends with a reset: a FIN could be repeated later, from the next MAC.
    SockRef::from(&stream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    Some(stream)
}

/// The whole purpose: a client's connection gets the mark to balance by, and another director's frame to the same
/// address the guard mark; it is delivered here all the same. The kernel is told to give an accepted connection the
/// mark that its SYN carried.
#[test]
fn frames_from_an_excluded_mac_get_the_guard_mark_and_all_others_the_mark() {
    with_each(|backend| {
        let other = two_hosts();
        fs::write("/proc/sys/net/ipv4/tcp_fwmark_accept", "1").unwrap();
        let rules = NETWORKS.map(|[service, ..]| {
            // On the NIC: IPv6 neighbours are not told about addresses of lo.
            ip(&format!(
                "addr add {} dev near",
                with_length(service, 32, 128)
            ));
            rule(service, 3306, &["02:00:00:00:00:02", "02:00:00:00:00:03"])
        });
        backend.replace(&rules).unwrap();
        for [service, ..] in NETWORKS {
            let address: IpAddr = service.parse().unwrap();
            let [near, beside] =
                [3306, 3307].map(|port| TcpListener::bind((address, port)).unwrap());
            for (mac, port, mark) in [
                (1, 3306, 2),
                (2, 3306, 6),
                (3, 3306, 6),
                (4, 3306, 2),
                (1, 3307, 0),
                (2, 3307, 0),
            ] {
                other.ip(&format!("link set far address 02:00:00:00:00:0{mac}"));
                ip("neigh flush dev near nud all");
                let target = SocketAddr::from((address, port));
                let stream = other.run(move || connect(target));
                assert!(stream.is_some(), "{backend} {mac} {target}");
                let listener = if port == 3306 { &near } else { &beside };
                let (accepted, _) = listener.accept().unwrap();
                let found = SockRef::from(&accepted).mark().unwrap();
                assert_eq!(found, mark, "{backend} {mac} {target}");
            }
        }
    });
}

/// What a client on this host sends to the service's address comes back on `lo`, through PREROUTING.
#[test]
fn local_connections_carry_no_mark() {
    with_each(|backend| {
        fs::write("/proc/sys/net/ipv4/tcp_fwmark_accept", "1").unwrap();
        let rules = NETWORKS.map(|[service, ..]| {
            ip(&format!(
                "addr add {} dev lo",
                with_length(service, 32, 128)
            ));
            rule(service, 3306, &["02:00:00:00:00:02"])
        });
        backend.replace(&rules).unwrap();
        for [service, ..] in NETWORKS {
            let address: IpAddr = service.parse().unwrap();
            let listener = TcpListener::bind((address, 3306)).unwrap();
            connect(SocketAddr::from((address, 3306))).unwrap();
            let (accepted, _) = listener.accept().unwrap();
            assert_eq!(SockRef::from(&accepted).mark().unwrap(), 0, "{backend}");
        }
    });
}

/// What IPVS sends on passes OUTPUT with the mark that it arrived with; here a socket's option sets it.
#[test]
fn what_carries_the_guard_mark_is_not_sent_on_and_everything_else_is() {
    with_each(|backend| {
        let other = two_hosts();
        let rules = NETWORKS.map(|[service, _, there]| {
            ip(&format!("route add {service} via {there}"));
            other.ip(&format!(
                "addr add {} dev lo",
                with_length(service, 32, 128)
            ));
            rule(service, 3306, &["02:00:00:00:00:09"])
        });
        let listeners = other.run(|| {
            let ports = |[service, ..]: [&str; 3]| {
                let address: IpAddr = service.parse().unwrap();
                [3306, 3307].map(|port| TcpListener::bind((address, port)).unwrap())
            };
            NETWORKS.map(ports)
        });
        for [service, ..] in NETWORKS {
            let address: IpAddr = service.parse().unwrap();
            assert!(goes_out(address, 3306, 6, LONG));
            backend.replace(&rules).unwrap();
            assert!(!goes_out(address, 3306, 6, SOON), "{backend}");
            for (port, mark) in [(3306, 0), (3306, 2), (3306, 7), (3307, 6)] {
                assert!(
                    goes_out(address, port, mark, LONG),
                    "{backend} {port} {mark}"
                );
            }
            backend.remove().unwrap();
            assert!(goes_out(address, 3306, 6, LONG));
        }
        drop(listeners);
    });
}

fn goes_out(address: IpAddr, port: u16, mark: u32, patience: Duration) -> bool {
    let target = SocketAddr::from((address, port));
    let socket = Socket::new(Domain::for_address(target), Type::STREAM, None).unwrap();
    socket.set_mark(mark).unwrap();
    socket.connect_timeout(&target.into(), patience).is_ok()
}
