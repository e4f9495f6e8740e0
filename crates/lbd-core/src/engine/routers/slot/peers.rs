//! What a router makes of the other directors: who stays master, whose file differs, who ranks next, who fell silent.

use std::net::IpAddr;

use healthcheck::Time;
use vrrp_proto::{Envelope, Incoming, Priority, Reject, State};

use super::{Slot, TOLD};
use crate::config::VirtualRouter;
use crate::engine::event::{Effect, Report};
use crate::engine::routers::rank::is_link_local;

impl Slot {
    /// Takes note of a master that will stay one.
    pub(super) fn decide(&mut self, incoming: &Incoming<'_>, effects: &mut Vec<Effect>) {
        let replaced = self.config.preempt && self.config.preempt_delay.is_zero();
        let stays = incoming.priority >= self.router.priority() || !replaced;
        if self.decided || incoming.priority == Priority::ZERO || !stays {
            return;
        }
        self.decided = true;
        effects.push(Effect::Report(Report::MasterHeard {
            router: self.config.name.clone(),
            source: incoming.source,
            priority: incoming.priority,
        }));
    }

    /// Tells once of each sender whose file is another.
    pub(super) fn compare(&mut self, incoming: &Incoming<'_>, effects: &mut Vec<Effect>) {
        let ours = self.config.advert_interval;
        let same_interval = incoming.interval == ours || incoming.priority == Priority::ZERO;
        if incoming.addresses_match && same_interval {
            self.differ.remove(&incoming.source);
            return;
        }
        if self.differ.len() >= TOLD || !self.differ.insert(incoming.source) {
            return;
        }
        let (router, source) = (self.config.name.clone(), incoming.source);
        if !incoming.addresses_match {
            let router = router.clone();
            effects.push(Effect::Report(Report::AddressesDiffer { router, source }));
        }
        if !same_interval {
            effects.push(Effect::Report(Report::IntervalDiffers {
                router,
                source,
                theirs: incoming.interval,
                ours,
            }));
        }
    }

    /// Whether this node ranks next after a director that resigns. It then need not wait for the
    /// skew, whose purpose is to find that out. Only a director of the file is believed to be a known
    /// quantity, and only with its full priority does this node know its own rank. Where tracked things can raise
    /// priorities, nobody knows the others' ranks.
    pub(super) fn succeeds(&self, resigning: IpAddr) -> bool {
        let Some(resigning) = self.director(resigning) else {
            return false;
        };
        let best = self.others.iter().find(|other| **other != resigning);
        let outranks = |other: &(Priority, IpAddr)| match is_link_local(self.source) {
            // Of equals the file does not tell which has the higher one.
            true => other.0 < self.priority,
            false => *other < (self.priority, self.source),
        };
        self.router.state() == State::Backup
            && self.router.priority() == self.priority
            && !can_be_raised(&self.config)
            && best.is_none_or(outranks)
    }

    /// The director that sends from this address. An IPv6 advert comes from a link-local address, which
    /// the file does not have: its sender is known by the priority that it advertised last.
    fn director(&self, sender: IpAddr) -> Option<(Priority, IpAddr)> {
        let mut others = self.others.iter().copied();
        if !is_link_local(sender) {
            return others.find(|(_, address)| *address == sender);
        }
        let (_, priority) = self.heard.filter(|(source, _)| *source == sender)?;
        let mut fitting = others.filter(|other| other.0 == priority);
        fitting.next().filter(|_| fitting.next().is_none())
    }

    pub(super) fn rejected(
        &mut self,
        envelope: &Envelope,
        reject: &Reject,
        effects: &mut Vec<Effect>,
    ) {
        let count = self.tally.rejected(reject.reason());
        // They can come in floods: the first of a kind is told, then every power of two.
        if count.is_power_of_two() {
            effects.push(Effect::Report(Report::Rejected {
                router: self.config.name.clone(),
                interface: self.config.interface.clone(),
                source: envelope.source,
                reject: *reject,
                count,
            }));
        }
    }

    /// The director that a backup misses: two adverts of it in a row have not come, and it has not resigned. (Of two
    /// directors with the same priority over IPv6 it is not known which one it is.)
    pub(super) fn silent_master(&self, now: Time) -> Option<IpAddr> {
        let (source, _) = self.heard?;
        let interval = self.router.master_interval().as_duration();
        let silent = now.saturating_sub(self.heard_at?) > interval.saturating_mul(2);
        let backup = self.router.state() == State::Backup;
        let (_, address) = self.director(source).filter(|_| backup && silent)?;
        Some(address)
    }
}

/// Whether tracked things can raise a router's priority above the file's.
fn can_be_raised(config: &VirtualRouter) -> bool {
    let scripts = config.track_scripts.iter().map(|track| track.weight);
    let mut weights = scripts
        .chain(config.track_interfaces.iter().map(|track| track.weight))
        .chain(config.track_processes.iter().map(|track| track.weight));
    weights.any(|weight| weight > 0) || config.track_files.iter().any(|track| track.weight != 0)
}
