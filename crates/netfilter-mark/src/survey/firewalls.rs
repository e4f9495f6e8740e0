//! All firewalls of the host, as far as they can be read.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, ForeignRule, Marking, Order};
use super::order::Place;
use super::ruleset::Table;
use super::{iptables, nftables};
use crate::rule::{Family, Target};
use crate::{Backend, Error, Iptables, Nftables, Variant};

/// What could not be read, in words, and why.
type Failures = Vec<(String, Error)>;

/// The tables by who shows them, without our own chains.
#[derive(Default)]
pub(super) struct Firewalls {
    legacy: Vec<Table>,
    nft: Vec<Table>,
    native: Vec<Table>,
}

impl Firewalls {
    /// Everything that can be read.
    pub(super) fn read(targets: &[Target]) -> (Self, Failures) {
        let mut all = Self::default();
        let mut failures = Failures::new();
        // Tables that iptables-nft would show, were there nothing in them that only nft knows.
        let mut hidden = BTreeSet::new();
        for iptables in Iptables::installed() {
            for (program, family, listing) in iptables.listings() {
                match listing {
                    Ok(text) => {
                        let into = match iptables.variant() {
                            Variant::Legacy => &mut all.legacy,
                            Variant::Nft => &mut all.nft,
                        };
                        let of_family = |target: &&Target| Family::of(target.destination) == family;
                        let targets: Vec<Target> =
                            targets.iter().filter(of_family).copied().collect();
                        into.extend(iptables::read(&text, &program, &targets));
                        hidden
                            .extend(iptables::hidden(&text).map(|name| format!("{family} {name}")));
                    }
                    Err(error) if error.is_no_support() => {}
                    Err(error) => failures.push((program, error)),
                }
            }
        }
        match Nftables::installed().map(|nftables| native(&nftables, &hidden, targets)) {
            Some(Ok(tables)) => all.native = tables,
            Some(Err(error)) if !error.is_no_support() => {
                failures.push(("nftables".to_owned(), error));
            }
            Some(Err(_)) | None => {}
        }
        (all, failures)
    }

    /// Whether legacy iptables and nf_tables are both in use, not by us alone.
    pub(super) fn both_in_use(&self, ours: &[Backend]) -> Option<Finding> {
        let is_legacy = |backend: &Backend| match backend {
            Backend::Iptables(iptables) => iptables.variant() == Variant::Legacy,
            Backend::Nftables(_) => false,
        };
        let used = |tables: &[&[Table]]| -> Vec<String> {
            let tables = tables.iter().copied().flatten();
            let used = tables.filter(|table| table.is_used());
            used.map(|table| table.name.clone()).collect()
        };
        let mut legacy = used(&[&self.legacy]);
        let mut nf_tables = used(&[&self.nft, &self.native]);
        if legacy.is_empty() && nf_tables.is_empty() {
            return None;
        }
        for backend in ours {
            let into = if is_legacy(backend) {
                &mut legacy
            } else {
                &mut nf_tables
            };
            into.push(format!("lbd's own in {backend}"));
        }
        (!legacy.is_empty() && !nf_tables.is_empty())
            .then_some(Finding::BothInUse { legacy, nf_tables })
    }

    /// The rules that interfere with ours in this backend; each once, by the worst that it may do.
    pub(super) fn foreign_rules(&self, backend: &Backend) -> Vec<Finding> {
        let place = Place::of(backend);
        let mut markers: BTreeMap<(ForeignRule, Marking), Order> = BTreeMap::new();
        let mut bypasses: BTreeSet<(ForeignRule, &'static str)> = BTreeSet::new();
        for table in [&self.legacy, &self.nft, &self.native]
            .into_iter()
            .flatten()
        {
            for base in &table.bases {
                for reached in table.reached(base) {
                    let rule = || ForeignRule {
                        table: table.name.clone(),
                        chain: reached.chain.to_owned(),
                        rule: reached.rule.text.clone(),
                    };
                    if let Some(marking) = reached.rule.marking
                        && let Some(order) = place.order(table, base, reached.position)
                    {
                        let worst = markers.entry((rule(), marking)).or_insert(order);
                        *worst = order.max(*worst);
                    }
                    bypasses.extend(
                        place
                            .bypassed(table, base, &reached)
                            .map(|chain| (rule(), chain)),
                    );
                }
            }
        }
        let markers = markers
            .into_iter()
            .map(|((rule, marking), order)| Finding::Marker {
                rule,
                marking,
                order,
            });
        let bypasses = bypasses
            .into_iter()
            .map(|(rule, chain)| Finding::Bypass { rule, chain });
        markers.chain(bypasses).collect()
    }
}

/// The tables that only nft shows.
fn native(
    nftables: &Nftables,
    hidden: &BTreeSet<String>,
    targets: &[Target],
) -> Result<Vec<Table>, Error> {
    let (listing, words) = nftables.list_everything()?;
    nftables::read(&listing, &words, hidden, targets).ok_or_else(|| nftables.unreadable())
}
