//! What the kernel holds of ours.

use std::collections::BTreeSet;
use std::fmt;

use crate::MarkRule;

/// Of one kind of fault, this many are kept for people to look at.
pub(crate) const SHOWN: usize = 8;

/// Our chains as found in the kernel, IPv4 and IPv6 together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainState {
    /// Nothing of ours.
    Absent,
    /// The chains hold these rules and nothing else, sorted, and packets pass each of them once.
    Installed(Vec<MarkRule>),
    /// Something else, which a replacement repairs and a removal clears away.
    Damaged(Damage),
}

impl ChainState {
    /// Whether this is what a replacement with `rules` (in any order) would make, so that there is nothing to do. An
    /// empty `rules` asks for no chain at all. The guard of a rule that excludes nobody has no effect, and is not
    /// compared.
    pub fn holds(&self, rules: &[MarkRule]) -> bool {
        match self {
            Self::Absent => rules.is_empty(),
            Self::Installed(found) => {
                let as_read = |rules: &[MarkRule]| -> BTreeSet<MarkRule> {
                    rules.iter().map(MarkRule::as_read).collect()
                };
                !rules.is_empty() && as_read(found) == as_read(rules)
            }
            Self::Damaged(_) => false,
        }
    }

    /// The state of these rules with these faults, where anything of ours is there at all.
    pub(crate) fn found(mut rules: Vec<MarkRule>, faults: Vec<Fault>) -> Self {
        rules.sort();
        if faults.is_empty() {
            Self::Installed(rules)
        } else {
            Self::Damaged(Damage { rules, faults })
        }
    }
}

/// What is wrong with our chains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// The rules that could be read, sorted.
    pub rules: Vec<MarkRule>,
    /// What is wrong; of each kind the first few.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// One of the chains is not there.
    NoChain {
        /// Its name.
        chain: &'static str,
    },
    /// The chain is not jumped to, so its rules have no effect.
    NoJump {
        /// The chain of ours.
        chain: &'static str,
        /// The kernel's chain that should jump to it.
        from: &'static str,
    },
    /// The chain is jumped to more than once.
    ExtraJumps {
        /// The chain of ours.
        chain: &'static str,
        /// The kernel's chain that jumps to it.
        from: &'static str,
        /// How many jumps there are beyond the one.
        count: usize,
    },
    /// A jump to one of the chains with a condition, or from a chain that should not, in the words of iptables.
    StrangeJump(String),
    /// Something in our place that is not of the known form or has no effect where it is, in the words of the backend.
    Strange(String),
    /// Local traffic, which arrives on `lo`, gets marks as well.
    LocalMarked,
    /// Frames from excluded hosts get the guard mark, but what carries it is sent on all the same.
    Unguarded {
        /// The packets: a rule's protocol, port and destination, or ICMP to it.
        target: String,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
        f.write_str(&faults.join(", "))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChain { chain } => write!(f, "no chain {chain}"),
            Self::NoJump { chain, from } => write!(f, "no jump from {from} to {chain}"),
            Self::ExtraJumps { chain, from, count } => {
                write!(f, "{count} jumps too many from {from} to {chain}")
            }
            Self::StrangeJump(jump) => write!(f, "a jump that is not ours ({jump})"),
            Self::Strange(rule) => write!(f, "a rule that is not ours ({rule})"),
            Self::LocalMarked => f.write_str("local traffic is not spared from marks"),
            Self::Unguarded { target } => {
                write!(f, "no guard over what other directors send for {target}")
            }
        }
    }
}
