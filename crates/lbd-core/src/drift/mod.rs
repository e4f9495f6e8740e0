//! Putting right what other programs change, without fighting them for ever.
//!
//! A step that is due although nobody asked for anything new undoes what somebody else did. That is done at once. But
//! where the same thing has to be put right again and again, another program wants it otherwise: from then on
//! lbd insists only now and then, and says so.
//!
//! What could not be brought to where an order wants it is no drift when it is tried again. That is kept thing by thing: one
//! that fails for ever must not hide what others do to the rest.

mod order;
mod repairs;
mod settled;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::desired::Desired;
use crate::plan::{Actual, Corner, Step};
pub use repairs::{Fight, PATIENCE, PAUSE, QUIET, Repairs, Verdict, WINDOW};
use settled::Pending;

/// Tells what others did from what is still to be done, and says what of it may be put right now.
#[derive(Clone, Debug, Default)]
pub struct Drift {
    repairs: Repairs,
    pending: Pending,
}

/// A step that may be carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Allowed {
    /// The step.
    pub step: Step,
    /// Where it puts right what another program changed: its number among all repairs so far.
    pub repair: Option<u64>,
}

impl Drift {
    /// Something else is wanted now. Steps about what it wants otherwise than the order before are no repairs; the rest is
    /// watched as before, and fought over as before.
    pub fn order(&mut self, old: &Desired, new: &Desired) {
        self.pending.order(&order::differences(old, new));
    }

    /// Everything is to be put right without regard to fights, as at a start or with another file: no step of the
    /// next round is a repair.
    pub fn renew(&mut self) {
        self.pending.renew();
    }

    /// Begins a round of looking, planning and carrying out.
    pub fn begin(&mut self, now: Duration) {
        self.pending.begin();
        self.repairs.forget_quiet(now);
    }

    /// The steps of a plan that may be carried out, in their order. `now` is monotonic, from any origin.
    ///
    /// Steps about the same thing are carried out or held together, and are one repair. So are a service that is missing
    /// and its servers, which it took along.
    #[must_use]
    pub fn allow(&mut self, now: Duration, steps: Vec<Step>) -> Vec<Allowed> {
        let replaced = replaced_addresses(&steps);
        let mut services = BTreeMap::new();
        let mut things = BTreeMap::new();
        let judged = steps.into_iter().filter_map(|step| {
            let with_service = step.service_of_server().and_then(|key| services.get(&key));
            let thing = step.thing();
            let (may, repair) = match with_service.or_else(|| things.get(&thing)) {
                Some(with_other) => (*with_other, None),
                None => self.judge(now, replaced.get(&thing).unwrap_or(&step)),
            };
            things.insert(thing, may);
            if let Step::AddService(service) = &step {
                services.insert(service.key, may);
            }
            may.then_some(Allowed { step, repair })
        });
        judged.collect()
    }

    /// A step failed or was left out: it will be due again, and nobody else is to blame for that.
    pub fn failed(&mut self, step: &Step) {
        self.pending.failed(step);
    }

    /// Ends a round in which all steps were carried out that were not held back, but for those that [failed](Self::failed).
    pub fn settle(&mut self, seen: &Actual) {
        self.pending.settle(seen);
    }

    /// Whether this corner of the kernel was brought to where the present order wants it. What another program has
    /// changed since does not count.
    #[must_use]
    pub fn is_settled(&self, corner: Corner) -> bool {
        !self.pending.is_in(corner)
    }

    /// The fights that go on, by thing.
    #[must_use]
    pub fn fights(&self, now: Duration) -> Vec<Fight> {
        self.repairs.fights(now)
    }

    fn judge(&mut self, now: Duration, step: &Step) -> (bool, Option<u64>) {
        if self.pending.covers(step) {
            return (true, None);
        }
        match self.repairs.judge(now, step) {
            Verdict::Repair(count) | Verdict::Fight(count) => (true, Some(count)),
            Verdict::Hold => (false, None),
        }
    }
}

/// The steps that add an address, by thing: where it is there with another prefix length, taking that off is no matter of
/// safety, as the host is to have the address.
fn replaced_addresses(steps: &[Step]) -> BTreeMap<String, Step> {
    let added = steps
        .iter()
        .filter(|step| matches!(step, Step::AddAddress(_)));
    added.map(|step| (step.thing(), step.clone())).collect()
}
