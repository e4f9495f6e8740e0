//! What the kernel holds of ours.

use std::collections::BTreeSet;
use std::fmt;

use crate::{CHAIN, MarkRule};

/// The chain as found in the kernel, IPv4 and IPv6 together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainState {
    /// No chain, no jump.
    Absent,
    /// The chain holds these rules and nothing else, sorted, and `PREROUTING` jumps to it once.
    Installed(Vec<MarkRule>),
    /// Something else, which [`Iptables::replace`](crate::Iptables::replace) repairs and
    /// [`Iptables::remove`](crate::Iptables::remove) clears away.
    Damaged(Damage),
}

impl ChainState {
    /// Whether this is what [`Iptables::replace`](crate::Iptables::replace) with `rules` (in any order) would make, so
    /// that there is nothing to do. An empty `rules` asks for no chain at all.
    pub fn holds(&self, rules: &[MarkRule]) -> bool {
        match self {
            Self::Absent => rules.is_empty(),
            Self::Installed(found) => {
                !rules.is_empty() && found.iter().collect::<BTreeSet<_>>() == rules.iter().collect()
            }
            Self::Damaged(_) => false,
        }
    }
}

/// What is wrong with the chain. Where it was looked at for IPv4 and IPv6, the counts are sums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// The rules that could be read, sorted.
    pub rules: Vec<MarkRule>,
    /// Whether the chain has no jump from `PREROUTING` (its rules have no effect).
    pub no_jump: bool,
    /// Jumps from `PREROUTING` beyond the one.
    pub extra_jumps: usize,
    /// Jumps to the chain with a condition, or from other chains, in the words of iptables; the first few.
    pub strange_jumps: Vec<String>,
    /// Rules in the chain that are not of the known form, in the words of iptables; the first few.
    pub strange_rules: Vec<String>,
}

impl Damage {
    pub(crate) fn is_none(&self) -> bool {
        !self.no_jump
            && self.extra_jumps == 0
            && self.strange_jumps.is_empty()
            && self.strange_rules.is_empty()
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.no_jump {
            parts.push("no jump to it from PREROUTING".to_owned());
        }
        if self.extra_jumps > 0 {
            parts.push(format!(
                "{} jumps too many from PREROUTING",
                self.extra_jumps
            ));
        }
        for jump in &self.strange_jumps {
            parts.push(format!("a jump that is not ours ({jump})"));
        }
        for rule in &self.strange_rules {
            parts.push(format!("a rule that is not ours ({rule})"));
        }
        write!(f, "chain {CHAIN} in table mangle: {}", parts.join(", "))
    }
}
