//! The virtual routers that this node directs: which advert is for whom, and when each has started.

mod election;
mod rank;
mod slot;
mod tally;

use std::collections::BTreeMap;
use std::net::IpAddr;

use healthcheck::Time;
use vrrp_proto::{Envelope, Input, State};

use super::event::{AdvertLink, Effect, Holding, LinkId};
use super::status::RouterStatus;
use super::tracks::Tracks;
use crate::desired::Role;
use crate::host::{Host, Interface};
use slot::Slot;

#[derive(Debug)]
pub(super) struct Routers {
    links: Vec<AdvertLink>,
    slots: Vec<Slot>,
}

impl Routers {
    /// The routers of a file; links that there are already keep their places.
    pub(super) fn new(host: &Host, links: &[AdvertLink]) -> Self {
        let mut routers = Self {
            links: links.to_vec(),
            slots: Vec::new(),
        };
        for (index, config) in host.routers() {
            let Some(source) = host.sources.get(&index).copied() else {
                continue;
            };
            let link = routers.link(&config.interface, source);
            routers.slots.extend(Slot::new(host, index, link, source));
        }
        routers
    }

    fn link(&mut self, interface: &str, source: IpAddr) -> LinkId {
        let same = |link: &AdvertLink| link.interface == interface && link.source == source;
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

    /// Whether adverts of any router travel on this link.
    pub(super) fn uses(&self, link: LinkId) -> bool {
        self.slots.iter().any(|slot| slot.link() == link)
    }

    /// Takes the place of the routers of another file. One that is the same to the hosts on the network goes on, whatever
    /// its name; the others resign, or wait for their start.
    pub(super) fn succeed(&mut self, old: Self, now: Time, effects: &mut Vec<Effect>) {
        for mut before in old.slots {
            let mut slots = self.slots.iter_mut();
            match slots.find(|slot| slot.is_on_wire_as(&before)) {
                Some(slot) => slot.succeed(before, now, effects),
                None => {
                    before.handle(now, Input::Stop, effects);
                    // Who takes an address over from one that has just given its role up is no undecided one.
                    let heirs = self
                        .slots
                        .iter_mut()
                        .filter(|slot| slot.shares_with(&before));
                    heirs.for_each(Slot::decide_now);
                }
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.slots.iter().filter_map(Slot::deadline).min()
    }

    pub(super) fn states(&self) -> BTreeMap<String, State> {
        let slots = self.slots.iter();
        slots
            .map(|slot| (slot.name().to_owned(), slot.state()))
            .collect()
    }

    pub(super) fn status(&self) -> Vec<RouterStatus> {
        self.slots.iter().map(Slot::status).collect()
    }

    /// The role in the router at this place in the configuration.
    pub(super) fn role(&self, index: usize) -> Role {
        let slot = self.slots.iter().find(|slot| slot.index() == index);
        slot.map_or(Role::Backup, Slot::role)
    }

    fn held(&self) -> impl Iterator<Item = &Slot> {
        self.slots
            .iter()
            .filter(|slot| slot.state() == State::Master)
    }

    pub(super) fn masterships(&self) -> Vec<String> {
        self.held().map(|slot| slot.name().to_owned()).collect()
    }

    pub(super) fn holdings(&self) -> Vec<Holding> {
        self.held().map(Slot::holding).collect()
    }

    /// A router whose role this host held until a moment ago goes on as master. The others start
    /// with the first look at the network: before the link is up nothing can be heard, and a
    /// master-down time that ran then would mean nothing.
    pub(super) fn start(&mut self, now: Time, adopted: &[String], effects: &mut Vec<Effect>) {
        for slot in &mut self.slots {
            if adopted.iter().any(|name| name == slot.name()) {
                slot.start(now, true, effects);
                slot.handle(now, Input::TakeOver, effects);
            }
        }
    }

    pub(super) fn stop(&mut self, now: Time, effects: &mut Vec<Effect>) {
        for slot in &mut self.slots {
            slot.handle(now, Input::Stop, effects);
        }
    }

    /// Gives every mastership up, to whoever ranks next.
    pub(super) fn hand_over(&mut self, now: Time, effects: &mut Vec<Effect>) {
        for slot in &mut self.slots {
            slot.handle(now, Input::Handover, effects);
        }
    }

    pub(super) fn tick(&mut self, now: Time, effects: &mut Vec<Effect>) {
        for slot in &mut self.slots {
            if slot.deadline().is_some_and(|at| at <= now) {
                slot.tick(now, effects);
            }
        }
    }

    /// Gives each router the priority and the fitness that its tracked things leave it.
    pub(super) fn stand(&mut self, now: Time, tracks: &Tracks, effects: &mut Vec<Effect>) {
        for slot in &mut self.slots {
            let standing = tracks.standing(slot.name());
            slot.stand(now, standing, effects);
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
            let usable = interfaces.iter().any(|interface| slot.can_use(interface));
            slot.network(now, usable, effects);
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
        let mut slots = self.slots.iter_mut();
        if let Some(slot) = slots.find(|slot| slot.is_at(link, vrid)) {
            slot.advert(now, envelope, payload, effects);
        }
    }
}
