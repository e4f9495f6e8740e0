//! `virtual_server_group`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::value;
use crate::model::Key;
use crate::note::{Kind, Notes};
use crate::syntax::Directive;

/// What each group's lines select.
pub(super) type Groups = BTreeMap<String, Vec<Key>>;

/// The addresses of one range of a group.
const LONGEST_RANGE: u32 = 64;
/// Reads all `virtual_server_group` blocks.
pub(super) fn groups(tree: &[Directive], notes: &mut Notes) -> Groups {
    let blocks = tree
        .iter()
        .filter(|directive| directive.name.text == "virtual_server_group");
    let mut groups = Groups::new();
    for block in blocks {
        let Some(name) = value::first(block, notes) else {
            continue;
        };
        let keys = block
            .children()
            .iter()
            .flat_map(|line| group_line(line, notes))
            .collect();
        groups.insert(name.text.clone(), keys);
    }
    groups
}

/// `ADDRESS PORT`, `FIRST-LAST PORT` or `fwmark N`.
fn group_line(line: &Directive, notes: &mut Notes) -> Vec<Key> {
    if line.name.text == "fwmark" {
        return value::number(line, 1..=0xffff_ffff, notes)
            .map(Key::Mark)
            .into_iter()
            .collect();
    }
    let addresses = range(&line.name.text);
    let port = line
        .argument(0)
        .and_then(|port| port.parse::<u16>().ok())
        .filter(|port| *port > 0);
    let (Some(addresses), Some(port)) = (addresses, port) else {
        let message = format!(
            "`{} {}`: lbd balances one port of one address, or of up to {LONGEST_RANGE} in a range",
            line.name.text,
            line.argument(0).unwrap_or_default()
        );
        notes.add(Kind::NotCarried, &line.name.place, message);
        return Vec::new();
    };
    addresses
        .into_iter()
        .map(|address| Key::Address(address, port))
        .collect()
}

/// One address, or `192.0.2.1-9`, `192.0.2.1-192.0.2.9`.
fn range(text: &str) -> Option<Vec<IpAddr>> {
    let Some((first, last)) = text.split_once('-') else {
        return text.parse().ok().map(|address| vec![address]);
    };
    let first: Ipv4Addr = first.parse().ok()?;
    let [a, b, c, _] = first.octets();
    let last: Ipv4Addr = last
        .parse()
        .or_else(|_| format!("{a}.{b}.{c}.{last}").parse())
        .ok()?;
    let (first, last) = (u32::from(first), u32::from(last));
    let fits = first <= last && last - first < LONGEST_RANGE;
    fits.then(|| {
        (first..=last)
            .map(|bits| IpAddr::from(Ipv4Addr::from(bits)))
            .collect()
    })
}
