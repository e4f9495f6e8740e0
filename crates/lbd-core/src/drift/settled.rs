//! What has not been yet as the present order wants it.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Actual, Corner, Step};

/// The things that are still to be brought to where the present order wants them: all of a corner of the kernel
/// that has not been looked into since the order came, and of the others what failed.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    corners: BTreeSet<Corner>,
    things: BTreeMap<String, Corner>,
    /// What failed in the round that is going on.
    failed: BTreeMap<String, Corner>,
}

impl Default for Pending {
    /// No order has been carried out yet.
    fn default() -> Self {
        Self {
            corners: Corner::ALL.into(),
            things: BTreeMap::new(),
            failed: BTreeMap::new(),
        }
    }
}

impl Pending {
    pub(super) fn renew(&mut self) {
        *self = Self::default();
    }

    /// What failed in a round that was broken off is pending like the rest.
    pub(super) fn begin(&mut self) {
        self.things.append(&mut self.failed);
    }

    pub(super) fn failed(&mut self, step: &Step) {
        self.failed.insert(step.thing(), step.corner());
    }

    /// Nothing is known anew of the corners that could not be read.
    pub(super) fn settle(&mut self, seen: &Actual) {
        self.corners.retain(|corner| !seen.knows(*corner));
        self.things.retain(|_, corner| !seen.knows(*corner));
        self.things.append(&mut self.failed);
    }

    pub(super) fn is_in(&self, corner: Corner) -> bool {
        let mut things = self.things.values().chain(self.failed.values());
        self.corners.contains(&corner) || things.any(|place| *place == corner)
    }

    pub(super) fn covers(&self, step: &Step) -> bool {
        let thing = step.thing();
        self.corners.contains(&step.corner())
            || self.things.contains_key(&thing)
            || self.failed.contains_key(&thing)
    }
}
