//! Virtual addresses: `ADDRESS[/LENGTH] [dev NAME] [label NAME] …`.

use std::net::IpAddr;

use super::value;
use crate::model::Address;
use crate::note::{Kind, Notes};
use crate::syntax::{Directive, Word};

/// The addresses in a block of a router on `interface`.
pub(super) fn addresses(
    block: &Directive,
    interface: &str,
    notes: &mut Notes,
) -> Vec<(Address, Word)> {
    value::surplus(block, 0, notes);
    let mut found = Vec::new();
    for line in block.children() {
        if let Some(address) = parse(&line.name, notes) {
            options(line, interface, notes);
            found.push((address, line.name.clone()));
        }
    }
    found
}

fn parse(word: &Word, notes: &mut Notes) -> Option<Address> {
    let (ip, length) = match word.text.split_once('/') {
        Some((ip, length)) => (ip, Some(length)),
        None => (word.text.as_str(), None),
    };
    let Ok(ip) = ip.parse::<IpAddr>() else {
        let message = format!("`{}` is no IP address; keepalived skips it", word.text);
        notes.add(Kind::Ignored, &word.place, message);
        return None;
    };
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let length = match length.map(|length| (length, length.parse::<u8>())) {
        None => most,
        Some((_, Ok(length))) if length <= most => length,
        Some((text, _)) => {
            let message = format!("a prefix of `{text}`; keepalived takes {most}");
            notes.add(Kind::Ignored, &word.place, message);
            most
        }
    };
    Some(Address { ip, length })
}

/// What follows the address. lbd adds addresses to the router's interface, and nothing else to them.
fn options(line: &Directive, interface: &str, notes: &mut Notes) {
    let mut left: Vec<String> = Vec::new();
    let mut words = line.arguments.iter().map(|word| word.text.as_str());
    while let Some(word) = words.next() {
        match word {
            "dev" => match words.next() {
                Some(name) if name != interface => {
                    let message = format!(
                        "{} on `{name}`: lbd adds it to the router's interface, `{interface}`; make a router of its own",
                        line.name.text
                    );
                    notes.add(Kind::NotCarried, &line.name.place, message);
                }
                _ => {}
            },
            "scope" => left.extend(
                words
                    .next()
                    .filter(|scope| *scope != "global")
                    .map(|scope| format!("scope {scope}")),
            ),
            "brd" | "broadcast" | "label" | "peer" | "preferred_lft" | "track_group" => {
                left.push(format!("{word} {}", words.next().unwrap_or_default()));
            }
            flag => left.push(flag.to_owned()),
        }
    }
    if !left.is_empty() {
        let message = format!(
            "`{}` of {}: lbd adds the address without",
            left.join(" "),
            line.name.text
        );
        notes.add(Kind::NotCarried, &line.name.place, message);
    }
}
