//! Which checks there are: those of the file, and what lives on of the file before.

use std::collections::BTreeMap;
use std::sync::Arc;

use healthcheck::Time;

use super::agenda::{Agenda, Item};
use super::check::Check;
use super::group::Group;
use super::{Checks, Server};
use crate::config::VirtualService;
use crate::engine::event::{Assignment, Effect};
use crate::host::Host;

impl Checks {
    /// Goes over to another file: a server that is asked the same as before keeps its verdict and its probe under way.
    pub(in crate::engine) fn reload(&mut self, host: &Host, now: Time, effects: &mut Vec<Effect>) {
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
        let count = checked(host)
            .map(|(.., service)| service.servers.len())
            .sum();
        let mut index = 0;
        for (place, service) in checked(host) {
            let mut group = groups
                .remove(&service.name)
                .unwrap_or_else(|| Group::new(service));
            group.succeed(service);
            self.groups.insert(place, group);
            for node in &service.servers {
                let Some(assignment) = assignment(host, service, node) else {
                    continue;
                };
                let server = Server {
                    address: assignment.target.ip(),
                    base: service.weight_of(node),
                    check: self.take_in(&mut old, assignment, now, (index, count)),
                };
                index += 1;
                self.owners.insert(server.check, (place, node.clone()));
                self.servers.insert((place, node.clone()), server);
                self.learn((place, node), now);
            }
        }
        effects.extend(old.into_values().map(|(check, _)| Effect::Forget { check }));
        self.decide(now, Vec::new(), effects);
    }

    /// The check of a server: that of before, if it asks the same.
    fn take_in(
        &mut self,
        old: &mut BTreeMap<(String, String), (usize, Check)>,
        assignment: Assignment,
        now: Time,
        place: (usize, usize),
    ) -> usize {
        let name = assignment.name();
        let same = old
            .get(&name)
            .is_some_and(|(_, check)| check.asks_as(&assignment));
        // One that asks something else stays, to be forgotten.
        let kept = same.then(|| old.remove(&name)).flatten();
        let (number, check) = match kept {
            Some((number, mut check)) => {
                check.reform(assignment, now, place);
                (number, check)
            }
            None => {
                let number = self.next;
                self.next = number.wrapping_add(1);
                (number, Check::new(assignment, now, place))
            }
        };
        self.agenda.set(Item::Check(number), check.deadline());
        self.checks.insert(number, check);
        number
    }
}

/// The services that this host balances and checks, with their places in the configuration.
fn checked(host: &Host) -> impl Iterator<Item = (usize, &VirtualService)> {
    let services = host.directed();
    services.filter(|(_, service)| service.health_check.is_some())
}

/// Who is to be asked what; none where the service has no check.
fn assignment(host: &Host, service: &VirtualService, node: &str) -> Option<Assignment> {
    let check = service.health_check.as_ref()?;
    let address = host.config.nodes.get(node)?.address;
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
