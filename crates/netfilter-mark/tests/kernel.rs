//! The guard before the real IPVS: what it is there for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

mod support;

use std::mem::MaybeUninit;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use netfilter_mark::{Backend, Choice, MarkRule, Protocol};
use socket2::{Domain, Protocol as IpProtocol, Socket, Type};
use support::{Host, cable, ip, iptables, nft, own_network, rule, sh};

const SERVICE: &str = "10.1.0.100:3306";

/// The client's MAC, and the same host's as another director.
const CLIENT: &str = "02:00:00:00:00:01";
const DIRECTOR: &str = "02:00:00:00:00:02";

/// A socket of the service, which waits for a datagram for no longer than that.
fn service() -> UdpSocket {
    let socket = UdpSocket::bind(SERVICE).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(2)))
        .unwrap();
    socket
}

fn received(socket: &UdpSocket) -> Option<u8> {
    let mut octet = [0];
    socket.recv(&mut octet).ok().map(|_| octet[0])
}

/// This host is a director; `sender` is beside it, and `server` is the real server that it forwards to.
struct Net {
    sender: Host,
    server: Host,
    at_server: UdpSocket,
    here: UdpSocket,
}

impl Net {
    fn new() -> Self {
        own_network();
        let (sender, server) = (Host::new(), Host::new());
        cable("near", &sender, "far");
        cable("back", &server, "front");
        ip("addr add 10.1.0.1/24 dev near");
        ip("addr add 10.2.0.1/24 dev back");
        ip("addr add 10.1.0.100/32 dev lo");
        sender.ip("addr add 10.1.0.2/24 dev far");
        server.ip("addr add 10.2.0.2/24 dev front");
        server.ip("addr add 10.1.0.100/32 dev lo");
        server.ip("route add default via 10.2.0.1");
        sh("ipvsadm", "-A -f 2 -s rr");
        sh("ipvsadm", "-a -f 2 -r 10.2.0.2 -g -w 1");
        Self {
            at_server: server.run(service),
            here: service(),
            sender,
            server,
        }
    }

    /// Sends one datagram, and says whether it came to the server and whether it came to the socket of this host.
    fn send(&self, mac: &str, source_port: u16, octet: u8) -> (bool, bool) {
        self.sender.ip("link set far down");
        self.sender.ip(&format!("link set far address {mac} up"));
        self.sender.run(move || {
            let socket = UdpSocket::bind(("10.1.0.2", source_port)).unwrap();
            socket.send_to(&[octet], SERVICE).unwrap();
        });
        (
            received(&self.at_server) == Some(octet),
            received(&self.here) == Some(octet),
        )
    }
}

/// IPVS looks for a connection entry before it looks at the mark. With the exclusion alone, what the other director
/// sends by an old entry would be sent on.
#[test]
#[ignore = "needs IPVS"]
fn what_another_director_sends_is_not_sent_on_even_by_an_old_connection_entry() {
    let net = Net::new();
    let backend = Backend::detect(Choice::Auto).unwrap();
    let rules = [MarkRule {
        protocol: Protocol::Udp,
        ..rule("10.1.0.100", 3306, &[DIRECTOR])
    }];
    backend.replace(&rules).unwrap();
    assert!(backend.read().unwrap().holds(&rules));
    assert_eq!(net.send(CLIENT, 4001, 1), (true, false), "balanced");
    assert_eq!(net.send(DIRECTOR, 4001, 2), (false, false), "dropped");
    assert_eq!(
        net.send(CLIENT, 4001, 3),
        (true, false),
        "the entry lives on"
    );
    assert_eq!(net.send(DIRECTOR, 4002, 4), (false, true), "delivered here");
    // Without the guard the old entry is followed: the test tests what it should.
    delete_first(&backend, "LBD-GUARD", "guards");
    assert_eq!(net.send(DIRECTOR, 4001, 5), (true, false), "followed");
    backend.replace(&rules).unwrap();
    assert_eq!(net.send(DIRECTOR, 4001, 6), (false, false), "dropped again");
    drop(net.server);
}

/// The error message of a router on the way to the client, about what the service sent to it.
fn icmp_error() -> Vec<u8> {
    let mut sent = vec![0x45, 0, 0, 32, 0, 0, 0x40, 0, 64, 17, 0, 0];
    sent.extend([10, 1, 0, 100, 10, 1, 0, 2]);
    let header_sum = checksum(&sent);
    sent[10..12].copy_from_slice(&header_sum);
    sent.extend(3306_u16.to_be_bytes());
    sent.extend(4001_u16.to_be_bytes());
    sent.extend([0, 12, 0, 0]);
    // Destination unreachable, fragmentation needed, next MTU 1400: RFC 792 and RFC 1191, section 4.
    let mut message = vec![3, 4, 0, 0, 0, 0, 5, 120];
    message.extend(sent);
    let sum = checksum(&message);
    message[2..4].copy_from_slice(&sum);
    message
}

/// RFC 1071, of an even number of octets.
fn checksum(octets: &[u8]) -> [u8; 2] {
    let words = octets
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!u16::try_from(sum).unwrap()).to_be_bytes()
}

fn raw_icmp() -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(IpProtocol::ICMPV4)).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(2)))
        .unwrap();
    socket
}

/// IPVS sends errors on to where the entry of their connection leads.
#[test]
#[ignore = "needs IPVS"]
fn icmp_that_another_director_sends_is_not_sent_on_either() {
    let net = Net::new();
    let backend = Backend::detect(Choice::Auto).unwrap();
    let rules = [MarkRule {
        protocol: Protocol::Udp,
        ..rule("10.1.0.100", 3306, &[DIRECTOR])
    }];
    backend.replace(&rules).unwrap();
    assert_eq!(net.send(CLIENT, 4001, 1), (true, false), "balanced");
    let at_server = net.server.run(raw_icmp);
    let arrives = |mac: &str| {
        net.sender.ip("link set far down");
        net.sender.ip(&format!("link set far address {mac} up"));
        net.sender.run(|| {
            let target: SocketAddr = "10.1.0.100:0".parse().unwrap();
            raw_icmp().send_to(&icmp_error(), &target.into()).unwrap();
        });
        let mut octets = [MaybeUninit::uninit(); 100];
        at_server.recv(&mut octets).is_ok()
    };
    assert!(arrives(CLIENT));
    assert!(!arrives(DIRECTOR));
    assert!(arrives(CLIENT));
}

/// A client on the director itself reaches the server there.
#[test]
#[ignore = "needs IPVS"]
fn local_connections_are_not_balanced() {
    let net = Net::new();
    let backend = Backend::detect(Choice::Auto).unwrap();
    let rules = [MarkRule {
        protocol: Protocol::Udp,
        ..rule("10.1.0.100", 3306, &[DIRECTOR])
    }];
    backend.replace(&rules).unwrap();
    let send = |octet| {
        let client = UdpSocket::bind("10.1.0.100:0").unwrap();
        client.send_to(&[octet], SERVICE).unwrap();
    };
    send(1);
    assert_eq!(received(&net.here), Some(1));
    assert_eq!(received(&net.at_server), None);
    // Without what spares it, it is balanced, and dropped at the server, whose own address is its source.
    delete_first(&backend, "LBD-MARK", "marks");
    send(2);
    assert_eq!(received(&net.here), None);
}

/// Deletes the first rule of our chain, called so in iptables and so in nftables.
fn delete_first(backend: &Backend, iptables_chain: &str, nftables_chain: &str) {
    match backend {
        Backend::Iptables(tables) => {
            iptables(tables.variant(), &format!("-D {iptables_chain} 1"));
        }
        Backend::Nftables(_) => {
            let listing = nft(&format!("-a list chain inet lbd {nftables_chain}"));
            let rule = listing
                .lines()
                .find(|line| line.contains("10.1.0.100") || line.contains("return"));
            let handle = rule.unwrap().rsplit(' ').next().unwrap();
            nft(&format!(
                "delete rule inet lbd {nftables_chain} handle {handle}"
            ));
        }
    }
}
