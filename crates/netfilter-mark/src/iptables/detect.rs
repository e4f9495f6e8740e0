//! Which iptables works here.

use super::parse::Table;
use super::tool::Tool;
use super::{Iptables, Variant};
use crate::Error;

/// A chain that is made and unmade in one transaction, to see whether the kernel takes it.
const PROBE: &str = "*mangle\n:LBD-PROBE - [0:0]\n-X LBD-PROBE\nCOMMIT\n";

/// A variant that is installed, and what its table holds, or why that cannot be known.
struct Candidate {
    iptables: Iptables,
    table: Result<Table, Error>,
}

impl Candidate {
    fn new(variant: Variant) -> Option<Self> {
        let (v4, v6) = Tool::find(variant)?;
        let table = v4.read();
        Some(Self {
            iptables: Iptables { variant, v4, v6 },
            table,
        })
    }

    fn holds(&self, what: impl Fn(&Table) -> bool) -> bool {
        self.table.as_ref().is_ok_and(what)
    }

    /// Whether it works; already proven where rules are in it.
    fn try_out(self) -> Result<Iptables, Error> {
        let table = self.table?;
        if !table.foreign && table.is_absent() {
            // Listing is no proof: without the IPv4 family in nf_tables, or without the legacy table's module, there
            // is nothing to list, and only a write fails.
            self.iptables.v4.restore(PROBE)?;
        }
        Ok(self.iptables)
    }
}

/// All variants that are installed.
pub(super) fn installed() -> Vec<Iptables> {
    [Variant::Nft, Variant::Legacy]
        .into_iter()
        .filter_map(Candidate::new)
        .map(|candidate| candidate.iptables)
        .collect()
}

/// The variant that works, by preference: one that holds chains of ours, then one that holds any rules in mangle, then nft.
pub(super) fn detect() -> Result<Iptables, Error> {
    let mut candidates: Vec<Candidate> = [Variant::Nft, Variant::Legacy]
        .into_iter()
        .filter_map(Candidate::new)
        .collect();
    if candidates.is_empty() {
        return Err(Error::NotInstalled);
    }
    // Stable: nft stays first among equals.
    candidates.sort_by_key(|candidate| {
        (
            !candidate.holds(|table| !table.is_absent()),
            !candidate.holds(|table| table.foreign),
        )
    });
    let mut errors = Vec::new();
    for candidate in candidates {
        match candidate.try_out() {
            Ok(iptables) => return Ok(iptables),
            // The host's rules are kept there, and adding ours elsewhere would only hide the trouble.
            Err(error @ Error::Incompatible) => return Err(error),
            Err(error) => errors.push(error),
        }
    }
    Err(Error::NoneWorks(errors))
}
