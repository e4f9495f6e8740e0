//! The health checks of the services that this node balances: when to probe, what the results say of
//! each server, and which weight follows.

mod agenda;
mod check;
mod group;
mod reload;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use healthcheck::Time;

use super::event::{Drain, Effect, Neighbour, ProbeId, Probed, Report, Resolution};
use crate::config::VirtualService;
use crate::host::Host;
use crate::weight::Want;
use agenda::{Agenda, Item};
use check::Check;
use group::Group;

/// Whoever comes later than this was held up, and with it perhaps the results of probes.
const HELD_UP: Duration = Duration::from_millis(200);
/// For so long at least no probe is given up then.
const PARDON: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Checks {
    /// By number. Numbers are not used again, so that the result of a probe that a reload made moot finds nobody.
    checks: BTreeMap<usize, Check>,
    /// The servers of services that have a check, by service, a place in the configuration, and node. Of others there is
    /// nothing to keep.
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
    drained: BTreeMap<String, Drain>,
}

#[derive(Debug)]
struct Server {
    address: IpAddr,
    base: u32,
    check: usize,
}

impl Checks {
    pub(super) fn new(host: &Host, now: Time) -> Self {
        let mut checks = Self::default();
        checks.reload(host, now, &mut Vec::new());
        checks
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.agenda.first()
    }

    /// What is wanted in the table of a node as a server of a service. One without a check always counts as healthy.
    pub(super) fn want(&self, index: usize, service: &VirtualService, node: &str) -> Want {
        match self.groups.get(&index) {
            Some(group) => group.want(node),
            None => match self.drained.get(node) {
                None => Want::Present(service.weight_of(node)),
                Some(Drain::Connections) => Want::Present(0),
                Some(Drain::Maintenance) => Want::Absent,
            },
        }
    }

    /// What carries the probes out was held up: nothing is given up for a while.
    pub(super) fn held_up(&mut self, now: Time) {
        self.pardon = self.pardon.max(now.saturating_add(PARDON));
    }

    pub(super) fn tick(&mut self, now: Time, effects: &mut Vec<Effect>) {
        let late = self.agenda.first().map(|due| now.saturating_sub(due));
        if let Some(late) = late.filter(|late| *late > HELD_UP) {
            self.pardon = now.saturating_add(late.max(PARDON));
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
        self.decide(now, reports, effects);
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
        self.decide(now, reports, effects);
    }

    /// The host with this address fell silent: its server is asked at once, and suspected meanwhile.
    pub(super) fn suspect(&mut self, now: Time, address: IpAddr, effects: &mut Vec<Effect>) {
        let servers = self.servers.values();
        let numbers: Vec<usize> = servers
            .filter(|server| server.address == address)
            .map(|server| server.check)
            .collect();
        let mut reports = Vec::new();
        for number in numbers {
            if let Some(check) = self.checks.get_mut(&number) {
                check.suspect(now, &mut reports);
                self.agenda.set(Item::Check(number), check.deadline());
                self.changed(number, now);
            }
        }
        self.decide(now, reports, effects);
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

    /// Drains a node, or does so no longer. One that the file does not have is remembered: it may come with the next file.
    pub(super) fn drain(
        &mut self,
        now: Time,
        (host, node): (&Host, &str),
        how: Option<Drain>,
        effects: &mut Vec<Effect>,
    ) {
        match how {
            Some(how) => self.drained.insert(node.to_owned(), how),
            None => self.drained.remove(node),
        };
        let mut reports = Vec::new();
        for (index, service) in host.directed() {
            if !service.servers.iter().any(|server| server == node) {
                continue;
            }
            if self.groups.contains_key(&index) {
                self.learn((index, &node.to_owned()), now);
                continue;
            }
            reports.push(Report::Weight {
                service: service.name.clone(),
                node: node.to_owned(),
                want: self.want(index, service, node),
                why: unchecked(how).to_owned(),
            });
        }
        self.decide(now, reports, effects);
    }

    pub(super) fn drained(&self) -> &BTreeMap<String, Drain> {
        &self.drained
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
        let Some(check) = self.checks.get(&server.check) else {
            return;
        };
        let mut input = check.input(server.base);
        let drained = self.drained.get(node);
        input.drained = drained == Some(&Drain::Connections);
        input.maintenance = drained == Some(&Drain::Maintenance);
        let Some(group) = self.groups.get_mut(&index) else {
            return;
        };
        if group.know(node, input, now) {
            self.stale.insert(index);
        }
    }

    /// Decides the weights of the services of whose servers something became known, after what is to be told of
    /// the servers themselves.
    fn decide(&mut self, now: Time, mut reports: Vec<Report>, effects: &mut Vec<Effect>) {
        let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for report in &reports {
            if let Report::Server { service, node, .. } = report {
                told.entry(service.clone())
                    .or_default()
                    .insert(node.clone());
            }
        }
        let nobody = BTreeSet::new();
        for index in std::mem::take(&mut self.stale) {
            if let Some(group) = self.groups.get_mut(&index) {
                let told = told.get(&group.service).unwrap_or(&nobody);
                group.decide(now, told, &mut reports);
                self.agenda.set(Item::Service(index), group.deadline());
            }
        }
        effects.extend(reports.into_iter().map(Effect::Report));
    }
}

/// Why a server without a check gets what it gets.
fn unchecked(how: Option<Drain>) -> &'static str {
    match how {
        None => "not checked: full weight",
        Some(Drain::Connections) => "drained: no new connections",
        Some(Drain::Maintenance) => "in maintenance: not in the table",
    }
}
