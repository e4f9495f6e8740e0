//! What a new order wants otherwise than the one before.

use std::collections::BTreeMap;

use ipvs_netlink::{DaemonRole, ServiceKey};
use sysctl_tune::{Change, Setting};

use crate::desired::{Desired, DesiredService};
use crate::plan::Step;

/// A step about each thing of which something else is wanted now; what it would do to it is of no matter.
pub(super) fn differences(old: &Desired, new: &Desired) -> Vec<Step> {
    let addresses = old.addresses.symmetric_difference(&new.addresses);
    let mut steps: Vec<Step> = addresses.cloned().map(Step::RemoveAddress).collect();
    let settings = old.sysctls.iter().chain(&new.sysctls);
    let set_otherwise = settings
        .filter(|setting| !(old.sysctls.contains(setting) && new.sysctls.contains(setting)));
    steps.extend(set_otherwise.map(about_parameter));
    let kept = old.kept.symmetric_difference(&new.kept);
    steps.extend(kept.copied().map(Step::RemoveService));
    let gone = old.services.keys();
    let gone = gone.filter(|key| !new.services.contains_key(key));
    steps.extend(gone.copied().map(Step::RemoveService));
    for (key, wanted) in &new.services {
        match old.services.get(key) {
            Some(before) => service(*key, before, wanted, &mut steps),
            None => steps.push(Step::AddService(wanted.service)),
        }
    }
    if (old.sync, old.sync_kept) != (new.sync, new.sync_kept) {
        steps.push(Step::StopSync(DaemonRole::Backup));
    }
    if old.marks != new.marks {
        steps.push(Step::RemoveMarks);
    }
    steps
}

fn about_parameter(setting: &Setting) -> Step {
    Step::SetSysctl(Change {
        key: setting.key.clone(),
        from: None,
        to: setting.value,
        why: setting.why,
    })
}

fn service(key: ServiceKey, old: &DesiredService, new: &DesiredService, steps: &mut Vec<Step>) {
    if old.service != new.service {
        steps.push(Step::EditService(new.service));
    }
    // Most services are the same, and share what is wanted of their servers.
    if old.destinations == new.destinations {
        return;
    }
    let servers: BTreeMap<_, _> = old
        .destinations
        .iter()
        .chain(new.destinations.iter())
        .collect();
    let servers = servers.into_keys();
    let changed =
        servers.filter(|server| old.destinations.get(server) != new.destinations.get(server));
    steps.extend(changed.map(|server| Step::RemoveDestination(key, *server)));
}
