//! What has to wait while the mark rules with their guard do not stand.

use std::collections::BTreeSet;

use ipvs_netlink::ServiceKey;

use super::Step;
use crate::desired::{Desired, Marks};

/// Splits the steps: first those that may be carried out while the mark rules are not as wanted, then those that wait for
/// them, each in their order. A new service waits, with its servers: without the guard, IPVS would follow the entry of an
/// old connection, and frames could go in circles. One that is there already is left and kept up.
#[must_use]
pub fn split_unguarded(desired: &Desired, steps: Vec<Step>) -> (Vec<Step>, Vec<Step>) {
    let guarded: BTreeSet<_> = match &desired.marks {
        Marks::Exactly(rules) => rules.iter().map(|rule| rule.mark).collect(),
        Marks::Absent | Marks::AsIs => BTreeSet::new(),
    };
    let needs_guard = |key: &ServiceKey| match key {
        ServiceKey::Fwmark { mark, .. } => guarded.contains(mark),
        ServiceKey::Address { .. } => false,
    };
    let mut waiting = BTreeSet::new();
    steps.into_iter().partition(|step| {
        if let Step::AddService(service) = step
            && needs_guard(&service.key)
        {
            waiting.insert(service.key);
            return false;
        }
        let service = step.service_of_server();
        service.is_none_or(|key| !waiting.contains(&key))
    })
}
