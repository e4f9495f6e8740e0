//! The MACs of the other directors: given in the file, or learned from the neighbour table and
//! followed. The last MAC known stays in force when the kernel forgets a neighbour.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use healthcheck::Time;
use netfilter_mark::Mac;

use super::event::{Effect, Neighbour, Report, Resolution};
use crate::config::MarkMode;
use crate::host::Host;

/// How often the kernel is made to look at a peer's MAC again. It asks the network only when its
/// entry is stale, so quiet times cost one unicast ARP request in half a minute or so.
const REFRESH: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Peers {
    interface: String,
    /// The directors whose MACs must be learned, with their addresses.
    learned: BTreeMap<String, Peer>,
    macs: BTreeMap<String, Mac>,
    refresh: Option<Time>,
}

#[derive(Debug)]
struct Peer {
    address: IpAddr,
    /// Whether the operator has been told that it does not answer.
    missing: bool,
    /// Whether it has been asked out of turn since it was last found missing.
    asked: bool,
}

impl Peers {
    pub(super) fn new(host: &Host) -> Self {
        let mut learned = BTreeMap::new();
        let mut macs = BTreeMap::new();
        for (_, service) in host.directed() {
            if service.fwmark.is_none() || service.mark == MarkMode::External {
                continue;
            }
            for name in service.directors.iter().filter(|name| **name != host.node) {
                let Some(node) = host.config.nodes.get(name) else {
                    continue;
                };
                match node.mac {
                    Some(mac) => {
                        macs.insert(name.clone(), mac);
                    }
                    None => {
                        let address = node.address;
                        let peer = Peer {
                            address,
                            missing: false,
                            asked: false,
                        };
                        learned.insert(name.clone(), peer);
                    }
                }
            }
        }
        Self {
            interface: host.nic.clone(),
            learned,
            macs,
            refresh: None,
        }
    }

    /// Goes over to another file. What was known before goes on being known, as far as that file asks for it.
    pub(super) fn reload(&mut self, host: &Host, now: Time, effects: &mut Vec<Effect>) {
        let old = std::mem::replace(self, Self::new(host));
        self.inherit(&old);
        match self.learned.keys().eq(old.learned.keys()) {
            true => self.refresh = old.refresh,
            false => self.start(now, effects),
        }
    }

    fn inherit(&mut self, old: &Self) {
        for (name, peer) in &mut self.learned {
            let before = old.learned.get(name);
            if before.is_none_or(|before| before.address != peer.address) {
                continue;
            }
            peer.missing = before.is_some_and(|before| before.missing);
            if let Some(mac) = old.macs.get(name) {
                self.macs.insert(name.clone(), *mac);
            }
        }
    }

    pub(super) fn macs(&self) -> &BTreeMap<String, Mac> {
        &self.macs
    }

    /// Whether every peer's MAC is known, or known not to be had.
    pub(super) fn settled(&self) -> bool {
        self.learned
            .iter()
            .all(|(name, peer)| peer.missing || self.macs.contains_key(name))
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.refresh
    }

    pub(super) fn start(&mut self, now: Time, effects: &mut Vec<Effect>) {
        if self.learned.is_empty() {
            return;
        }
        self.solicit(now, effects);
    }

    pub(super) fn tick(&mut self, now: Time, effects: &mut Vec<Effect>) {
        if self.refresh.is_some_and(|at| at <= now) {
            self.solicit(now, effects);
        }
    }

    /// A director that was missing speaks: its MAC is asked for at once.
    pub(super) fn heard(&mut self, source: IpAddr, effects: &mut Vec<Effect>) {
        let mut peers = self.learned.values_mut();
        if let Some(peer) = peers.find(|peer| peer.address == source && peer.missing && !peer.asked)
        {
            peer.asked = true;
            effects.push(Effect::Solicit {
                interface: self.interface.clone(),
                address: source,
            });
        }
    }

    pub(super) fn network(&mut self, neighbours: &[Neighbour], effects: &mut Vec<Effect>) {
        let names: Vec<(String, IpAddr)> = self
            .learned
            .iter()
            .map(|(name, peer)| (name.clone(), peer.address))
            .collect();
        for (name, address) in names {
            let found = neighbours.iter().find(|n| n.address == address);
            match found.map(|n| n.resolution) {
                Some(Resolution::Known(mac)) => self.learn(&name, mac, effects),
                Some(Resolution::Failed) => self.missing(&name, effects),
                Some(Resolution::Pending) | None => {}
            }
        }
    }

    fn learn(&mut self, name: &str, now: Mac, effects: &mut Vec<Effect>) {
        if let Some(peer) = self.learned.get_mut(name) {
            peer.missing = false;
        }
        let before = self.macs.insert(name.to_owned(), now);
        if before != Some(now) {
            effects.push(Effect::Report(Report::DirectorMac {
                node: name.to_owned(),
                before,
                now,
            }));
        }
    }

    /// A director that does not answer sends no frames either; should it have been known, its last
    /// MAC stays excluded.
    fn missing(&mut self, name: &str, effects: &mut Vec<Effect>) {
        if self.macs.contains_key(name) {
            return;
        }
        let Some(peer) = self.learned.get_mut(name) else {
            return;
        };
        peer.asked = false;
        if !peer.missing {
            peer.missing = true;
            effects.push(Effect::Report(Report::DirectorMacUnknown {
                node: name.to_owned(),
                address: peer.address,
            }));
        }
    }

    fn solicit(&mut self, now: Time, effects: &mut Vec<Effect>) {
        self.refresh = Some(now + REFRESH);
        effects.extend(self.learned.values().map(|peer| Effect::Solicit {
            interface: self.interface.clone(),
            address: peer.address,
        }));
    }
}
