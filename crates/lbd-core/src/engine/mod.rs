//! The engine: events in, effects out. It owns no clock, socket or task, so that the whole daemon
//! can be driven by a test.

mod checks;
mod event;
mod peers;
mod routers;
mod status;
mod tracks;

use std::collections::BTreeMap;

use healthcheck::Time;
use vrrp_proto::State;

use crate::config::VirtualService;
use crate::desired::{Desired, Knowledge, Role};
use crate::host::{Host, Interface};
use crate::plan::Scope;
use crate::weight::Want;
use checks::Checks;
pub use event::{
    AdvertLink, Assignment, Drain, Effect, Event, Holding, LinkId, Look, LookId, Neighbour,
    ProbeId, Probed, Report, Resolution,
};
use peers::Peers;
use routers::Routers;
pub use status::{Adverts, RouterState, RouterStatus, ServerStatus, ServiceStatus, Status, Table};
use tracks::Tracks;

/// Another file for a running engine, and the links that it needs.
#[derive(Debug)]
pub struct Succession {
    host: Host,
    routers: Routers,
}

impl Succession {
    /// Where adverts must be received and sent under that file; those of the running engine come first, at their
    /// places.
    #[must_use]
    pub fn links(&self) -> &[AdvertLink] {
        self.routers.links()
    }

    /// Whether adverts travel on this link under that file.
    #[must_use]
    pub fn uses(&self, link: LinkId) -> bool {
        self.routers.uses(link)
    }

    /// What that file names of the kernel's state.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::of(&self.host)
    }

    /// The interface of this host under that file.
    #[must_use]
    pub fn nic(&self) -> &str {
        &self.host.nic
    }
}

/// The decisions of one daemon on one host.
#[derive(Debug)]
pub struct Engine {
    host: Host,
    routers: Routers,
    checks: Checks,
    tracks: Tracks,
    peers: Peers,
    phase: Phase,
    /// What was last asked of the kernel.
    asked: Option<Desired>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Waiting,
    Running,
    Stopped,
}

impl Engine {
    /// An engine that waits for [`Event::Start`].
    #[must_use]
    pub fn new(host: Host, now: Time) -> Self {
        Self {
            routers: Routers::new(&host, &[]),
            checks: Checks::new(&host, now),
            tracks: Tracks::new(&host, now),
            peers: Peers::new(&host),
            host,
            phase: Phase::Waiting,
            asked: None,
        }
    }

    /// The host that this engine decides for.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Where adverts must be received and sent; [`LinkId`] counts in this list.
    #[must_use]
    pub fn links(&self) -> &[AdvertLink] {
        self.routers.links()
    }

    /// Whether any router's adverts travel on this link; a reload may leave links that none uses.
    #[must_use]
    pub fn uses(&self, link: LinkId) -> bool {
        self.routers.uses(link)
    }

    /// Makes another file ready for [`Engine::reload`]: its links can be opened before anything changes.
    #[must_use]
    pub fn succession(&self, host: Host) -> Succession {
        Succession {
            routers: Routers::new(&host, self.routers.links()),
            host,
        }
    }

    /// Goes over to another file. What is the same in both goes on undisturbed: elections and their timers, verdicts and
    /// their probes, learned MACs.
    pub fn reload(
        &mut self,
        now: Time,
        succession: Succession,
        interfaces: &[Interface],
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.phase != Phase::Running {
            return effects;
        }
        let Succession { host, routers } = succession;
        self.tracks.reload(&host, now);
        self.tracks.network(interfaces, &mut effects);
        let old = std::mem::replace(&mut self.routers, routers);
        // Before they take roles over: the first advert has the right priority.
        self.routers.stand(now, &self.tracks, &mut effects);
        self.routers.succeed(old, now, &mut effects);
        self.routers.stand(now, &self.tracks, &mut effects);
        self.routers.network(now, interfaces, &mut effects);
        self.tracks.tick(now, &mut effects);
        self.checks.reload(&host, now, &mut effects);
        self.checks.tick(now, &mut effects);
        self.peers.reload(&host, now, &mut effects);
        self.host = host;
        self.converge_before_announcing(&mut effects);
        effects
    }

    /// The names of the virtual routers whose master this host is.
    #[must_use]
    pub fn masterships(&self) -> Vec<String> {
        self.routers.masterships()
    }

    /// Whether this is the number of a thing that is tracked ([`LookId::track`]); a reload may end that.
    #[must_use]
    pub fn tracks(&self, number: usize) -> bool {
        self.tracks.has(number)
    }

    /// The roles that this host holds.
    #[must_use]
    pub fn holdings(&self) -> Vec<Holding> {
        self.routers.holdings()
    }

    /// The state of each virtual router that this host directs, by name.
    #[must_use]
    pub fn states(&self) -> BTreeMap<String, State> {
        self.routers.states()
    }

    /// What there is to say of this host's roles, its services, and why each weight is what it is.
    #[must_use]
    pub fn status(&self, now: Time) -> Status {
        Status {
            version: Status::VERSION,
            cluster: self.host.config.cluster.clone(),
            node: self.host.node.clone(),
            routers: self.routers.status(),
            services: self.checks.status(&self.host, now),
        }
    }

    /// The servers that an operator keeps from serving, by node.
    #[must_use]
    pub fn drained(&self) -> &BTreeMap<String, Drain> {
        self.checks.drained()
    }

    /// When the engine next wants an [`Event::Tick`]; never, when nothing is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        if self.phase != Phase::Running {
            return None;
        }
        [
            self.routers.deadline(),
            self.checks.deadline(),
            self.tracks.deadline(),
            self.peers.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Takes an event and answers with what is to be done, in order.
    pub fn handle(&mut self, now: Time, event: Event<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        match (self.phase, event) {
            (Phase::Waiting, Event::Start { adopted }) => {
                self.phase = Phase::Running;
                self.peers.start(now, &mut effects);
                self.routers.stand(now, &self.tracks, &mut effects);
                self.routers.start(now, adopted, &mut effects);
                self.tracks.tick(now, &mut effects);
                self.checks.tick(now, &mut effects);
                self.converge_before_announcing(&mut effects);
            }
            (Phase::Waiting, Event::Drain { node, how }) => {
                self.checks
                    .drain(now, (&self.host, node), how, &mut Vec::new());
            }
            (Phase::Running, Event::Stop) => {
                self.phase = Phase::Stopped;
                self.routers.stop(now, &mut effects);
                effects.push(Effect::Converge(Desired::standing(&self.host)));
            }
            (Phase::Running, event) => {
                self.run(now, event, &mut effects);
                // What the desired state depends on never changes without a report.
                if effects.iter().any(changes_desired_state) {
                    self.converge_before_announcing(&mut effects);
                }
            }
            (Phase::Waiting | Phase::Stopped, _) => {}
        }
        effects
    }

    fn run(&mut self, now: Time, event: Event<'_>, effects: &mut Vec<Effect>) {
        match event {
            Event::Tick => {
                self.routers.tick(now, effects);
                self.suspect_silent(now, effects);
                self.checks.tick(now, effects);
                self.tracks.tick(now, effects);
                self.routers.stand(now, &self.tracks, effects);
                self.peers.tick(now, effects);
            }
            Event::Advert {
                link,
                envelope,
                payload,
            } => {
                self.peers.heard(envelope.source, effects);
                self.routers.advert(now, link, &envelope, payload, effects);
            }
            Event::Probed(results) => self.checks.probed(now, results, effects),
            Event::Looked { id, found } => {
                self.tracks.looked(now, id, found, effects);
                self.routers.stand(now, &self.tracks, effects);
            }
            Event::Network {
                interfaces,
                neighbours,
            } => {
                self.tracks.network(interfaces, effects);
                self.routers.stand(now, &self.tracks, effects);
                self.routers.network(now, interfaces, effects);
                self.peers.network(neighbours, effects);
                self.checks.network(now, neighbours, effects);
            }
            Event::ProbesHeldUp => self.checks.held_up(now),
            Event::Drain { node, how } => {
                self.checks.drain(now, (&self.host, node), how, effects);
            }
            Event::HandOver => self.routers.hand_over(now, effects),
            Event::Start { .. } | Event::Stop => {}
        }
    }

    /// The host of a master that fell silent is most probably dead, and its server with it: it is asked now, not when
    /// its next probe is due.
    fn suspect_silent(&mut self, now: Time, effects: &mut Vec<Effect>) {
        let mut silent = Vec::new();
        for effect in effects.iter() {
            if let Effect::Report(Report::MasterSilent { address, .. }) = effect {
                silent.push(*address);
            }
        }
        for address in silent {
            self.checks.suspect(now, address, effects);
        }
    }

    /// Adds the new desired state, if it is new, ahead of the announcements that rest on it.
    fn converge_before_announcing(&mut self, effects: &mut Vec<Effect>) {
        let mut wanted = Vec::new();
        self.converge(&mut wanted);
        let place = effects
            .iter()
            .position(|effect| matches!(effect, Effect::Announce { .. }))
            .unwrap_or(effects.len());
        effects.splice(place..place, wanted);
    }

    fn converge(&mut self, effects: &mut Vec<Effect>) {
        let known = Known {
            routers: &self.routers,
            checks: &self.checks,
            peers: &self.peers,
        };
        let desired = Desired::running(&self.host, &known);
        if self.asked.as_ref() != Some(&desired) {
            self.asked = Some(desired.clone());
            effects.push(Effect::Converge(desired));
        }
    }
}

fn changes_desired_state(effect: &Effect) -> bool {
    match effect {
        Effect::Report(report) => match report {
            Report::Role { .. }
            | Report::MasterHeard { .. }
            | Report::Server { .. }
            | Report::Weight { .. }
            | Report::DirectorMac { .. }
            | Report::DirectorMacUnknown { .. } => true,
            Report::Tracked { .. }
            | Report::Priority { .. }
            | Report::Rejected { .. }
            | Report::AddressesDiffer { .. }
            | Report::IntervalDiffers { .. }
            | Report::Alarm { .. }
            | Report::MasterSilent { .. }
            | Report::NotSent { .. } => false,
        },
        Effect::Send { .. }
        | Effect::Converge(_)
        | Effect::Announce { .. }
        | Effect::Probe { .. }
        | Effect::Forget { .. }
        | Effect::Look { .. }
        | Effect::Solicit { .. } => false,
    }
}

/// The engine's parts, as far as the desired state asks.
struct Known<'a> {
    routers: &'a Routers,
    checks: &'a Checks,
    peers: &'a Peers,
}

impl Knowledge for Known<'_> {
    fn role(&self, router: usize) -> Role {
        self.routers.role(router)
    }

    fn want(&self, index: usize, service: &VirtualService, node: &str) -> Want {
        self.checks.want(index, service, node)
    }

    fn director_macs(&self) -> &BTreeMap<String, netfilter_mark::Mac> {
        self.peers.macs()
    }

    fn may_mark(&self) -> bool {
        self.peers.settled()
    }
}
