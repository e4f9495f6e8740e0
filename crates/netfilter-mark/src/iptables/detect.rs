//! Which iptables works here.

use super::parse::Table;
use super::{Iptables, Variant};
use crate::{ChainState, Error};

/// A variant that is installed, and what its IPv4 table mangle holds, or why that cannot be known.
struct Candidate {
    iptables: Iptables,
    table: Result<Table, Error>,
}

impl Candidate {
    fn new(iptables: Iptables) -> Self {
        let table = iptables.v4.read();
        Self { iptables, table }
    }

    /// The less, the better: chains of ours before other rules in mangle, and those before rules in other tables.
    fn rank(&self) -> u8 {
        if self
            .iptables
            .read()
            .is_ok_and(|state| state != ChainState::Absent)
        {
            0
        } else if self.table.as_ref().is_ok_and(|table| table.foreign) {
            1
        } else if self.iptables.is_used() {
            2
        } else {
            3
        }
    }

    /// Whether it works; already proven where rules of ours are in it.
    fn try_out(self) -> Result<Iptables, Error> {
        let table = self.table?;
        if table.is_absent() {
            // Listing is no proof: without the IPv4 family in nf_tables, the legacy table's module, or one of the
            // matches, only a write fails.
            self.iptables.v4.try_out()?;
        }
        Ok(self.iptables)
    }
}

/// All variants that are installed.
pub(super) fn installed() -> Vec<Iptables> {
    [Variant::Nft, Variant::Legacy]
        .into_iter()
        .filter_map(Iptables::of)
        .collect()
}

/// The variant that works, by rank, then nft.
pub(super) fn detect() -> Result<Iptables, Error> {
    let mut candidates: Vec<Candidate> = installed().into_iter().map(Candidate::new).collect();
    if candidates.is_empty() {
        return Err(Error::NotInstalled {
            missing: "iptables (neither iptables-nft, iptables-legacy nor iptables was found)",
            package: "iptables",
        });
    }
    // Stable: nft stays first among equals.
    candidates.sort_by_cached_key(Candidate::rank);
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
