//! Reads what `nft -j list table` prints: libnftables-json(5).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::expression::{self, Effect, Rule};
use crate::found::Found;
use crate::rule::Packets;
use crate::{ChainState, Fault, Mac, TABLE};

/// One of our chains, and where it hangs in the kernel.
pub(crate) struct Place {
    pub(super) name: &'static str,
    pub(super) hook: &'static str,
    pub(crate) priority: i32,
}

/// Right behind the tables named mangle, so that a mark that they set does not win over ours.
pub(crate) const MARKS: Place = Place {
    name: "marks",
    hook: "prerouting",
    priority: -149,
};

/// Before the tables named raw, so that nothing there can change the mark first.
pub(crate) const GUARDS: Place = Place {
    name: "guards",
    hook: "output",
    priority: -301,
};

/// The state of our table in the output of `nft -j list table inet lbd`. Other tables in it are passed over, so a whole
/// ruleset can be read as well; `None` if it is no listing.
pub fn parse_listing(text: &str) -> Option<ChainState> {
    let listing: Value = serde_json::from_str(text).ok()?;
    let objects = listing.get("nftables")?.as_array()?;
    let mut ours: Vec<(&String, &Value)> = objects
        .iter()
        .filter_map(Value::as_object)
        .flatten()
        .filter(|(kind, body)| is_ours(kind, body))
        .collect();
    if ours.is_empty() {
        return Some(ChainState::Absent);
    }
    if !ours.iter().any(|(kind, _)| *kind == "table") {
        return None;
    }
    // Rules name sets, which come before or after them, as the version of nft will have it. Stable.
    ours.sort_by_key(|(kind, _)| *kind != "set");
    let mut table = Table::default();
    for (kind, body) in ours {
        match kind.as_str() {
            "table" => table.take_itself(body),
            "chain" => table.take_chain(body),
            "set" => table.take_set(body),
            "rule" => table.take_rule(body),
            other => table.found.strange(&format!("{other} {body}")),
        }
    }
    Some(table.finish())
}

fn is_ours(kind: &str, body: &Value) -> bool {
    let key = if kind == "table" { "name" } else { "table" };
    let is = |key, value| body.get(key).and_then(Value::as_str) == Some(value);
    is("family", "inet") && is(key, TABLE)
}

/// Our table while it is being read.
#[derive(Default)]
struct Table {
    chains: BTreeSet<&'static str>,
    sets: BTreeMap<String, BTreeSet<Mac>>,
    used: BTreeSet<String>,
    found: Found,
}

impl Table {
    fn take_itself(&mut self, body: &Value) {
        // Anything more is a flag: the table sleeps, or belongs to a program.
        if without_handle(body) != json!({"family": "inet", "name": TABLE}) {
            self.found.strange(&format!("table {body}"));
        }
    }

    fn take_chain(&mut self, body: &Value) {
        let known = [MARKS, GUARDS].into_iter().find(|place| {
            let wanted = json!({
                "family": "inet", "table": TABLE, "name": place.name, "type": "filter",
                "hook": place.hook, "prio": place.priority, "policy": "accept",
            });
            without_handle(body) == wanted
        });
        match known {
            Some(place) => drop(self.chains.insert(place.name)),
            None => self.found.strange(&format!("chain {body}")),
        }
    }

    fn take_set(&mut self, body: &Value) {
        match read_set(body) {
            Some((name, macs)) => drop(self.sets.insert(name, macs)),
            None => self.found.strange(&format!("set {body}")),
        }
    }

    fn take_rule(&mut self, body: &Value) {
        if self.take_known(body).is_none() {
            self.found.strange(&format!("rule {body}"));
        }
    }

    /// A rule of ours in its place.
    fn take_known(&mut self, body: &Value) -> Option<()> {
        let mut rest = without_handle(body);
        let rest = rest.as_object_mut()?;
        let expressions = rest.remove("expr")?;
        let chain = rest.remove("chain")?;
        // Anything more is a comment.
        if *rest != *json!({"family": "inet", "table": TABLE}).as_object()? {
            return None;
        }
        let is_mark = chain == MARKS.name;
        let known = match expression::parse(expressions.as_array()?)? {
            Rule::SpareLocal => is_mark && self.found.spare_local(),
            Rule::Of(Packets::Of(target), Effect::Mark(mark)) => {
                is_mark && self.found.mark(target, mark)
            }
            Rule::Of(Packets::Icmp(_), Effect::Mark(_)) => false,
            Rule::Of(packets, Effect::Guard(guard)) => {
                chain == GUARDS.name && self.found.guard(packets, guard, &format!("rule {body}"))
            }
            Rule::Of(packets, Effect::Exclude(set, guard)) => {
                let macs = self.sets.get(set).filter(|macs| !macs.is_empty())?;
                self.used.insert(set.to_owned());
                let fits = |mac: &Mac| self.found.exclude(packets, *mac, guard);
                is_mark && macs.iter().all(fits)
            }
        };
        known.then_some(())
    }

    fn finish(mut self) -> ChainState {
        for name in self.sets.keys().filter(|name| !self.used.contains(*name)) {
            self.found.strange(&format!("set {name} that no rule uses"));
        }
        let (rules, faults) = self.found.finish();
        let missing = [MARKS.name, GUARDS.name]
            .into_iter()
            .filter(|chain| !self.chains.contains(chain))
            .map(|chain| Fault::NoChain { chain });
        ChainState::found(rules, missing.chain(faults).collect())
    }
}

/// The kernel's number for a thing says nothing about it.
fn without_handle(body: &Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().map(|body| body.remove("handle"));
    body
}

/// A set of MACs without any specialities.
fn read_set(body: &Value) -> Option<(String, BTreeSet<Mac>)> {
    let body: &Map<String, Value> = body.as_object()?;
    let known = ["family", "table", "name", "type", "handle", "elem"];
    if body.keys().any(|key| !known.contains(&key.as_str())) || *body.get("type")? != "ether_addr" {
        return None;
    }
    let macs = match body.get("elem") {
        None => BTreeSet::new(),
        Some(elements) => elements
            .as_array()?
            .iter()
            .map(|element| element.as_str()?.parse().ok())
            .collect::<Option<_>>()?,
    };
    Some((body.get("name")?.as_str()?.to_owned(), macs))
}
