//! The health checks of the services that this node balances: when to probe, what the results say of
//! each server, and which weight follows.

mod agenda;
mod check;
mod group;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use healthcheck::{Health, Time};

use super::event::{Assignment, Effect, Neighbour, ProbeId, Probed, Report, Resolution, Spared};
use super::status::{ServerStatus, ServiceStatus};
use crate::config::VirtualService;
use crate::host::Host;
use crate::weight::{Input, Want};
use agenda::{Agenda, Item};
use check::Check;
use group::Group;

/// Whoever comes later than this was held up, and with it perhaps the results of probes.
const HELD_UP: Duration = Duration::from_millis(200);

#[derive(Debug, Default)]
pub(super) struct Checks {
    /// By number. Numbers are not used again, so that the result of a probe that a reload made moot finds nobody.
    checks: BTreeMap<usize, Check>,
    /// The servers by service, a place in the configuration, and node.
    servers: BTreeMap<(usize, String), Server>,
    /// By number of a check, whose it is.
    owners: BTreeMap<usize, (usize, String)>,
    /// By place in the configuration.
    groups: BTreeMap<usize, Group>,
    agenda: Agenda,
    /// Services of whose servers something became known since their weights were decided.
    stale: BTreeSet<usize>,
    next: usize,
    /// Until when no probe is given up, because this daemon itself was held up: its own delay is no
    /// server's failure.
    pardon: Time,
    /// Neighbours that do not answer.
    silent: BTreeSet<IpAddr>,
    /// Nodes that an operator keeps from serving.
    spared: BTreeMap<String, Spared>,
}

#[derive(Debug)]
struct Server {
    address: IpAddr,
    base: u32,
    /// None where the service has no check: its servers always count as healthy.
    check: Option<usize>,
}

impl Checks {
    pub(super) fn new(host: &Host, now: Time) -> Self {
        let mut checks = Self::default();
        checks.reload(host, now, &mut Vec::new());
        checks
    }

    /// Goes over to another file: a server that is checked as before keeps its verdict and its probe under way.
    pub(super) fn reload(&mut self, host: &Host, now: Time, effects: &mut Vec<Effect>) {
        let mut old: BTreeMap<(String, String), (usize, Check)> = std::mem::take(&mut self.checks)
            .into_iter()
            .map(|(number, check)| (check.assignment.name(), (number, check)))
            .collect();
        let groups = std::mem::take(&mut self.groups).into_values();
        let mut groups: BTreeMap<String, Group> =
            groups.map(|group| (group.service.clone(), group)).collect();
        self.agenda = Agenda::default();
        self.servers.clear();
        self.owners.clear();
        let count = host
            .directed()
            .map(|(_, service)| service.servers.len())
            .sum();
        let mut place = 0;
        for (index, service) in host.directed() {
            let mut group = groups
                .remove(&service.name)
                .unwrap_or_else(|| Group::new(service));
            group.succeed(service);
            self.groups.insert(index, group);
            for node in &service.servers {
                let Some(address) = host.config.nodes.get(node).map(|node| node.address) else {
                    continue;
                };
                let check = assignment(host, service, node, address).map(|assignment| {
                    let kept = old
                        .remove(&assignment.name())
                        .filter(|(_, old)| *old.assignment == assignment);
                    let new = || Check::new(assignment, now, (place, count));
                    self.take_in(kept, new, (index, node.clone()))
                });
                place += 1;
                let base = service.weight_of(node);
                let key = (index, node.clone());
                self.servers.insert(
                    key,
                    Server {
                        address,
                        base,
                        check,
                    },
                );
                self.learn((index, node), now);
            }
        }
        effects.extend(old.into_values().map(|(check, _)| Effect::Forget { check }));
        self.decide(now, &[], effects);
    }

    fn take_in(
        &mut self,
        kept: Option<(usize, Check)>,
        new: impl FnOnce() -> Check,
        owner: (usize, String),
    ) -> usize {
        let (number, check) = kept.unwrap_or_else(|| {
            let number = self.next;
            self.next = number.wrapping_add(1);
            (number, new())
        });
        self.agenda.set(Item::Check(number), check.deadline());
        self.checks.insert(number, check);
        self.owners.insert(number, owner);
        number
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.agenda.first()
    }

    /// What is wanted of a node in the table, as a server of the service at this place in the configuration.
    pub(super) fn want(&self, service: usize, node: &str) -> Want {
        let group = self.groups.get(&service);
        group.map_or(Want::AsIs, |group| group.want(node))
    }

    pub(super) fn tick(&mut self, now: Time, effects: &mut Vec<Effect>) {
        let late = self.agenda.first().map(|due| now.saturating_sub(due));
        if let Some(late) = late.filter(|late| *late > HELD_UP) {
            self.pardon = now.saturating_add(late.max(Duration::from_secs(1)));
        }
        let mut reports = Vec::new();
        for item in self.agenda.take_due(now) {
            match item {
                Item::Check(number) => self.poll(now, number, &mut reports, effects),
                Item::Service(index) => {
                    self.stale.insert(index);
                }
            }
        }
        self.decide(now, &reports, effects);
    }

    fn poll(
        &mut self,
        now: Time,
        number: usize,
        reports: &mut Vec<Report>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(check) = self.checks.get_mut(&number) else {
            return;
        };
        if check.is_probing() && now < self.pardon {
            self.agenda.set(Item::Check(number), Some(self.pardon));
            return;
        }
        let was_lost = check.is_probing();
        let start = check.poll(now, reports);
        self.agenda.set(Item::Check(number), check.deadline());
        if let Some(start) = start {
            effects.push(Effect::Probe {
                id: ProbeId {
                    check: number,
                    probe: start.probe,
                },
                timeout: start.timeout,
                assignment: Arc::clone(&check.assignment),
            });
        }
        if was_lost {
            self.changed(number, now);
        }
    }

    pub(super) fn probed(&mut self, now: Time, results: Vec<Probed>, effects: &mut Vec<Effect>) {
        let mut reports = Vec::new();
        for Probed { id, outcome } in results {
            if let Some(check) = self.checks.get_mut(&id.check) {
                check.finished(now, id.probe, outcome, &mut reports);
                self.agenda.set(Item::Check(id.check), check.deadline());
                self.changed(id.check, now);
            }
        }
        self.decide(now, &reports, effects);
    }

    /// The host with this address fell silent: its server is asked at once, and suspected meanwhile.
    pub(super) fn suspect(&mut self, now: Time, address: IpAddr, effects: &mut Vec<Effect>) {
        let servers = self.servers.values();
        let numbers: Vec<usize> = servers
            .filter(|server| server.address == address)
            .filter_map(|server| server.check)
            .collect();
        let mut reports = Vec::new();
        for number in numbers {
            if let Some(check) = self.checks.get_mut(&number) {
                check.suspect(now, &mut reports);
                self.agenda.set(Item::Check(number), check.deadline());
                self.changed(number, now);
            }
        }
        self.decide(now, &reports, effects);
        self.tick(now, effects);
    }

    /// A neighbour that the kernel found a moment ago, and does not find any more, is suspected.
    pub(super) fn network(
        &mut self,
        now: Time,
        neighbours: &[Neighbour],
        effects: &mut Vec<Effect>,
    ) {
        for neighbour in neighbours {
            match neighbour.resolution {
                Resolution::Known(_) => {
                    self.silent.remove(&neighbour.address);
                }
                Resolution::Failed => {
                    let served = |server: &Server| server.address == neighbour.address;
                    if self.servers.values().any(served) && self.silent.insert(neighbour.address) {
                        self.suspect(now, neighbour.address, effects);
                    }
                }
                Resolution::Pending => {}
            }
        }
    }

    /// Keeps a node's servers from serving, or does so no longer. One that the file does not have is remembered: it may
    /// come with the next file.
    pub(super) fn spare(
        &mut self,
        now: Time,
        node: &str,
        how: Option<Spared>,
        effects: &mut Vec<Effect>,
    ) {
        match how {
            Some(how) => self.spared.insert(node.to_owned(), how),
            None => self.spared.remove(node),
        };
        let services: Vec<usize> = self.groups.keys().copied().collect();
        for index in services {
            self.learn((index, &node.to_owned()), now);
        }
        self.decide(now, &[], effects);
    }

    pub(super) fn spared(&self) -> &BTreeMap<String, Spared> {
        &self.spared
    }

    /// Something may have become known of the server of this check.
    fn changed(&mut self, number: usize, now: Time) {
        if let Some((index, node)) = self.owners.get(&number).cloned() {
            self.learn((index, &node), now);
        }
    }

    fn learn(&mut self, (index, node): (usize, &String), now: Time) {
        let Some(server) = self.servers.get(&(index, node.clone())) else {
            return;
        };
        let check = server.check.and_then(|number| self.checks.get(&number));
        let mut input = match check {
            Some(check) => check.input(server.base),
            None => Input::new(server.base, Health::Up),
        };
        let spared = self.spared.get(node);
        input.drained = spared == Some(&Spared::Drained);
        input.maintenance = spared == Some(&Spared::InMaintenance);
        let Some(group) = self.groups.get_mut(&index) else {
            return;
        };
        if group.know(node, input, now) {
            self.stale.insert(index);
        }
    }

    /// Decides the weights of the services of whose servers something became known, after what is to be told of
    /// the servers themselves.
    fn decide(&mut self, now: Time, reports: &[Report], effects: &mut Vec<Effect>) {
        let mut told = BTreeSet::new();
        for report in reports {
            if let Report::Server { service, node, .. } = report {
                told.insert((service.clone(), node.clone()));
            }
        }
        let mut reports = reports.to_vec();
        for index in std::mem::take(&mut self.stale) {
            if let Some(group) = self.groups.get_mut(&index) {
                group.decide(now, &told, &mut reports);
                self.agenda.set(Item::Service(index), group.deadline());
            }
        }
        effects.extend(reports.into_iter().map(Effect::Report));
    }

    /// What there is to say of each service that this node balances.
    pub(super) fn status(&self, host: &Host, now: Time) -> Vec<ServiceStatus> {
        let status = |(index, service): (usize, &VirtualService)| ServiceStatus {
            name: service.name.clone(),
            address: service.address,
            port: service.port,
            fwmark: service.fwmark.map(NonZeroU32::get),
            scheduler: service.scheduler.to_string(),
            servers: self.servers_of(index, service, now).collect(),
        };
        host.directed().map(status).collect()
    }

    fn servers_of<'a>(
        &'a self,
        index: usize,
        service: &'a VirtualService,
        now: Time,
    ) -> impl Iterator<Item = ServerStatus> + 'a {
        let group = self.groups.get(&index);
        service.servers.iter().filter_map(move |node| {
            let server = self.servers.get(&(index, node.clone()))?;
            let (input, decision) = group?.server(node)?;
            let check = server.check.and_then(|number| self.checks.get(&number));
            let since = check.map(|check| now.saturating_sub(check.since()));
            Some(ServerStatus::new(
                node,
                server.address,
                input,
                decision,
                since,
            ))
        })
    }
}

/// Who is to be asked what; none where the service has no check.
fn assignment(
    host: &Host,
    service: &VirtualService,
    node: &str,
    address: IpAddr,
) -> Option<Assignment> {
    let check = service.health_check.as_ref()?;
    Some(Assignment {
        service: service.name.clone(),
        node: node.to_owned(),
        source: host
            .address()
            .filter(|own| own.is_ipv4() == address.is_ipv4()),
        target: check.target(address, service.port),
        check: Arc::clone(check),
    })
}
