//! The rules of `iptables-save` that set a mark.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::Place;
use crate::syntax::Source;

/// A rule that sets a mark, in any chain of the table `mangle`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkRule {
    /// Where it stands.
    pub place: Place,
    /// The mark.
    pub mark: u32,
    /// Whether all 32 bits are set.
    pub whole: bool,
    /// The destination; none for any.
    pub address: Option<IpAddr>,
    /// The destination port; none for any, or for several.
    pub port: Option<u16>,
    /// The source MACs that are not marked, by this rule or by one in front of it.
    pub spared: Vec<String>,
}

impl MarkRule {
    /// Whether frames for this address and port can match.
    #[must_use]
    pub fn matches(&self, address: IpAddr, port: u16) -> bool {
        self.address.is_none_or(|own| own == address) && self.port.is_none_or(|own| own == port)
    }

    /// What it marks, in words.
    pub(super) fn target(&self) -> String {
        let address = self
            .address
            .map_or_else(|| "every address".to_owned(), |address| address.to_string());
        let port = self
            .port
            .map_or_else(|| "every port".to_owned(), |port| format!("port {port}"));
        format!("{address}, {port}")
    }
}

impl fmt::Display for MarkRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: mark {} for {}",
            self.place,
            self.mark,
            self.target()
        )
    }
}

/// Finds them. Any text is taken; other lines are passed over.
#[must_use]
pub fn rules(source: &Source) -> Vec<MarkRule> {
    let file: Arc<str> = Arc::from(source.name.as_str());
    let mut in_mangle = true;
    // MACs whose frames leave a chain before the rules that follow.
    let mut leaving: BTreeMap<String, Vec<(Parsed, String)>> = BTreeMap::new();
    let mut found = Vec::new();
    for (line, number) in source.text.lines().zip(1..) {
        if let Some(table) = line.strip_prefix('*') {
            in_mangle = table.trim() == "mangle";
        }
        let Some((chain, parsed)) = parse(line).filter(|_| in_mangle) else {
            continue;
        };
        if let (Some(mac), "RETURN" | "ACCEPT") = (&parsed.from, parsed.jump.as_str()) {
            leaving
                .entry(chain)
                .or_default()
                .push((parsed.clone(), mac.clone()));
            continue;
        }
        let Some((mark, whole)) = parsed.mark else {
            continue;
        };
        let earlier = leaving.get(&chain).into_iter().flatten();
        let earlier = earlier
            .filter(|(exclusion, _)| exclusion.covers(&parsed))
            .map(|(_, mac)| mac.clone());
        found.push(MarkRule {
            place: Place {
                file: Arc::clone(&file),
                line: number,
                column: 1,
            },
            mark,
            whole,
            address: parsed.address,
            port: parsed.port,
            spared: earlier.chain(parsed.not_from.clone()).collect(),
        });
    }
    found
}

/// What a rule says that matters here.
#[derive(Clone, Debug, Default)]
struct Parsed {
    address: Option<IpAddr>,
    port: Option<u16>,
    from: Option<String>,
    not_from: Option<String>,
    jump: String,
    mark: Option<(u32, bool)>,
}

impl Parsed {
    /// Whether it takes all frames that the other one would.
    fn covers(&self, other: &Self) -> bool {
        (self.address.is_none() || self.address == other.address)
            && (self.port.is_none() || self.port == other.port)
    }
}

/// The chain and the rule of a line `-A CHAIN …`; counters in front of it are passed over.
fn parse(line: &str) -> Option<(String, Parsed)> {
    let line = match line.trim_start().strip_prefix('[') {
        Some(counted) => counted.split_once(']')?.1,
        None => line,
    };
    let mut words = line.split_whitespace();
    if words.next() != Some("-A") {
        return None;
    }
    let chain = words.next()?.to_owned();
    let (mut parsed, mut negated) = (Parsed::default(), false);
    while let Some(word) = words.next() {
        match word {
            "!" => {
                negated = true;
                continue;
            }
            "-d" | "--destination" => parsed.address = host(words.next()?),
            "--dport" | "--destination-port" | "--dports" => {
                parsed.port = words.next()?.parse().ok()
            }
            "--mac-source" => {
                let mut mac = words.next()?;
                // The order of old iptables.
                if mac == "!" {
                    negated = true;
                    mac = words.next()?;
                }
                let mac = Some(mac.to_ascii_lowercase());
                if negated {
                    parsed.not_from = mac;
                } else {
                    parsed.from = mac;
                }
            }
            "-j" | "--jump" => parsed.jump = words.next()?.to_owned(),
            "--set-mark" | "--set-xmark" => parsed.mark = mark(words.next()?),
            _ => {}
        }
        negated = false;
    }
    Some((chain, parsed))
}

/// An address, with its whole length or none.
fn host(text: &str) -> Option<IpAddr> {
    let (address, length) = text
        .split_once('/')
        .map_or((text, None), |(address, length)| (address, Some(length)));
    let whole = length.is_none_or(|length| matches!(length, "32" | "128" | "255.255.255.255"));
    address.parse().ok().filter(|_| whole)
}

fn mark(text: &str) -> Option<(u32, bool)> {
    let (mark, mask) = text
        .split_once('/')
        .map_or((text, None), |(mark, mask)| (mark, Some(mask)));
    let whole = mask.is_none_or(|mask| number(mask) == Some(u32::MAX));
    Some((number(mark)?, whole))
}

fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
