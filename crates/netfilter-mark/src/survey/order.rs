//! What comes first: a foreign rule, or ours.

use std::cmp::Ordering;

use super::finding::Order;
use super::ruleset::{Base, End, Hook, Reached, Table};
use crate::nftables::{GUARDS, MARKS};
use crate::{Backend, GUARD_CHAIN, MARK_CHAIN};

/// Where our rules are.
pub(super) struct Place {
    /// The table that they share with others' rules, in words.
    table: Option<String>,
    marks: i32,
    guards: i32,
}

impl Place {
    pub(super) fn of(backend: &Backend) -> Self {
        match backend {
            Backend::Iptables(iptables) => Self {
                table: Some(format!("-{}, table mangle", iptables.variant())),
                marks: super::iptables::MANGLE,
                guards: super::iptables::MANGLE,
            },
            Backend::Nftables(_) => Self {
                table: None,
                marks: MARKS.priority,
                guards: GUARDS.priority,
            },
        }
    }

    /// When a mark is set by what this place in a base chain leads to; `None` if that does us no harm.
    pub(super) fn order(&self, table: &Table, base: &Base, position: usize) -> Option<Order> {
        match base.hook {
            // IPVS comes after.
            Hook::Input => Some(Order::After),
            Hook::Prerouting if self.is_shared(table) => {
                Some(match is_before_marks(table, base, position) {
                    true => Order::Before,
                    false => Order::After,
                })
            }
            Hook::Prerouting => Some(match base.priority.cmp(&self.marks) {
                Ordering::Less => Order::Before,
                Ordering::Equal => Order::Unknown,
                Ordering::Greater => Order::After,
            }),
            Hook::Output => {
                let is_before = match self.is_shared(table) {
                    true => is_before_guard(table, base, position),
                    false => base.priority <= self.guards,
                };
                is_before.then_some(Order::BeforeGuard)
            }
        }
    }

    /// The chain of ours that a packet does not come to when it leaves the table there.
    pub(super) fn bypassed(
        &self,
        table: &Table,
        base: &Base,
        reached: &Reached<'_>,
    ) -> Option<&'static str> {
        let leaves = match reached.rule.end? {
            End::Accept => true,
            End::Return => reached.chain == base.chain,
        };
        if !leaves || !self.is_shared(table) {
            return None;
        }
        match base.hook {
            Hook::Prerouting => {
                is_before_marks(table, base, reached.position).then_some(MARK_CHAIN)
            }
            Hook::Output => is_before_guard(table, base, reached.position).then_some(GUARD_CHAIN),
            Hook::Input => None,
        }
    }

    fn is_shared(&self, table: &Table) -> bool {
        self.table
            .as_ref()
            .is_some_and(|name| table.name.ends_with(name))
    }
}

/// Whether this place comes before our jump; where that is not there yet, it will be put last.
fn is_before_marks(table: &Table, base: &Base, position: usize) -> bool {
    table
        .jump(base, MARK_CHAIN)
        .is_none_or(|jump| position < jump)
}

/// Whether this place comes before our guard; where that is not there yet, it will be put first.
fn is_before_guard(table: &Table, base: &Base, position: usize) -> bool {
    table
        .jump(base, GUARD_CHAIN)
        .is_some_and(|jump| position < jump)
}
