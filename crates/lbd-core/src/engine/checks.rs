//! The health checks of the services that this node balances: when to probe, and what the results
//! say of each server.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use healthcheck::{Change, Monitor, Outcome, Time};

use super::event::{Effect, ProbeId, Report};
use crate::config::VirtualService;
use crate::desired::Health;
use crate::host::Host;

#[derive(Debug)]
pub(super) struct Checks {
    source: Option<IpAddr>,
    /// By number. Numbers are not used again, so that the result of a probe that a reload made moot finds nobody.
    checks: BTreeMap<usize, Check>,
    /// The check of each node as a server of the service at a place in the configuration.
    places: BTreeMap<(usize, String), usize>,
    next: usize,
}

#[derive(Debug)]
struct Check {
    service_name: String,
    node: String,
    target: SocketAddr,
    /// None where the service has no check: its servers always count as healthy.
    monitor: Option<Monitor>,
}

impl Checks {
    pub(super) fn new(host: &Host, now: Time) -> Self {
        let mut checks = Self {
            source: None,
            checks: BTreeMap::new(),
            places: BTreeMap::new(),
            next: 0,
        };
        checks.reload(host, now);
        checks
    }

    /// Goes over to another file: a server that is checked as before keeps its verdict and its probe under way.
    pub(super) fn reload(&mut self, host: &Host, now: Time) {
        let old = std::mem::take(&mut self.checks);
        let name = |check: &Check| (check.service_name.clone(), check.node.clone());
        let mut old: BTreeMap<(String, String), (usize, Check)> = old
            .into_iter()
            .map(|(number, check)| (name(&check), (number, check)))
            .collect();
        self.source = host.address();
        self.places.clear();
        for (index, service) in host.directed() {
            for node in &service.servers {
                let Some(check) = Check::new(host, service, node, now) else {
                    continue;
                };
                let kept = old
                    .remove(&name(&check))
                    .filter(|(_, old)| old.is_as(&check));
                let (number, check) = kept.unwrap_or_else(|| {
                    let number = self.next;
                    self.next = number.wrapping_add(1);
                    (number, check)
                });
                self.places.insert((index, node.clone()), number);
                self.checks.insert(number, check);
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.monitors().filter_map(Monitor::deadline).min()
    }

    fn monitors(&self) -> impl Iterator<Item = &Monitor> {
        self.checks
            .values()
            .filter_map(|check| check.monitor.as_ref())
    }

    pub(super) fn health(&self, service: usize, node: &str) -> Health {
        let number = self.places.get(&(service, node.to_owned()));
        let check = number.and_then(|number| self.checks.get(number));
        match check.map(|check| check.monitor.as_ref().map(Monitor::health)) {
            None => Health::Unknown,
            Some(None | Some(healthcheck::Health::Up)) => Health::Up,
            Some(Some(healthcheck::Health::Unknown)) => Health::Unknown,
            Some(Some(
                healthcheck::Health::Suspected
                | healthcheck::Health::Busy
                | healthcheck::Health::Down { .. },
            )) => Health::Down,
        }
    }

    pub(super) fn tick(&mut self, now: Time, effects: &mut Vec<Effect>) {
        for (number, check) in &mut self.checks {
            let Some(monitor) = &mut check.monitor else {
                continue;
            };
            let lost = monitor.expired(now);
            if let Some(start) = monitor.poll(now) {
                effects.push(Effect::Probe {
                    id: ProbeId {
                        check: *number,
                        probe: start.probe,
                    },
                    source: self.source,
                    target: check.target,
                    timeout: start.timeout,
                });
            }
            effects.extend(lost.map(|change| check.report(change)));
        }
    }

    pub(super) fn probed(
        &mut self,
        now: Time,
        id: ProbeId,
        outcome: Outcome,
        effects: &mut Vec<Effect>,
    ) {
        let Some(check) = self.checks.get_mut(&id.check) else {
            return;
        };
        let Some(monitor) = &mut check.monitor else {
            return;
        };
        if let Some(change) = monitor.finished_probe(now, id.probe, outcome) {
            effects.push(check.report(change));
        }
    }
}

impl Check {
    fn new(host: &Host, service: &VirtualService, node: &str, now: Time) -> Option<Self> {
        let address = host.config.nodes.get(node)?.address;
        let check = service.health_check.as_ref();
        let target = check.map_or_else(
            || SocketAddr::new(address, service.port),
            |check| check.target(address, service.port),
        );
        Some(Self {
            service_name: service.name.clone(),
            node: node.to_owned(),
            target,
            monitor: check.map(|check| Monitor::new(check.policy().clone(), now, Duration::ZERO)),
        })
    }

    /// Whether both ask the same of the same server.
    fn is_as(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.monitor.as_ref(), other.monitor.as_ref());
        self.target == other.target && ours.map(Monitor::policy) == theirs.map(Monitor::policy)
    }

    fn report(&self, change: Change) -> Effect {
        let failure = match change.to {
            healthcheck::Health::Down { failure } => Some(failure),
            healthcheck::Health::Up
            | healthcheck::Health::Unknown
            | healthcheck::Health::Suspected
            | healthcheck::Health::Busy => None,
        };
        Effect::Report(Report::Server {
            service: self.service_name.clone(),
            node: self.node.clone(),
            failure,
        })
    }
}
