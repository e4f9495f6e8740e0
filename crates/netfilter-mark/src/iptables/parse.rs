//! Reads what `iptables-save -t mangle` prints, of either variant and either family.

use super::rule::{self, Effect, Rule};
use super::words::{appended, goal, tokens};
use crate::found::Found;
use crate::rule::Packets;
use crate::state::SHOWN;
use crate::{ChainState, Fault, GUARD_CHAIN, MARK_CHAIN, MarkRule};

/// What the table holds of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) mark: Chain,
    pub(super) guard: Chain,
    /// The rules, sorted.
    pub(super) rules: Vec<MarkRule>,
    /// What is wrong with the rules; of strange ones, the first few.
    pub(super) faults: Vec<Fault>,
    /// Whether there is anything in the table that is not ours.
    pub(super) foreign: bool,
}

/// One of our two chains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) name: &'static str,
    /// The kernel's chain that jumps to it.
    pub(super) from: &'static str,
    /// Whether the chain is there.
    pub(super) present: bool,
    /// Plain jumps from where they should be.
    pub(super) jumps: usize,
    /// Every other jump to the chain: the rule as printed, from the chain's name on (`INPUT -i lo -j LBD-MARK`).
    pub(super) strange_jumps: Vec<String>,
}

impl Chain {
    fn new(name: &'static str, from: &'static str) -> Self {
        Self {
            name,
            from,
            present: false,
            jumps: 0,
            strange_jumps: Vec::new(),
        }
    }

    fn is_absent(&self) -> bool {
        !self.present && self.jumps == 0 && self.strange_jumps.is_empty()
    }

    fn take_jump(&mut self, rule: &str, from: &str, rest: &[String]) {
        if from == self.from && rest.len() == 2 && rest.first().is_some_and(|flag| flag == "-j") {
            self.jumps = self.jumps.saturating_add(1);
        } else {
            self.strange_jumps.push(rule.to_owned());
        }
    }

    fn faults(&self) -> Vec<Fault> {
        let (chain, from) = (self.name, self.from);
        let mut faults = Vec::new();
        if !self.present {
            faults.push(Fault::NoChain { chain });
        } else if self.jumps == 0 {
            faults.push(Fault::NoJump { chain, from });
        }
        if let Some(count) = self.jumps.checked_sub(1).filter(|count| *count > 0) {
            faults.push(Fault::ExtraJumps { chain, from, count });
        }
        let strange = self.strange_jumps.iter().take(SHOWN);
        faults.extend(strange.cloned().map(Fault::StrangeJump));
        faults
    }
}

impl Default for Table {
    fn default() -> Self {
        Self {
            mark: Chain::new(MARK_CHAIN, "PREROUTING"),
            guard: Chain::new(GUARD_CHAIN, "OUTPUT"),
            rules: Vec::new(),
            faults: Vec::new(),
            foreign: false,
        }
    }
}

impl Table {
    /// Whether nothing of ours is there.
    pub(super) fn is_absent(&self) -> bool {
        self.mark.is_absent() && self.guard.is_absent()
    }

    pub(super) fn chains(&self) -> [&Chain; 2] {
        [&self.mark, &self.guard]
    }

    fn chain_to(&mut self, goal: &str) -> Option<&mut Chain> {
        match goal {
            MARK_CHAIN => Some(&mut self.mark),
            GUARD_CHAIN => Some(&mut self.guard),
            _ => None,
        }
    }
}

/// The state of our chains in the output of `iptables-save -t mangle`. Any text is taken: lines that are not about our
/// chains are passed over.
pub fn parse_save(text: &str) -> ChainState {
    join(vec![parse(text)])
}

/// The families' tables as one state.
pub(super) fn join(tables: Vec<Table>) -> ChainState {
    if tables.iter().all(Table::is_absent) {
        return ChainState::Absent;
    }
    let (mut rules, mut faults) = (Vec::new(), Vec::new());
    for table in tables {
        if !table.is_absent() {
            faults.extend(table.chains().into_iter().flat_map(Chain::faults));
        }
        faults.extend(table.faults);
        rules.extend(table.rules);
    }
    ChainState::found(rules, faults)
}

pub(super) fn parse(text: &str) -> Table {
    let mut table = Table::default();
    let mut found = Found::default();
    for line in text.lines() {
        if let Some(declared) = line.strip_prefix(':') {
            let name = declared.split_whitespace().next().unwrap_or_default();
            match table.chain_to(name) {
                Some(chain) => chain.present = true,
                None => table.foreign |= !is_builtin(name),
            }
            continue;
        }
        let Some(rule) = appended(line) else { continue };
        let tokens = tokens(rule);
        let Some((from, rest)) = tokens.split_first() else {
            continue;
        };
        if let Some(chain) = table.chain_to(from) {
            chain.present = true;
            if !take(&mut found, rule, from, rest) {
                found.strange(rule);
            }
        } else if let Some(chain) = goal(rest).and_then(|goal| table.chain_to(goal)) {
            chain.take_jump(rule, from, rest);
        } else {
            table.foreign = true;
        }
    }
    (table.rules, table.faults) = found.finish();
    table
}

fn is_builtin(chain: &str) -> bool {
    matches!(
        chain,
        "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING"
    )
}

/// Takes one rule of our chains; `false` if it is not one that this crate writes, or not where it has its effect.
fn take(found: &mut Found, rule: &str, chain: &str, tokens: &[String]) -> bool {
    let is_mark = chain == MARK_CHAIN;
    match rule::parse(tokens) {
        None => false,
        Some(Rule::SpareLocal) => is_mark && found.spare_local(),
        Some(Rule::Of(Packets::Of(target), Effect::Mark(mark))) => {
            is_mark && found.mark(target, mark)
        }
        Some(Rule::Of(Packets::Icmp(_), Effect::Mark(_))) => false,
        Some(Rule::Of(packets, Effect::Exclude(mac, guard))) => {
            is_mark && found.exclude(packets, mac, guard)
        }
        Some(Rule::Of(packets, Effect::Guard(guard))) => {
            chain == GUARD_CHAIN && found.guard(packets, guard, rule)
        }
    }
}
