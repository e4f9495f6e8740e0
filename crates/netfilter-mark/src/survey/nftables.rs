//! Reads what `nft -j list ruleset` prints: libnftables-json(5).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::nft_rule;
use super::ruleset::{Base, Hook, Table};
use crate::TABLE;
use crate::rule::Target;

/// The tables in a listing, apart from ours and from those that iptables-nft shows, which are all of its
/// own but the `hidden` ones (`ip mangle`). `words` is what
/// `nft -a list ruleset` prints of the same.
pub(super) fn read(
    listing: &str,
    words: &str,
    hidden: &BTreeSet<String>,
    targets: &[Target],
) -> Option<Vec<Table>> {
    let listing: Value = serde_json::from_str(listing).ok()?;
    let objects = listing.get("nftables")?.as_array()?;
    let words = by_handle(words);
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let mut rules = Vec::new();
    for (kind, body) in objects.iter().filter_map(Value::as_object).flatten() {
        let Some(name) = table_of(kind, body) else {
            continue;
        };
        match kind.as_str() {
            "table" => {
                let shown = format!("nftables, table {name}");
                tables.entry(name).or_default().name = shown;
            }
            "chain" => take_chain(tables.entry(name).or_default(), body),
            "rule" => rules.push((name, body)),
            _ => {}
        }
    }
    // Now that all chains are known.
    for (name, body) in rules {
        let text = body.get("handle").and_then(Value::as_u64);
        let text = text.and_then(|handle| words.get(&(name.clone(), handle)).copied());
        if let Some(table) = tables.get_mut(&name)
            && let Some(chain) = body.get("chain").and_then(Value::as_str)
        {
            let rule = nft_rule::read(table, &name, body, text, targets);
            table.chains.entry(chain.to_owned()).or_default().push(rule);
        }
    }
    tables.remove(&format!("inet {TABLE}"));
    tables.retain(|name, table| hidden.contains(name) || !is_of_iptables(name, table));
    Some(tables.into_values().collect())
}

/// Family and name of the table that this belongs to; `None` for families that do not pass our packets up.
fn table_of(kind: &str, body: &Value) -> Option<String> {
    let family = body.get("family")?.as_str()?;
    let key = if kind == "table" { "name" } else { "table" };
    let name = body.get(key)?.as_str()?;
    matches!(family, "ip" | "ip6" | "inet").then(|| format!("{family} {name}"))
}

fn take_chain(table: &mut Table, body: &Value) {
    let text = |key| body.get(key).and_then(Value::as_str);
    let Some(chain) = text("name").map(str::to_owned) else {
        return;
    };
    table.chains.entry(chain.clone()).or_default();
    let priority = body.get("prio").and_then(Value::as_i64);
    let priority = priority.and_then(|priority| i32::try_from(priority).ok());
    let (hook, priority) = match text("hook") {
        // Comes before everything that has a priority there.
        Some("ingress") => (Hook::Prerouting, i32::MIN),
        Some("prerouting") => (Hook::Prerouting, priority.unwrap_or(0)),
        Some("input") => (Hook::Input, priority.unwrap_or(0)),
        Some("output") => (Hook::Output, priority.unwrap_or(0)),
        Some(_) | None => return,
    };
    table.bases.push(Base {
        chain,
        hook,
        priority,
    });
}

/// Whether it is one of the tables that iptables-nft makes and lists: their chains have the kernel's names in capitals.
fn is_of_iptables(name: &str, table: &Table) -> bool {
    let known = ["raw", "mangle", "nat", "filter", "security"];
    let (family, name) = name.split_once(' ').unwrap_or_default();
    let capitals = |base: &Base| matches!(base.chain.as_str(), "PREROUTING" | "INPUT" | "OUTPUT");
    family != "inet" && known.contains(&name) && table.bases.iter().all(capitals)
}

/// The rules in the words of nft, by table and handle.
fn by_handle(words: &str) -> BTreeMap<(String, u64), &str> {
    let mut found = BTreeMap::new();
    let mut table = String::new();
    for line in words.lines() {
        let Some((text, handle)) = line.rsplit_once(" # handle ") else {
            continue;
        };
        let text = text.trim();
        if let Some(name) = text.strip_prefix("table ") {
            table = name.trim_end_matches(" {").to_owned();
        } else if let Ok(handle) = handle.trim().parse() {
            found.insert((table.clone(), handle), text);
        }
    }
    found
}
