//! A table of somebody's firewall, whatever wrote it.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Marking;
use crate::{GUARD_CHAIN, MARK_CHAIN};

/// Where in the kernel a chain hangs; only what packets for an address of this host pass before IPVS, and what IPVS
/// sends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hook {
    Prerouting,
    Input,
    Output,
}

/// A table and its chains.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// In words.
    pub(super) name: String,
    pub(super) bases: Vec<Base>,
    pub(super) chains: BTreeMap<String, Vec<Rule>>,
}

/// A chain that the kernel calls.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) chain: String,
    pub(super) hook: Hook,
    /// The less, the earlier.
    pub(super) priority: i32,
}

/// A rule, as far as we are concerned.
#[derive(Debug, Default)]
pub(super) struct Rule {
    pub(super) text: String,
    /// Whether packets of our targets can match it; if in doubt, they can.
    pub(super) may_match: bool,
    /// The chains that it may call.
    pub(super) goals: Vec<String>,
    pub(super) marking: Option<Marking>,
    /// How it ends the traversal of its chain or the whole table in favour of the packet.
    pub(super) end: Option<End>,
}

/// What a packet leaves by a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The table.
    Accept,
    /// The chain; a base chain and the table with it.
    Return,
}

/// A rule that packets of ours may come to.
#[derive(Debug)]
pub(super) struct Reached<'a> {
    /// The place of the base chain's rule that leads to it.
    pub(super) position: usize,
    pub(super) chain: &'a str,
    pub(super) rule: &'a Rule,
}

impl Table {
    /// Whether there is any rule but the jumps to our chains.
    pub(super) fn is_used(&self) -> bool {
        let is_ours = |goal: &String| matches!(goal.as_str(), MARK_CHAIN | GUARD_CHAIN);
        let mut rules = self.chains.values().flatten();
        rules.any(|rule| !rule.goals.iter().any(is_ours))
    }

    /// The place of the base chain's first rule that calls this chain.
    pub(super) fn jump(&self, base: &Base, goal: &str) -> Option<usize> {
        self.rules(&base.chain)
            .iter()
            .position(|rule| rule.goals.iter().any(|name| name == goal))
    }

    /// Every rule that packets of ours may come to from this base chain; some more than once.
    pub(super) fn reached<'a>(&'a self, base: &'a Base) -> Vec<Reached<'a>> {
        let mut called = BTreeMap::new();
        let mut found = Vec::new();
        let rules = self.rules(&base.chain).iter().enumerate();
        for (position, rule) in rules.filter(|(_, rule)| rule.may_match) {
            let chain = base.chain.as_str();
            found.push(Reached {
                position,
                chain,
                rule,
            });
            for goal in &rule.goals {
                let chains = called
                    .entry(goal.as_str())
                    .or_insert_with(|| self.called_from(goal));
                for chain in chains.iter().copied() {
                    let rules = self.rules(chain).iter().filter(|rule| rule.may_match);
                    found.extend(rules.map(|rule| Reached {
                        position,
                        chain,
                        rule,
                    }));
                }
            }
        }
        found
    }

    /// This chain and all that it may call.
    fn called_from<'a>(&'a self, chain: &'a str) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![chain];
        while let Some(chain) = waiting.pop() {
            if seen.insert(chain) {
                let rules = self.rules(chain).iter().filter(|rule| rule.may_match);
                waiting.extend(rules.flat_map(|rule| &rule.goals).map(String::as_str));
            }
        }
        seen
    }

    fn rules(&self, chain: &str) -> &[Rule] {
        self.chains
            .get(chain)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }
}
