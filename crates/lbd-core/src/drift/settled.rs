//! What has not been yet as the present order wants it.

use std::collections::{BTreeMap, BTreeSet};

use ipvs_netlink::ServiceKey;

use crate::plan::{Actual, Corner, Step};

/// The things that are still to be brought to where the present order wants them: all of a corner of the kernel
/// that has not been looked into since the order came, and of the others what is wanted otherwise now and what failed.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    corners: BTreeSet<Corner>,
    things: BTreeMap<String, Corner>,
    /// Services that are new with all their servers, also those that are found there.
    services: BTreeSet<ServiceKey>,
    /// What failed in the round that is going on.
    failed: BTreeMap<String, Corner>,
}

impl Default for Pending {
    /// No order has been carried out yet.
    fn default() -> Self {
        Self {
            corners: Corner::ALL.into(),
            things: BTreeMap::new(),
            services: BTreeSet::new(),
            failed: BTreeMap::new(),
        }
    }
}

impl Pending {
    pub(super) fn renew(&mut self) {
        *self = Self::default();
    }

    /// The steps are about what is wanted otherwise now.
    pub(super) fn order(&mut self, steps: &[Step]) {
        for step in steps {
            self.things.insert(step.thing(), step.corner());
            if let Step::AddService(service) = step {
                self.services.insert(service.key);
            }
        }
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
        if seen.knows(Corner::Services) {
            self.services.clear();
        }
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
            || step
                .service_of_server()
                .is_some_and(|key| self.services.contains(&key))
    }
}
