//! The health checks of the services that this node balances: when to probe, and what the results
//! say of each server.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use healthcheck::{Change, Monitor, Outcome, Time};

use super::event::{Effect, ProbeId, Report};
use crate::desired::Health;
use crate::host::Host;

#[derive(Debug)]
pub(super) struct Checks {
    source: Option<IpAddr>,
    checks: Vec<Check>,
}

#[derive(Debug)]
struct Check {
    service: usize,
    service_name: String,
    node: String,
    target: SocketAddr,
    /// None where the service has no check: its servers always count as healthy.
    monitor: Option<Monitor>,
}

impl Checks {
    pub(super) fn new(host: &Host, now: Time) -> Self {
        let mut checks = Vec::new();
        for (index, service) in host.directed() {
            for name in &service.servers {
                let Some(node) = host.config.nodes.get(name) else {
                    continue;
                };
                let check = service.health_check.as_ref();
                checks.push(Check {
                    service: index,
                    service_name: service.name.clone(),
                    node: name.clone(),
                    target: check.map_or_else(
                        || SocketAddr::new(node.address, service.port),
                        |check| check.target(node.address, service.port),
                    ),
                    monitor: check
                        .map(|check| Monitor::new(check.policy().clone(), now, Duration::ZERO)),
                });
            }
        }
        Self {
            source: host.address(),
            checks,
        }
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.monitors().filter_map(Monitor::deadline).min()
    }

    fn monitors(&self) -> impl Iterator<Item = &Monitor> {
        self.checks
            .iter()
            .filter_map(|check| check.monitor.as_ref())
    }

    pub(super) fn health(&self, service: usize, node: &str) -> Health {
        let check = self
            .checks
            .iter()
            .find(|check| check.service == service && check.node == node);
        match check.map(|check| check.monitor.as_ref().map(Monitor::health)) {
            None => Health::Unknown,
            Some(None | Some(healthcheck::Health::Up)) => Health::Up,
            Some(Some(healthcheck::Health::Unknown)) => Health::Unknown,
            Some(Some(healthcheck::Health::Down { .. })) => Health::Down,
        }
    }

    pub(super) fn tick(&mut self, now: Time, effects: &mut Vec<Effect>) {
        for (index, check) in self.checks.iter_mut().enumerate() {
            let Some(monitor) = &mut check.monitor else {
                continue;
            };
            let lost = monitor.expired(now);
            if let Some(start) = monitor.poll(now) {
                effects.push(Effect::Probe {
                    id: ProbeId {
                        check: index,
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
        let Some(check) = self.checks.get_mut(id.check) else {
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
    fn report(&self, change: Change) -> Effect {
        let failure = match change.to {
            healthcheck::Health::Down { failure } => Some(failure),
            healthcheck::Health::Up | healthcheck::Health::Unknown => None,
        };
        Effect::Report(Report::Server {
            service: self.service_name.clone(),
            node: self.node.clone(),
            failure,
        })
    }
}
