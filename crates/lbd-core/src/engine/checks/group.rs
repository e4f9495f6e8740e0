//! One service's servers, and the weights that follow from what is known of them.

use std::collections::{BTreeMap, BTreeSet};

use healthcheck::{Role, Time};

use crate::config::VirtualService;
use crate::engine::event::Report;
use crate::weight::{Decision, Input, Want, Weights};

#[derive(Debug)]
pub(super) struct Group {
    pub(super) service: String,
    weights: Weights,
    inputs: BTreeMap<String, Input>,
    decisions: BTreeMap<String, Decision>,
    /// Who says that it is the primary, and since when.
    primaries: BTreeMap<String, Time>,
}

impl Group {
    pub(super) fn new(service: &VirtualService) -> Self {
        Self {
            service: service.name.clone(),
            weights: Weights::new(service.weighting.clone()),
            inputs: BTreeMap::new(),
            decisions: BTreeMap::new(),
            primaries: BTreeMap::new(),
        }
    }

    /// The same service under another file: what was decided lives on where it is decided in the same way.
    pub(super) fn succeed(&mut self, service: &VirtualService) {
        self.inputs.retain(|node, _| service.servers.contains(node));
        if *self.weights.policy() != service.weighting {
            self.weights = Weights::new(service.weighting.clone());
        }
    }

    /// Takes note of what is known of a server, and says whether it is new.
    pub(super) fn know(&mut self, node: &str, mut input: Input, now: Time) -> bool {
        let before = self.inputs.get(node);
        input.rival = before.and_then(|old| old.rival.clone());
        input.primary_up = before.is_some_and(|old| old.primary_up);
        // Who only could not be asked plays the same part as before.
        if input.measured.role == Role::Unknown && !input.health.is_down() {
            input.measured.role = before.map_or(Role::Unknown, |old| old.measured.role);
        }
        match input.measured.role {
            Role::Primary => {
                self.primaries.entry(node.to_owned()).or_insert(now);
            }
            Role::Replica | Role::Unknown => {
                self.primaries.remove(node);
            }
        }
        let before = self.inputs.insert(node.to_owned(), input);
        before.as_ref() != self.inputs.get(node)
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.weights.deadline()
    }

    /// Decides anew. Of a server that is in `told` the operator knows already that it came up or went down.
    pub(super) fn decide(&mut self, now: Time, told: &BTreeSet<String>, reports: &mut Vec<Report>) {
        self.find_rivals();
        let before = std::mem::take(&mut self.decisions);
        self.decisions = self.weights.decide(now, &self.inputs);
        for (node, decision) in &self.decisions {
            let old = before.get(node).map_or(Want::AsIs, |old| old.want);
            if old == decision.want || (told.contains(node) && self.goes_without_saying(node)) {
                continue;
            }
            reports.push(Report::Weight {
                service: self.service.clone(),
                node: node.clone(),
                want: decision.want,
                why: decision.why.clone(),
            });
        }
    }

    /// Whether a server gets what one that just came up or went down always gets.
    fn goes_without_saying(&self, node: &str) -> bool {
        let input = self.inputs.get(node);
        match self.want(node) {
            Want::Present(weight) => input.is_some_and(|input| input.base == weight),
            Want::Absent => input.is_some_and(|input| input.health.is_down()),
            Want::AsIs => true,
        }
    }

    /// Of several that say they are the primary, the one that has said so longest is believed: one that comes
    /// back after another was promoted in its place still has the old data.
    fn find_rivals(&mut self) {
        self.primaries
            .retain(|node, _| self.inputs.contains_key(node));
        let first = self.primaries.iter().min_by_key(|(_, since)| **since);
        let first = first.map(|(node, _)| node.clone());
        let believed = first.as_ref().and_then(|node| self.inputs.get(node));
        let primary_up = believed.is_some_and(|input| input.health.is_up());
        for (node, input) in &mut self.inputs {
            let is_rival = self.primaries.contains_key(node) && first.as_ref() != Some(node);
            input.rival = first.clone().filter(|_| is_rival);
            input.primary_up = primary_up && first.as_ref() != Some(node);
        }
    }

    pub(super) fn want(&self, node: &str) -> Want {
        self.decisions
            .get(node)
            .map_or(Want::AsIs, |decision| decision.want)
    }

    /// What is known of a server, and what was decided.
    pub(super) fn server(&self, node: &str) -> Option<(&Input, &Decision)> {
        Some((self.inputs.get(node)?, self.decisions.get(node)?))
    }
}
