//! How a service spreads connections: scheduler and its flags, persistence, weights.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use ipvs_netlink::{Scheduler, ServiceFlags};
use serde_yaml::Spanned;

use super::findings::Findings;
use crate::config::duration::Span;
use crate::config::file;

/// The flags by their names in ipvsadm(8).
const FLAGS: [(&str, Scheduler, ServiceFlags); 4] = [
    ("sh-fallback", Scheduler::SH, ServiceFlags::SH_FALLBACK),
    ("sh-port", Scheduler::SH, ServiceFlags::SH_PORT),
    ("mh-fallback", Scheduler::MH, ServiceFlags::MH_FALLBACK),
    ("mh-port", Scheduler::MH, ServiceFlags::MH_PORT),
];

pub(super) fn scheduler(
    value: Option<&Spanned<String>>,
    findings: &mut Findings,
) -> Option<Scheduler> {
    let Some(value) = value else {
        return Some(Scheduler::WLC);
    };
    let scheduler = Scheduler::new(&value.value)
        .ok()
        .filter(Scheduler::is_known);
    if scheduler.is_none() {
        let known: Vec<&str> = Scheduler::ALL.iter().map(Scheduler::as_str).collect();
        findings.add(
            value.referenced,
            format!(
                "`{}` is no scheduler; there are {}",
                value.value.escape_debug(),
                known.join(", ")
            ),
        );
    }
    scheduler
}

/// The flags of the item, for this scheduler.
pub(super) fn flags(
    item: &file::Service,
    scheduler: Scheduler,
    findings: &mut Findings,
) -> ServiceFlags {
    let mut flags = ServiceFlags::NONE;
    for name in item.scheduler_flags.iter().flatten() {
        match FLAGS.iter().find(|(known, _, _)| *known == name.value) {
            Some((_, of, flag)) if *of == scheduler => flags = flags | *flag,
            Some((_, of, _)) => findings.add(
                name.referenced,
                format!(
                    "{} is a flag of the scheduler {of}, not of {scheduler}",
                    name.value
                ),
            ),
            None => {
                let known = FLAGS.map(|(known, _, _)| known).join(", ");
                let name_given = name.value.escape_debug();
                findings.add(
                    name.referenced,
                    format!("`{name_given}` is no scheduler flag; there are {known}"),
                );
            }
        }
    }
    flags
}

/// The kernel counts whole seconds.
pub(super) fn persistence(
    value: Option<&Spanned<Span>>,
    findings: &mut Findings,
) -> Option<NonZeroU32> {
    let value = value?;
    let duration = value.value.0;
    let seconds = u32::try_from(duration.as_secs())
        .ok()
        .and_then(NonZeroU32::new);
    if seconds.is_none() || duration.subsec_nanos() != 0 || duration.as_secs() > 86_400 {
        findings.add(
            value.referenced,
            "persistence must be whole seconds, 1s to a day; leave it out for none",
        );
    }
    seconds
}

pub(super) fn weight(value: &Spanned<u64>, findings: &mut Findings) -> Option<u32> {
    findings.number(value, "weight", 0..=65_535)
}

/// Weights of single servers.
pub(super) fn weights(
    section: Option<&Spanned<BTreeMap<String, Spanned<u64>>>>,
    servers: &[String],
    findings: &mut Findings,
) -> BTreeMap<String, u32> {
    let mut weights = BTreeMap::new();
    let Some(section) = section else {
        return weights;
    };
    let servers: BTreeSet<&String> = servers.iter().collect();
    for (name, value) in &section.value {
        if !servers.contains(name) {
            findings.add(
                value.referenced,
                format!("`{name}` is no server of this service"),
            );
        }
        if let Some(weight) = weight(value, findings) {
            weights.insert(name.clone(), weight);
        }
    }
    weights
}
