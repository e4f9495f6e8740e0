//! What was found, for people to read.

use std::fmt;

use crate::{Error, GUARD_CHAIN};

/// Something that breaks the marks, or may break them. Printed, it says what it risks and what to do.
#[derive(Debug)]
pub enum Finding {
    /// The kernel or the system lacks something, so that the rules cannot be set in the backend.
    Unusable {
        /// The backend, in words.
        backend: String,
        /// What is missing; it names the remedy.
        error: Error,
    },
    /// Rules of ours are in more than one backend, and all of them have their effect.
    OursTwice {
        /// The backends, in words.
        backends: Vec<String>,
    },
    /// Legacy iptables and nf_tables both hold rules.
    BothInUse {
        /// The legacy tables, in words.
        legacy: Vec<String>,
        /// The tables of nf_tables, in words.
        nf_tables: Vec<String>,
    },
    /// Somebody else's rule sets a mark on packets that may be ours.
    Marker {
        /// The rule.
        rule: ForeignRule,
        /// What it does.
        marking: Marking,
        /// When it does it.
        order: Order,
    },
    /// Somebody else's rule takes packets that may be ours out of the table before they get to our chain.
    Bypass {
        /// The rule.
        rule: ForeignRule,
        /// Our chain: [`MARK_CHAIN`](crate::MARK_CHAIN) or [`GUARD_CHAIN`](crate::GUARD_CHAIN).
        chain: &'static str,
    },
    /// A part of the firewall could not be looked through.
    NotLookedAt {
        /// Which part, in words.
        part: String,
        /// Why.
        error: Error,
    },
}

/// A rule that is not ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignRule {
    /// The program that shows it, and its table, in words: `iptables-legacy, table mangle`.
    pub table: String,
    /// Its chain.
    pub chain: String,
    /// The rule, in the words of the program that shows it.
    pub rule: String,
}

/// What a foreign rule does to the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Marking {
    /// Sets it, or some of its bits.
    Sets,
    /// Restores the one of the connection, which is 0 for a connection that has none.
    Restores,
}

/// When a foreign rule sets its mark, from harmless to harmful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Before ours: ours replaces it.
    Before,
    /// Before the guard sees it: what another director sent may pass.
    BeforeGuard,
    /// At the same priority, where the order depends on who came first.
    Unknown,
    /// After ours: it replaces ours.
    After,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable { backend, error } => {
                write!(f, "the marks cannot be kept in {backend}: {error}")
            }
            Self::OursTwice { backends } => write!(
                f,
                "lbd's rules are in {} at once, and all have their effect, also those that nobody keeps up to date: \
                 remove them from all but one",
                backends.join(" and ")
            ),
            Self::BothInUse { legacy, nf_tables } => write!(
                f,
                "legacy iptables ({}) and nf_tables ({}) both hold rules, and the kernel obeys both: who looks at one sees half, \
                 and which comes first is not fixed; move the rules of iptables-legacy-save to the other, then empty those tables",
                legacy.join(", "),
                nf_tables.join(", ")
            ),
            Self::Marker {
                rule,
                marking,
                order,
            } => write!(f, "{rule} {marking} {order}"),
            Self::Bypass { rule, chain } => write!(
                f,
                "{rule} may let packets for the virtual address pass by lbd's chain {chain}, and {}: \
                 let it spare the virtual address, or move it behind the jump to {chain}",
                match *chain {
                    GUARD_CHAIN => "what another director sent may be sent on in a circle",
                    _ => "they would not be balanced",
                }
            ),
            Self::NotLookedAt { part, error } => write!(
                f,
                "{part} could not be looked through for rules that set marks: {error}"
            ),
        }
    }
}

impl fmt::Display for ForeignRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the rule \"{}\" ({}, chain {})",
            self.rule, self.table, self.chain
        )
    }
}

impl fmt::Display for Marking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sets => "may set its mark on packets for the virtual address",
            Self::Restores => {
                "may give packets for the virtual address their connection's mark (0 if it has none)"
            }
        })
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => {
                "before lbd does, and lbd's replaces it: what relies on the other mark (policy routing, shaping) does not see \
                 it on these packets; let the rule spare the virtual address"
            }
            Self::BeforeGuard => {
                "before lbd's guard sees them in OUTPUT: what another director sent may be sent on in a circle; \
                 let the rule spare the virtual address, or move it behind the guard"
            }
            Self::Unknown => {
                "at the same priority as lbd does, and whichever comes last wins: connections may not be balanced, and what \
                 another director sent may be sent on in a circle; let the rule spare the virtual address, or give its \
                 chain a lower priority"
            }
            Self::After => {
                "after lbd does, and replaces lbd's: connections are not balanced, and what another director sent may be sent on \
                 in a circle; let the rule spare the virtual address, or move it before lbd's"
            }
        })
    }
}
