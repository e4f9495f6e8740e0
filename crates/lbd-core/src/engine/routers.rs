//! The virtual routers that this node directs: adverts in and out, and what the election says.

use std::net::IpAddr;

use healthcheck::Time;
use vrrp_proto::{
    Action, Counters, Envelope, Expect, GROUP_V4, GROUP_V6, Input, MAX_LEN, Outgoing, Priority,
    Router, RouterConfig, State,
};

use super::event::{AdvertLink, Effect, LinkId, Report};
use crate::config::VirtualRouter;
use crate::host::{Host, Interface};

#[derive(Debug)]
pub(super) struct Routers {
    links: Vec<AdvertLink>,
    slots: Vec<Slot>,
}

#[derive(Debug)]
struct Slot {
    /// The router's place in the configuration.
    index: usize,
    config: VirtualRouter,
    addresses: Vec<IpAddr>,
    link: LinkId,
    source: IpAddr,
    router: Router,
    counters: Counters,
    /// Whether the operator has been told of a peer with other addresses.
    differs: bool,
}

impl Routers {
    pub(super) fn new(host: &Host) -> Self {
        let mut routers = Self {
            links: Vec::new(),
            slots: Vec::new(),
        };
        for (index, config) in host.routers() {
            let (Some(source), Some(priority)) = (
                host.sources.get(&index).copied(),
                config.priority_of(&host.node),
            ) else {
                continue;
            };
            let link = routers.link(&config.interface, source);
            routers.slots.push(Slot {
                index,
                addresses: config.addresses.iter().map(|net| net.addr()).collect(),
                config: config.clone(),
                link,
                source,
                router: Router::new(election(config, priority, source)),
                counters: Counters::default(),
                differs: false,
            });
        }
        routers
    }

    fn link(&mut self, interface: &str, source: IpAddr) -> LinkId {
        let same = |link: &AdvertLink| {
            link.interface == interface && link.source.is_ipv4() == source.is_ipv4()
        };
        let place = self.links.iter().position(same).unwrap_or_else(|| {
            self.links.push(AdvertLink {
                interface: interface.to_owned(),
                source,
            });
            self.links.len().saturating_sub(1)
        });
        LinkId(place)
    }

    pub(super) fn links(&self) -> &[AdvertLink] {
        &self.links
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.slots
            .iter()
            .filter_map(|slot| slot.router.deadline())
            .min()
    }

    pub(super) fn is_master(&self, index: usize) -> bool {
        self.slots
            .iter()
            .any(|slot| slot.index == index && slot.router.state() == State::Master)
    }

    pub(super) fn start(&mut self, now: Time, effects: &mut Vec<Effect>) {
        self.each(now, Input::Start, effects);
    }

    pub(super) fn stop(&mut self, now: Time, effects: &mut Vec<Effect>) {
        self.each(now, Input::Stop, effects);
    }

    pub(super) fn tick(&mut self, now: Time, effects: &mut Vec<Effect>) {
        for slot in &mut self.slots {
            if slot.router.deadline().is_some_and(|at| at <= now) {
                slot.handle(now, Input::Tick, effects);
            }
        }
    }

    fn each(&mut self, now: Time, input: Input, effects: &mut Vec<Effect>) {
        for slot in &mut self.slots {
            slot.handle(now, input, effects);
        }
    }

    /// A router whose interface went down, or lost the address adverts are sent from, can neither
    /// hold nor announce its addresses.
    pub(super) fn network(
        &mut self,
        now: Time,
        interfaces: &[Interface],
        effects: &mut Vec<Effect>,
    ) {
        for slot in &mut self.slots {
            let usable = interfaces.iter().any(|interface| {
                interface.name == slot.config.interface
                    && interface.usable
                    && interface.addresses.contains(&slot.source)
            });
            match (usable, slot.router.state()) {
                (true, State::Fault) => slot.handle(now, Input::FaultCleared, effects),
                (false, State::Backup | State::Master) => slot.handle(now, Input::Fault, effects),
                (true, State::Initialize | State::Backup | State::Master)
                | (false, State::Initialize | State::Fault) => {}
            }
        }
    }

    pub(super) fn advert(
        &mut self,
        now: Time,
        link: LinkId,
        envelope: &Envelope,
        payload: &[u8],
        effects: &mut Vec<Effect>,
    ) {
        // A packet for no router of this host is not ours to judge.
        let vrid = vrrp_proto::peek_vrid(payload);
        let slot = self
            .slots
            .iter_mut()
            .find(|slot| slot.link == link && Some(slot.config.id) == vrid);
        if let Some(slot) = slot {
            slot.advert(now, envelope, payload, effects);
        }
    }
}

impl Slot {
    fn advert(
        &mut self,
        now: Time,
        envelope: &Envelope,
        payload: &[u8],
        effects: &mut Vec<Effect>,
    ) {
        let expect = Expect {
            version: self.config.version,
            vrid: self.config.id,
            interval: self.config.advert_interval,
            authentication: self.config.authentication,
            addresses: &self.addresses,
            own_address: self.source,
        };
        match vrrp_proto::decode(payload, envelope, &expect) {
            Ok(incoming) => {
                if !incoming.addresses_match && !self.differs {
                    effects.push(Effect::Report(Report::AddressesDiffer {
                        router: self.config.name.clone(),
                        source: envelope.source,
                    }));
                }
                self.differs = !incoming.addresses_match;
                self.handle(now, Input::Heard(incoming.heard()), effects);
            }
            Err(reject) => {
                let reason = reject.reason();
                self.counters.count(reason);
                effects.push(Effect::Report(Report::Rejected {
                    router: Some(self.config.name.clone()),
                    interface: self.config.interface.clone(),
                    source: envelope.source,
                    reason,
                    detail: reject.to_string(),
                    count: self.counters.get(reason),
                }));
            }
        }
    }

    fn handle(&mut self, now: Time, input: Input, effects: &mut Vec<Effect>) {
        let mut before = self.router.state();
        for action in self.router.handle(now, input) {
            match action {
                Action::SendAdvert(priority) => effects.push(self.send(priority)),
                Action::Announce => effects.push(Effect::Announce {
                    interface: self.config.interface.clone(),
                    addresses: self.addresses.clone(),
                }),
                Action::Enter(to) => {
                    effects.push(Effect::Report(Report::Role {
                        router: self.config.name.clone(),
                        from: before,
                        to,
                        priority: self.router.priority(),
                    }));
                    before = to;
                }
            }
        }
    }

    fn send(&self, priority: Priority) -> Effect {
        let destination = if self.source.is_ipv4() {
            IpAddr::V4(GROUP_V4)
        } else {
            IpAddr::V6(GROUP_V6)
        };
        let outgoing = Outgoing {
            version: self.config.version,
            vrid: self.config.id,
            priority,
            interval: self.config.advert_interval,
            authentication: self.config.authentication,
            addresses: &self.addresses,
            source: self.source,
            destination,
            checksum: vrrp_proto::ChecksumForm::default(),
        };
        let mut payload = vec![0; MAX_LEN];
        match vrrp_proto::encode(&outgoing, &mut payload) {
            Ok(length) => {
                payload.truncate(length);
                Effect::Send {
                    link: self.link,
                    destination,
                    payload,
                }
            }
            Err(error) => Effect::Report(Report::NotSent {
                router: self.config.name.clone(),
                detail: error.to_string(),
            }),
        }
    }
}

fn election(config: &VirtualRouter, priority: Priority, source: IpAddr) -> RouterConfig {
    let mut election = RouterConfig::new(config.version, priority, config.advert_interval, source);
    election.preempt = config.preempt;
    election.preempt_delay = config.preempt_delay;
    election
}
