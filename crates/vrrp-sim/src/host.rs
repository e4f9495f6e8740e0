//! One host: its clock, its socket, and the router that runs on it.

use std::collections::VecDeque;
use std::rc::Rc;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use vrrp_proto::{
    Authentication, EncodeError, Envelope, Expect, GROUP_V4, GROUP_V6, Heard, Outgoing, Priority,
    Reject, Router, State, TTL, Vrid, decode, encode,
};

use crate::clock::{Clock, Nanos};
use crate::scenario::{HostPlan, Scenario};
use crate::watch::Watch;

/// Packets that wait in a socket while its host pauses; more are dropped, as the kernel does it.
const SOCKET: usize = 64;

/// Octets of the longest packet here: version 3, one IPv6 address.
const PACKET: usize = 24;

/// A packet on its way.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) from: usize,
    pub(crate) octets: Rc<[u8]>,
    pub(crate) ttl: u8,
    /// It must be refused.
    pub(crate) bad: bool,
}

#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) plan: HostPlan,
    authentication: Authentication,
    pub(crate) clock: Clock,
    /// `None` while the host is dead.
    pub(crate) router: Option<Router>,
    pub(crate) watch: Watch,
    /// Whether it was told to take part.
    pub(crate) started: bool,
    pub(crate) faulty: bool,
    pub(crate) pause: Option<Pause>,
    socket: VecDeque<Packet>,
    /// Only the newest wake-up counts.
    pub(crate) wake: u64,
    pub(crate) wake_for: Option<Nanos>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    pub(crate) since: Nanos,
    pub(crate) clock_stands: bool,
}

impl Host {
    pub(crate) fn new(index: usize, scenario: &Scenario) -> Self {
        let plan = scenario.hosts[index];
        Self {
            plan,
            authentication: scenario.authentication,
            clock: Clock::new(plan.clock, plan.ppm),
            router: Some(Router::new(plan.config)),
            watch: Watch::new(index, plan.config),
            started: false,
            faulty: false,
            pause: None,
            socket: VecDeque::new(),
            wake: 0,
            wake_for: None,
        }
    }

    /// Everything that it knew is gone.
    pub(crate) fn die(&mut self, now: Nanos) {
        self.router = None;
        self.end_pause(now);
        self.socket.clear();
        self.wake += 1;
        self.wake_for = None;
    }

    /// A new life, not started yet.
    pub(crate) fn boot(&mut self, index: usize) {
        self.router = Some(Router::new(self.plan.config));
        self.watch = Watch::new(index, self.plan.config);
        self.started = false;
        self.faulty = false;
    }

    pub(crate) fn state(&self) -> Option<State> {
        self.router.as_ref().map(Router::state)
    }

    pub(crate) fn takes_part(&self) -> bool {
        self.router.is_some() && self.started && !self.faulty
    }

    /// Puts a packet into the socket of a host that pauses.
    pub(crate) fn queue(&mut self, packet: Packet) {
        if self.socket.len() < SOCKET {
            self.socket.push_back(packet);
        }
    }

    pub(crate) fn queued(&mut self) -> Option<Packet> {
        self.socket.pop_front()
    }

    pub(crate) fn end_pause(&mut self, now: Nanos) {
        if let Some(pause) = self.pause.take()
            && pause.clock_stands
        {
            self.clock.stood_still(pause.since, now);
        }
    }

    /// The octets of its advert.
    pub(crate) fn advert(&self, priority: Priority) -> Result<Rc<[u8]>, EncodeError> {
        let config = &self.plan.config;
        let packet = Outgoing {
            version: config.version,
            vrid: VRID,
            priority,
            interval: config.interval,
            authentication: self.authentication,
            addresses: addresses(config.address),
            source: config.address,
            destination: group(config.address),
            checksum: self.plan.checksum,
        };
        let mut buf = [0; PACKET];
        let len = encode(&packet, &mut buf)?;
        Ok(buf[..len].into())
    }

    /// What it reads of a packet.
    pub(crate) fn read(&self, source: IpAddr, packet: &Packet) -> Result<Heard, Reject> {
        let config = &self.plan.config;
        let envelope = Envelope {
            source,
            destination: group(source),
            ttl: packet.ttl,
        };
        let expect = Expect {
            version: config.version,
            vrid: VRID,
            interval: config.interval,
            authentication: self.authentication,
            addresses: addresses(config.address),
            own_address: config.address,
        };
        decode(&packet.octets, &envelope, &expect).map(|incoming| incoming.heard())
    }
}

impl Packet {
    pub(crate) const fn good(from: usize, octets: Rc<[u8]>) -> Self {
        Self {
            from,
            octets,
            ttl: TTL,
            bad: false,
        }
    }

    /// One bit is wrong.
    pub(crate) fn flip(&mut self, bit: usize) {
        let mut octets = self.octets.to_vec();
        octets[bit / 8] ^= 1 << (bit % 8);
        self.octets = octets.into();
        self.bad = true;
    }
}

const VRID: Vrid = match Vrid::new(51) {
    Some(vrid) => vrid,
    None => unreachable!(),
};

const VIP_V4: [IpAddr; 1] = [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 100))];
const VIP_V6: [IpAddr; 1] = [IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x100))];

/// The virtual router's address, of the family of its routers'.
const fn addresses(of: IpAddr) -> &'static [IpAddr] {
    match of {
        IpAddr::V4(_) => &VIP_V4,
        IpAddr::V6(_) => &VIP_V6,
    }
}

const fn group(of: IpAddr) -> IpAddr {
    match of {
        IpAddr::V4(_) => IpAddr::V4(GROUP_V4),
        IpAddr::V6(_) => IpAddr::V6(GROUP_V6),
    }
}
