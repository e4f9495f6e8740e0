//! Reads what `iptables-save -t mangle` prints, of either variant and either family.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::num::NonZeroU32;

use crate::rule::Target;
use crate::{CHAIN, ChainState, Damage, Mac, MarkRule, Protocol};

/// Of strange rules and jumps, this many are kept for people to look at.
const SHOWN: usize = 8;

/// What the table holds of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    /// Whether the chain is there.
    pub(crate) chain: bool,
    /// Plain jumps from PREROUTING.
    pub(crate) jumps: usize,
    /// Every other jump to the chain: the rule as printed, from the chain's name on (`INPUT -i lo -j LBD-MARK`).
    pub(crate) strange_jumps: Vec<String>,
    /// The rules, sorted.
    pub(crate) rules: Vec<MarkRule>,
    /// The first few of the rules that are not understood.
    pub(crate) strange_rules: Vec<String>,
    /// Whether there is anything in the table that is not ours.
    pub(crate) foreign: bool,
}

impl Table {
    pub(crate) fn damage(&self) -> Damage {
        Damage {
            rules: self.rules.clone(),
            no_jump: self.chain && self.jumps == 0,
            extra_jumps: self.jumps.saturating_sub(1),
            strange_jumps: self.strange_jumps.iter().take(SHOWN).cloned().collect(),
            strange_rules: self.strange_rules.clone(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.chain && self.jumps == 0 && self.strange_jumps.is_empty()
    }
}

/// The state of the chain in the output of `iptables-save -t mangle`. Any text is taken: lines that are not about our
/// chain are passed over.
pub fn parse_save(text: &str) -> ChainState {
    join(&[parse(text)])
}

/// The families' tables as one state.
pub(crate) fn join(tables: &[Table]) -> ChainState {
    if tables.iter().all(Table::is_empty) {
        return ChainState::Absent;
    }
    let mut whole = Damage::default();
    for damage in tables.iter().map(Table::damage) {
        whole.rules.extend(damage.rules);
        whole.no_jump |= damage.no_jump;
        whole.extra_jumps = whole.extra_jumps.saturating_add(damage.extra_jumps);
        whole.strange_jumps.extend(damage.strange_jumps);
        whole.strange_rules.extend(damage.strange_rules);
    }
    whole.rules.sort();
    if whole.is_none() {
        ChainState::Installed(whole.rules)
    } else {
        ChainState::Damaged(whole)
    }
}

pub(crate) fn parse(text: &str) -> Table {
    let mut table = Table::default();
    let mut chain = Chain::default();
    for line in text.lines() {
        if let Some(declared) = line.strip_prefix(':') {
            let name = declared.split_whitespace().next().unwrap_or_default();
            table.chain |= name == CHAIN;
            table.foreign |= name != CHAIN && !is_builtin(name);
            continue;
        }
        let Some(rule) = appended(line) else { continue };
        let tokens = tokens(rule);
        let Some((from, rest)) = tokens.split_first() else {
            continue;
        };
        if from == CHAIN {
            table.chain = true;
            if !chain.take(rest) && table.strange_rules.len() < SHOWN {
                table.strange_rules.push(shorten(rule));
            }
        } else if !jumps_to_ours(rest) {
            table.foreign = true;
        } else if from == "PREROUTING"
            && rest.len() == 2
            && rest.first().is_some_and(|flag| flag == "-j")
        {
            table.jumps = table.jumps.saturating_add(1);
        } else {
            table.strange_jumps.push(rule.to_owned());
        }
    }
    for target in chain.excluded.keys().take(SHOWN) {
        table.strange_rules.push(format!(
            "an exclusion without a mark for {} {} {}",
            target.0, target.1, target.2
        ));
    }
    table.rules = chain.rules.into_values().collect();
    table
}

fn is_builtin(chain: &str) -> bool {
    matches!(
        chain,
        "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING"
    )
}

/// What follows `-A`, also behind the counters that `iptables-save -c` prints (`[1:60] -A ...`).
fn appended(line: &str) -> Option<&str> {
    let line = match line.strip_prefix('[') {
        Some(counted) => counted.split_once("] ").map_or("", |(_, rule)| rule),
        None => line,
    };
    line.strip_prefix("-A ")
}

fn jumps_to_ours(tokens: &[String]) -> bool {
    tokens
        .iter()
        .zip(tokens.iter().skip(1))
        .any(|(flag, target)| {
            matches!(flag.as_str(), "-j" | "-g" | "--jump" | "--goto") && target == CHAIN
        })
}

fn shorten(rule: &str) -> String {
    rule.chars().take(200).collect()
}

/// Splits at white space; a part in double quotes (a comment) is one token, with backslash as escape.
fn tokens(rule: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    let (mut quoted, mut escaped) = (false, false);
    for letter in rule.chars() {
        match letter {
            _ if escaped => {
                token.get_or_insert_default().push(letter);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => {
                quoted = !quoted;
                token.get_or_insert_default();
            }
            space if space.is_whitespace() && !quoted => found.extend(token.take()),
            other => token.get_or_insert_default().push(other),
        }
    }
    found.extend(token);
    found
}

/// The chain while it is being read: exclusions wait for the mark that they belong to.
#[derive(Default)]
struct Chain {
    excluded: BTreeMap<Target, BTreeSet<Mac>>,
    rules: BTreeMap<Target, MarkRule>,
}

impl Chain {
    /// Takes one rule; `false` if it is not one that this crate writes, or not in a place where it has its effect.
    fn take(&mut self, tokens: &[String]) -> bool {
        let Some((target, effect)) = parse_rule(tokens) else {
            return false;
        };
        if self.rules.contains_key(&target) {
            return false; // marked already: an exclusion would come too late, a second mark would win
        }
        match effect {
            Effect::Exclude(mac) => self.excluded.entry(target).or_default().insert(mac),
            Effect::Mark(mark) => {
                let (destination, protocol, port) = target;
                let excluded = self.excluded.remove(&target).unwrap_or_default();
                self.rules
                    .insert(
                        target,
                        MarkRule {
                            destination,
                            protocol,
                            port,
                            mark,
                            excluded,
                        },
                    )
                    .is_none()
            }
        }
    }
}

enum Effect {
    Exclude(Mac),
    Mark(NonZeroU32),
}

/// One rule of ours, without its chain's name, its options in any order.
fn parse_rule(tokens: &[String]) -> Option<(Target, Effect)> {
    let (mut destination, mut protocol, mut port, mut mac, mut action, mut mark) =
        (None, None, None, None, None, None);
    let mut rest = tokens.iter().map(String::as_str);
    while let Some(flag) = rest.next() {
        let value = rest.next()?;
        let fresh = match flag {
            "-d" | "--destination" => destination.replace(parse_host(value)?).is_none(),
            "-p" | "--protocol" => protocol.replace(parse_protocol(value)?).is_none(),
            "--dport" | "--destination-port" => port.replace(value.parse::<u16>().ok()?).is_none(),
            "--mac-source" => mac.replace(value.parse::<Mac>().ok()?).is_none(),
            "-j" | "--jump" => action.replace(value).is_none(),
            "--set-mark" | "--set-xmark" => mark.replace(parse_mark(value)?).is_none(),
            "-m" | "--match" => matches!(value, "tcp" | "udp" | "mac"),
            _ => false,
        };
        if !fresh {
            return None;
        }
    }
    let target = (destination?, protocol?, port?);
    match (action?, mac, mark) {
        ("RETURN", Some(mac), None) => Some((target, Effect::Exclude(mac))),
        ("MARK", None, Some(mark)) => Some((target, Effect::Mark(mark))),
        _ => None,
    }
}

/// An address, with its whole length as prefix or none.
fn parse_host(text: &str) -> Option<IpAddr> {
    let (address, length) = text
        .split_once('/')
        .map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr = address.parse().ok()?;
    let whole = if address.is_ipv4() {
        ["32", "255.255.255.255"]
    } else {
        ["128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
    };
    length
        .is_none_or(|length| whole.contains(&length))
        .then_some(address)
}

fn parse_protocol(text: &str) -> Option<Protocol> {
    match text {
        "tcp" | "6" => Some(Protocol::Tcp),
        "udp" | "17" => Some(Protocol::Udp),
        _ => None,
    }
}

/// A mark that sets all 32 bits: no mask, or the full one.
fn parse_mark(text: &str) -> Option<NonZeroU32> {
    let (mark, mask) = text
        .split_once('/')
        .map_or((text, None), |(mark, mask)| (mark, Some(mask)));
    if let Some(mask) = mask
        && parse_number(mask)? != u32::MAX
    {
        return None;
    }
    NonZeroU32::new(parse_number(mark)?)
}

fn parse_number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
