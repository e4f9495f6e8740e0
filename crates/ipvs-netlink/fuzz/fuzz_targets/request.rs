//! Any batch of changes: each is written if and only if it does not contradict itself, the datagram holds them one
//! after the other, and each is read as it was meant.
//!
//! The input: for each change 1 octet that says which, then what it needs (see the functions below), until the
//! input ends. What is missing counts as zero.
#![no_main]

use std::net::IpAddr;
use std::num::{NonZeroU16, NonZeroU32};

use ipvs_netlink::wire::{self, Body, EncodeError, Header, Messages};
use ipvs_netlink::{
    Change, ClientMask, Daemon, DaemonRole, Destination, DestinationKey, Family, Forwarding, Name,
    Persistence, Protocol, Scheduler, Service, ServiceFlags, ServiceKey, Thresholds, Timeouts,
    Tunnel, TunnelFlags,
};
use libfuzzer_sys::fuzz_target;

/// The longest one that there is, an IPv6 destination of an IPv6 service, has fewer octets.
const LONGEST: usize = 256;

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let mut datagram = Vec::new();
    let mut written: Vec<(u32, Change)> = Vec::new();
    for sequence in 0..200 {
        if input.0.is_empty() {
            break;
        }
        let change = input.change();
        let before = datagram.len();
        let header = Header {
            family: 28,
            sequence,
        };
        match wire::encode_change(&mut datagram, &header, &change, sequence % 2 == 0) {
            Ok(()) => written.push((sequence, change)),
            Err(EncodeError::MaskFamily) => assert!(contradicts_itself(&change)),
        }
        assert!(datagram.len() - before < LONGEST, "{change:?}");
        assert_eq!(datagram.len() % 4, 0);
        assert!(!change.to_string().is_empty());
    }
    let messages: Vec<_> = Messages::new(&datagram).collect();
    assert_eq!(messages.len(), written.len());
    for (message, (sequence, change)) in messages.into_iter().zip(&written) {
        let message = message.expect("what was written can be read");
        assert_eq!((message.kind, message.sequence), (28, *sequence));
        let Ok(Body::Generic { attributes, .. }) = message.body() else {
            panic!("{message:?} is no request");
        };
        comes_back(change, attributes);
    }
});

fn contradicts_itself(change: &Change) -> bool {
    match change {
        Change::AddService(service) | Change::EditService(service) => service
            .persistence
            .is_some_and(|persistence| persistence.mask.family() != service.key.family()),
        _ => false,
    }
}

fn comes_back(change: &Change, attributes: &[u8]) {
    assert!(!contradicts_itself(change));
    match change {
        Change::AddService(wanted) | Change::EditService(wanted) => {
            let read = wire::decode_service(attributes).expect("a service");
            assert_eq!(read.service, *wanted);
            assert_eq!(read.unknown, []);
        }
        Change::AddDestination(key, wanted) | Change::EditDestination(key, wanted) => {
            let read = wire::decode_destination(attributes, key.family()).expect("a destination");
            assert_eq!(read.destination, *wanted);
            assert_eq!(read.unknown, []);
        }
        Change::StartDaemon(wanted) => {
            let read = wire::decode_daemon(attributes).expect("a daemon");
            assert_eq!(read.daemon, *wanted);
            assert_eq!(read.unknown, []);
        }
        Change::SetTimeouts(wanted) => {
            assert_eq!(wire::decode_timeouts(attributes), Ok(*wanted));
        }
        Change::ZeroAll | Change::Flush => assert_eq!(attributes, []),
        Change::DeleteService(_)
        | Change::ZeroService(_)
        | Change::DeleteDestination(..)
        | Change::StopDaemon(_) => assert!(!attributes.is_empty()),
    }
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn octets<const N: usize>(&mut self) -> [u8; N] {
        let mut octets = [0; N];
        let len = N.min(self.0.len());
        octets[..len].copy_from_slice(&self.0[..len]);
        self.0 = &self.0[len..];
        octets
    }

    fn octet(&mut self) -> u8 {
        let [octet] = self.octets();
        octet
    }

    fn number(&mut self) -> u32 {
        u32::from_be_bytes(self.octets())
    }

    fn short(&mut self) -> u16 {
        u16::from_be_bytes(self.octets())
    }

    fn change(&mut self) -> Change {
        match self.octet() % 12 {
            0 => Change::AddService(self.service()),
            1 => Change::EditService(self.service()),
            2 => Change::DeleteService(self.key()),
            3 => Change::AddDestination(self.key(), self.destination()),
            4 => Change::EditDestination(self.key(), self.destination()),
            5 => Change::DeleteDestination(
                self.key(),
                DestinationKey {
                    address: self.address(),
                    port: self.short(),
                },
            ),
            6 => Change::StartDaemon(self.daemon()),
            7 => Change::StopDaemon(self.role()),
            8 => Change::SetTimeouts(self.timeouts()),
            9 => Change::ZeroService(self.key()),
            10 => Change::ZeroAll,
            _ => Change::Flush,
        }
    }

    /// 1 octet of choices, scheduler, flags; as chosen: time-out and mask of the persistence, engine.
    fn service(&mut self) -> Service {
        let choices = self.octet();
        let (key, scheduler) = (self.key(), self.name());
        let mut service = Service::new(key, Scheduler::new(scheduler.as_str()).expect("a name"));
        service.flags = ServiceFlags::from_bits(self.number());
        if choices & 1 != 0 {
            let (timeout, mask) = (self.number(), self.number());
            let mask = if (service.key.family() == Family::Ipv4) != (choices & 2 != 0) {
                ClientMask::Netmask(mask.into())
            } else {
                ClientMask::PrefixLength(mask)
            };
            service.persistence = Some(Persistence { timeout, mask });
        }
        service.engine = (choices & 4 != 0).then(|| self.name());
        service
    }

    /// 1 octet of choices, then the mark, or protocol, address and port.
    fn key(&mut self) -> ServiceKey {
        let choices = self.octet();
        if choices & 1 == 0 {
            return ServiceKey::Address {
                protocol: Protocol::from_number(self.short()),
                address: self.address(),
                port: self.short(),
            };
        }
        ServiceKey::Fwmark {
            mark: NonZeroU32::new(self.number()).unwrap_or(NonZeroU32::MIN),
            family: if choices & 2 == 0 {
                Family::Ipv4
            } else {
                Family::Ipv6
            },
        }
    }

    /// Address, port, forwarding, weight, thresholds.
    fn destination(&mut self) -> Destination {
        Destination {
            address: self.address(),
            port: self.short(),
            forwarding: self.forwarding(),
            weight: self.number(),
            thresholds: Thresholds {
                upper: self.number(),
                lower: self.number(),
            },
        }
    }

    /// 1 octet of method; of a tunnel its kind, port and flags.
    fn forwarding(&mut self) -> Forwarding {
        match self.octet() % 8 {
            0 => Forwarding::Masquerade,
            1 => Forwarding::Local,
            2 => Forwarding::Tunnel(self.tunnel()),
            3 => Forwarding::DirectRoute,
            4 => Forwarding::Bypass,
            other => Forwarding::Other(other),
        }
    }

    fn tunnel(&mut self) -> Tunnel {
        let (kind, port) = (self.octet(), self.short());
        let flags = TunnelFlags::from_bits(self.short());
        match (kind, NonZeroU16::new(port)) {
            (0, _) => Tunnel::Ipip,
            (1, Some(port)) => Tunnel::Gue { port, flags },
            (2, _) => Tunnel::Gre { flags },
            (kind, _) => Tunnel::Other { kind, port, flags },
        }
    }

    /// 1 octet of choices, role, interface, id; as chosen: length, group, port, TTL.
    fn daemon(&mut self) -> Daemon {
        let choices = self.octet();
        let mut daemon = Daemon::new(self.role(), self.name(), self.octet());
        daemon.max_length = (choices & 1 != 0).then(|| self.short());
        daemon.group = (choices & 2 != 0).then(|| self.address());
        daemon.port = (choices & 4 != 0).then(|| self.short());
        daemon.ttl = (choices & 8 != 0).then(|| self.octet());
        daemon
    }

    fn role(&mut self) -> DaemonRole {
        if self.octet().is_multiple_of(2) {
            DaemonRole::Master
        } else {
            DaemonRole::Backup
        }
    }

    fn timeouts(&mut self) -> Timeouts {
        let choices = self.octet();
        Timeouts {
            tcp: (choices & 1 != 0).then(|| self.number()),
            tcp_fin: (choices & 2 != 0).then(|| self.number()),
            udp: (choices & 4 != 0).then(|| self.number()),
        }
    }

    /// 1 octet of family, then 4 or 16.
    fn address(&mut self) -> IpAddr {
        if self.octet().is_multiple_of(2) {
            self.octets::<4>().into()
        } else {
            self.octets::<16>().into()
        }
    }

    /// 1 octet of length, then the name; `rr` in place of one that is none.
    fn name(&mut self) -> Name {
        let mut octets = [0; 15];
        let len = usize::from(self.octet())
            .min(self.0.len())
            .min(octets.len());
        octets[..len].copy_from_slice(&self.0[..len]);
        self.0 = &self.0[len..];
        Name::from_bytes(&octets[..len]).unwrap_or_else(|_| Name::new("rr").expect("a name"))
    }
}
