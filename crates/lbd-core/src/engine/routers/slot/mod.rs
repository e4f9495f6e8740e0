//! One virtual router: its election, its adverts, and what it knows of the other directors.

mod adverts;
mod peers;

use std::collections::BTreeSet;
use std::net::IpAddr;

use healthcheck::Time;
use vrrp_proto::{
    Action, Actions, Envelope, Expect, GROUP_V4, GROUP_V6, Incoming, Input, Priority, Router,
    State, Vrid,
};

use super::election::{election, in_effect};
use super::rank::others;
use super::tally::Tally;
use crate::config::VirtualRouter;
use crate::desired::Role;
use crate::engine::event::{Effect, LinkId, Report};
use crate::engine::status::RouterStatus;
use crate::engine::tracks::Standing;
use crate::host::{Host, Interface};

/// How many senders with other settings are remembered: anyone on the LAN can be one.
const TOLD: usize = 16;

#[derive(Debug)]
pub(super) struct Slot {
    /// The router's place in the configuration.
    index: usize,
    config: VirtualRouter,
    addresses: Vec<IpAddr>,
    link: LinkId,
    source: IpAddr,
    /// Where adverts go: the group, or each other director.
    destinations: Vec<IpAddr>,
    /// The other directors by rank, the highest first.
    others: Vec<(Priority, IpAddr)>,
    priority: Priority,
    router: Router,
    started: bool,
    /// Whether its interface and source address are there; nothing before the first look.
    usable: Option<bool>,
    standing: Standing,
    tally: Tally,
    /// The last sender that was not resigning, and its priority.
    heard: Option<(IpAddr, Priority)>,
    /// When that was; none when it has resigned since.
    heard_at: Option<Time>,
    /// Whether since the start this host has been master, or has heard one that it will not replace.
    decided: bool,
    /// Senders with other addresses or intervals of which the operator has been told; at most [`TOLD`].
    differ: BTreeSet<IpAddr>,
}

impl Slot {
    pub(super) fn new(host: &Host, index: usize, link: LinkId, source: IpAddr) -> Option<Self> {
        let config = host.config.routers.get(index)?.clone();
        let priority = config.priority_of(&host.node)?;
        let others = others(host, &config);
        let destinations = if config.unicast {
            others.iter().map(|(_, address)| *address).collect()
        } else if source.is_ipv4() {
            vec![IpAddr::V4(GROUP_V4)]
        } else {
            vec![IpAddr::V6(GROUP_V6)]
        };
        Some(Self {
            index,
            addresses: config.addresses.iter().map(|net| net.addr()).collect(),
            link,
            source,
            destinations,
            others,
            priority,
            router: Router::new(election(&config, priority, source)),
            started: false,
            usable: None,
            standing: Standing::default(),
            tally: Tally::default(),
            heard: None,
            heard_at: None,
            decided: false,
            differ: BTreeSet::new(),
            config,
        })
    }

    pub(super) fn index(&self) -> usize {
        self.index
    }

    pub(super) fn name(&self) -> &str {
        &self.config.name
    }

    pub(super) fn link(&self) -> LinkId {
        self.link
    }

    /// Whether the other is the same virtual router to the hosts on the network.
    pub(super) fn is_on_wire_as(&self, other: &Self) -> bool {
        let wire = |slot: &Self| (slot.config.id, slot.config.version, slot.link);
        wire(self) == wire(other)
    }

    /// Whether both hold one address.
    pub(super) fn shares_with(&self, other: &Self) -> bool {
        self.addresses
            .iter()
            .any(|address| other.addresses.contains(address))
    }

    /// Its role is known: it is not master.
    pub(super) fn decide_now(&mut self) {
        self.decided = true;
    }

    /// Takes the place of this router under another file. The election goes on with all that it knows; a master tells
    /// the others and the hosts what is new to them, and nothing else.
    pub(super) fn succeed(&mut self, before: Self, now: Time, effects: &mut Vec<Effect>) {
        let says_the_same = before.adverts() == self.adverts();
        let (election, old) = (in_effect(&self.router), in_effect(&before.router));
        let same = says_the_same && old == election;
        self.router = before.router;
        self.started = before.started;
        self.usable = before.usable;
        self.tally = before.tally;
        self.heard = before.heard;
        self.heard_at = before.heard_at;
        self.decided = before.decided;
        if says_the_same {
            self.differ = before.differ;
        }
        if same {
            return;
        }
        let actions = self.router.reconfigure(now, election);
        self.carry_out(self.router.state(), actions, effects);
        if self.router.state() == State::Master {
            self.announce_beyond(&before.addresses, effects);
        }
    }

    /// Announces those addresses that were not held before.
    fn announce_beyond(&self, before: &[IpAddr], effects: &mut Vec<Effect>) {
        let mut addresses = self.addresses.clone();
        addresses.retain(|address| !before.contains(address));
        if !addresses.is_empty() {
            effects.push(Effect::Announce {
                interface: self.config.interface.clone(),
                addresses,
            });
        }
    }

    pub(super) fn role(&self) -> Role {
        match (self.router.state(), self.decided) {
            (State::Master, _) => Role::Master,
            (State::Fault, _) | (State::Initialize | State::Backup, true) => Role::Backup,
            (State::Initialize | State::Backup, false) => Role::Undecided,
        }
    }

    pub(super) fn state(&self) -> State {
        self.router.state()
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.router.deadline()
    }

    pub(super) fn is_at(&self, link: LinkId, vrid: Option<Vrid>) -> bool {
        self.link == link && vrid == Some(self.config.id)
    }

    pub(super) fn can_use(&self, interface: &Interface) -> bool {
        interface.name == self.config.interface
            && interface.usable
            && interface.addresses.contains(&self.source)
    }

    pub(super) fn start(&mut self, now: Time, usable: bool, effects: &mut Vec<Effect>) {
        self.started = true;
        if !usable {
            self.handle(now, Input::Fault, effects);
        }
        self.handle(now, Input::Start, effects);
    }

    pub(super) fn network(&mut self, now: Time, usable: bool, effects: &mut Vec<Effect>) {
        self.usable = Some(usable);
        self.refit(now, effects);
    }

    /// What is tracked changes the priority at once. The master-down time of a backup and the adverts of a master are
    /// the election's to reckon with.
    pub(super) fn stand(&mut self, now: Time, standing: Standing, effects: &mut Vec<Effect>) {
        self.standing = standing;
        let (from, to) = (self.router.priority(), standing.priority(self.priority));
        if from != to {
            self.handle(now, Input::SetPriority(to), effects);
            if self.started {
                effects.push(Effect::Report(Report::Priority {
                    router: self.config.name.clone(),
                    from,
                    to,
                }));
            }
        }
        self.refit(now, effects);
    }

    /// Takes part in the election as far as the interface and what is tracked let it. A router that has not started
    /// waits until each tracked thing was looked at once: what is not known can neither be counted nor believed.
    fn refit(&mut self, now: Time, effects: &mut Vec<Effect>) {
        let Some(usable) = self.usable else {
            return;
        };
        let fit = usable && !self.standing.fault;
        match (fit, self.router.state()) {
            _ if !self.started && self.standing.unknown => {}
            (fit, _) if !self.started => self.start(now, fit, effects),
            (true, State::Fault) => self.handle(now, Input::FaultCleared, effects),
            (false, State::Backup | State::Master) => self.handle(now, Input::Fault, effects),
            (true, State::Initialize | State::Backup | State::Master)
            | (false, State::Initialize | State::Fault) => {}
        }
    }

    pub(super) fn advert(
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
            Ok(incoming) => self.accepted(now, &incoming, effects),
            Err(reject) => self.rejected(envelope, &reject, effects),
        }
    }

    fn accepted(&mut self, now: Time, incoming: &Incoming<'_>, effects: &mut Vec<Effect>) {
        self.tally.received();
        self.compare(incoming, effects);
        self.handle(now, Input::Heard(incoming.heard()), effects);
        self.decide(incoming, effects);
        if incoming.priority != Priority::ZERO {
            self.heard = Some((incoming.source, incoming.priority));
            self.heard_at = Some(now);
            return;
        }
        self.heard_at = None;
        if self.succeeds(incoming.source) {
            self.handle(now, Input::TakeOver, effects);
        }
    }

    pub(super) fn tick(&mut self, now: Time, effects: &mut Vec<Effect>) {
        let silent = self.silent_master(now);
        self.handle(now, Input::Tick, effects);
        if let Some(address) = silent
            && self.router.state() == State::Master
        {
            effects.push(Effect::Report(Report::MasterSilent {
                router: self.config.name.clone(),
                address,
            }));
        }
    }

    pub(super) fn status(&self) -> RouterStatus {
        RouterStatus {
            name: self.config.name.clone(),
            id: self.config.id.get(),
            interface: self.config.interface.clone(),
            addresses: self.config.addresses.clone(),
            state: self.router.state().into(),
            priority: self.router.priority().get(),
            master: match self.router.state() {
                State::Master => Some(self.source),
                State::Backup => self.heard_at.and(self.heard).map(|(source, _)| source),
                State::Initialize | State::Fault => None,
            },
            adverts: self.tally.adverts(),
        }
    }

    pub(super) fn handle(&mut self, now: Time, input: Input, effects: &mut Vec<Effect>) {
        let before = self.router.state();
        let actions = self.router.handle(now, input);
        self.carry_out(before, actions, effects);
    }

    fn carry_out(&mut self, mut before: State, actions: Actions, effects: &mut Vec<Effect>) {
        for action in actions {
            match action {
                Action::SendAdvert(priority) => self.send(priority, effects),
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
                    self.decided |= to == State::Master;
                    if to == State::Master {
                        self.heard_at = None;
                    }
                }
            }
        }
    }
}
