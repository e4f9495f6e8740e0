//! What could break the marks, though they are set.

mod finding;
mod firewalls;
mod iptables;
mod nft_rule;
mod nftables;
mod order;
mod ruleset;
mod target;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::rule::{Family, Target};
use crate::{Backend, ChainState, Error, MarkRule};
use firewalls::Firewalls;

pub use finding::{Finding, ForeignRule, Marking, Order};

/// Looks through everything that the host's firewalls hold for what breaks these rules, kept in this backend, or may
/// break them. A foreign rule counts unless its conditions plainly keep it from the rules' targets.
///
/// Where nft is not installed, native nftables cannot be looked through, and nothing is said about them. Nothing is
/// written, except that the backend is tried out (as in [`Backend::detect`]) where nothing of ours is in it.
///
/// # Errors
/// [`Error::NotPermitted`]: without rights nothing can be seen. What fails in one part of the firewall only is a
/// finding.
pub fn survey(backend: &Backend, rules: &[MarkRule]) -> Result<Vec<Finding>, Error> {
    let targets: Vec<Target> = rules.iter().map(MarkRule::target).collect();
    let mut findings = Vec::new();
    if let Err(error) = try_out(backend, &targets) {
        let backend = backend.to_string();
        findings.push(tell(error, |error| Finding::Unusable { backend, error })?);
    }
    let ours = holding_ours();
    if ours.len() > 1 {
        let backends = ours.iter().map(ToString::to_string).collect();
        findings.push(Finding::OursTwice { backends });
    }
    let (firewalls, failures) = Firewalls::read(&targets);
    for (part, error) in failures {
        findings.push(tell(error, |error| Finding::NotLookedAt { part, error })?);
    }
    findings.extend(firewalls.both_in_use(&ours));
    findings.extend(firewalls.foreign_rules(backend));
    Ok(findings)
}

/// A finding made of an error, unless it concerns all.
fn tell(error: Error, finding: impl FnOnce(Error) -> Finding) -> Result<Finding, Error> {
    if matches!(error, Error::NotPermitted { .. }) {
        return Err(error);
    }
    Ok(finding(error))
}

/// Whether the backend takes rules like ours; proven where some are.
fn try_out(backend: &Backend, targets: &[Target]) -> Result<(), Error> {
    if backend.read()? != ChainState::Absent {
        return Ok(());
    }
    let families: BTreeSet<Family> = targets
        .iter()
        .map(|target| Family::of(target.destination))
        .collect();
    match backend {
        Backend::Iptables(iptables) => families
            .into_iter()
            .try_for_each(|family| iptables.try_out(family)),
        Backend::Nftables(nftables) => nftables.try_out(),
    }
}

/// The backends that hold something of ours.
fn holding_ours() -> Vec<Backend> {
    let mut backends = Backend::installed();
    backends.retain(|backend| {
        let state = backend.read();
        state.is_ok_and(|state| state != ChainState::Absent)
    });
    backends
}
