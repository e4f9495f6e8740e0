//! What lies beside keepalived's file on such a host: the rule that sets the mark, and the kernel parameters.

mod iptables;
mod sysctl;

pub use iptables::{MarkRule, rules};
pub use sysctl::{Parameters, Wanted};

use std::collections::BTreeSet;

use crate::merge::{Cluster, MarkOrigin, MergedService};
use crate::note::{Kind, Notes};

/// Compares the rules of one director with what lbd derives from the cluster.
pub fn compare_rules(cluster: &Cluster, file: &str, rules: &[MarkRule], notes: &mut Notes) {
    for service in &cluster.services {
        let Some((mark, MarkOrigin::File)) = service.mark else {
            continue;
        };
        let setting: Vec<&MarkRule> = rules.iter().filter(|rule| rule.mark == mark).collect();
        if setting.is_empty() {
            let message = format!(
                "{file}: no rule sets mark {mark} of `{}`; lbd sets it",
                service.name
            );
            notes.add_general(Kind::Changed, message);
        }
        for rule in setting {
            compare_rule(cluster, service, rule, notes);
        }
        for rule in rules
            .iter()
            .filter(|rule| rule.mark != mark && rule.matches(service.address, service.port))
        {
            let message = format!(
                "sets mark {} on frames of `{}`, which need {mark}, all 32 bits; take it away, or tell lbd `mark: external`",
                rule.mark, service.name
            );
            notes.add(Kind::Changed, &rule.place, message);
        }
    }
}

fn compare_rule(cluster: &Cluster, service: &MergedService, rule: &MarkRule, notes: &mut Notes) {
    let mut differ = |message: String| notes.add(Kind::Changed, &rule.place, message);
    if !rule.matches(service.address, service.port) {
        differ(format!(
            "marks {}, but `{}` is {} port {}",
            rule.target(),
            service.name,
            service.address,
            service.port
        ));
    }
    if !rule.whole {
        differ(
            "sets some bits of the mark only; IPVS compares all 32, and lbd sets them all"
                .to_owned(),
        );
    }
    let directors = cluster.director_count(service);
    let others = directors.saturating_sub(1);
    let spared = rule.spared.len();
    if spared != others {
        differ(format!(
            "spares frames from {spared} hosts, but there are {others} other directors, and lbd spares them all: a frame that \
             one director has forwarded must not be balanced again"
        ));
    }
    let macs = match rule.spared.join(", ") {
        none if none.is_empty() => String::new(),
        macs => format!(
            ", and learns the other directors' MACs by itself (here {macs}; `mac:` under a node would fix one)"
        ),
    };
    let message =
        format!("take this rule away when lbd runs: lbd sets the mark in a chain of its own{macs}");
    notes.add(Kind::NotCarried, &rule.place, message);
}

/// Compares a sysctl file with what lbd sets on every host of the cluster.
pub fn compare_parameters(cluster: &Cluster, parameters: &Parameters, notes: &mut Notes) {
    let found = sysctl::parse(&parameters.source);
    let nics = cluster
        .routers
        .iter()
        .map(|merged| merged.router.interface.as_str());
    let nics: BTreeSet<&str> = nics.collect();
    let wanted = nics.into_iter().flat_map(parameters.wanted);
    let mut missing = BTreeSet::new();
    for parameter in wanted {
        let Some((value, place)) = found.get(&parameter.key) else {
            missing.insert(format!("{} = {}", parameter.key, parameter.value));
            continue;
        };
        if *value != parameter.value && !parameter.also.contains(value) {
            let message = format!(
                "{} is {value} here; lbd sets {}: {}",
                parameter.key, parameter.value, parameter.why
            );
            notes.add(Kind::Changed, place, message);
        }
    }
    if !missing.is_empty() {
        let missing: Vec<String> = missing.into_iter().collect();
        let message = format!(
            "{}: lbd also sees to {}",
            parameters.source.name,
            missing.join(", ")
        );
        notes.add_general(Kind::Changed, message);
    }
}
