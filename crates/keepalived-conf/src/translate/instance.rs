//! `vrrp_instance`.

use std::time::Duration;

use super::global::Defaults;
use super::script::Scripts;
use super::{address, authentication, interval, notify, value};
use crate::model::{Address, Notify, Router};
use crate::note::{Kind, Notes};
use crate::syntax::{Directive, Word};
use crate::words;

/// keepalived's own priority where the file has none, and for a router that starts as master.
const PRIORITY: u8 = 100;
const OWNER: u8 = 255;

/// Reads a `vrrp_instance`; none if lbd can do nothing with it.
pub(super) fn instance(
    block: &Directive,
    defaults: &Defaults,
    scripts: &mut Scripts,
    notes: &mut Notes,
) -> Option<Router> {
    let name = value::first(block, notes)?;
    value::surplus(block, 1, notes);
    let draft = draft(block, scripts, notes);
    let place = &block.name.place;
    let (Some(id), Some(interface)) = (draft.id, draft.interface.clone()) else {
        let missing = if draft.id.is_none() {
            "virtual_router_id"
        } else {
            "interface"
        };
        let message = format!(
            "virtual router `{}` has no {missing}; it is left out",
            name.text
        );
        notes.add(Kind::Question, place, message);
        return None;
    };
    let addresses = one_family(&draft, &interface, notes);
    let Some(first) = addresses.first() else {
        let message = format!(
            "virtual router `{}` has no address; lbd has nothing to move, so it is left out",
            name.text
        );
        notes.add(Kind::NotCarried, place, message);
        return None;
    };
    let version = version(&draft, defaults, first.ip.is_ipv6(), notes);
    let master = draft
        .state
        .is_some_and(|directive| starts_as_master(directive, notes));
    let priority = draft
        .priority
        .unwrap_or_else(|| default_priority(block, master, notes));
    let (preempt, preempt_delay) = preemption(&draft, master, notes);
    let peers = peers(&draft, notes);
    Some(Router {
        name: name.text.clone(),
        place: place.clone(),
        id,
        interface,
        version,
        priority,
        interval: interval::fit(draft.interval, version, notes),
        password: authentication::password(draft.authentication, version, notes),
        addresses,
        preempt,
        preempt_delay,
        peers,
        source: draft.source.and_then(|directive| source(directive, notes)),
        scripts: draft.scripts,
        notify: notify::complete(draft.notify, draft.any_notify, notes),
    })
}

/// A block whose words have been read, but not yet compared with each other.
#[derive(Default)]
struct Draft<'a> {
    id: Option<u8>,
    interface: Option<String>,
    version: Option<(u8, &'a Directive)>,
    priority: Option<u8>,
    interval: Option<(Duration, &'a Directive)>,
    authentication: Option<&'a Directive>,
    listed: Vec<&'a Directive>,
    excluded: Vec<&'a Directive>,
    state: Option<&'a Directive>,
    nopreempt: Option<&'a Directive>,
    preempt_delay: Option<(Duration, &'a Directive)>,
    peers: Option<&'a Directive>,
    source: Option<&'a Directive>,
    tracked_interfaces: Vec<&'a Directive>,
    scripts: Vec<crate::model::Script>,
    notify: Notify,
    any_notify: Option<&'a Directive>,
}

fn draft<'a>(block: &'a Directive, scripts: &mut Scripts, notes: &mut Notes) -> Draft<'a> {
    let mut draft = Draft::default();
    for directive in block.children() {
        let one_word = |notes: &mut Notes| value::surplus(directive, 1, notes);
        match directive.name.text.as_str() {
            "state" => draft.state = Some(directive),
            "interface" => {
                draft.interface = value::first(directive, notes).map(|word| word.text.clone());
                one_word(notes);
            }
            "virtual_router_id" => {
                draft.id = value::number(directive, 1..=255, notes).or(draft.id);
                one_word(notes);
            }
            "version" => {
                draft.version =
                    value::number(directive, 2..=3, notes).map(|version| (version, directive))
            }
            "priority" => {
                draft.priority = value::number(directive, 1..=255, notes).or(draft.priority);
                one_word(notes);
            }
            "advert_int" => {
                draft.interval =
                    value::seconds(directive, 0.01..=255.0, notes).map(|time| (time, directive));
                one_word(notes);
            }
            "authentication" => draft.authentication = Some(directive),
            "virtual_ipaddress" => draft.listed.push(directive),
            "virtual_ipaddress_excluded" => draft.excluded.push(directive),
            "nopreempt" => draft.nopreempt = Some(directive),
            "preempt" => {
                if let Some(earlier) = draft.nopreempt.take() {
                    let message = "`preempt` further down takes this back";
                    notes.add(Kind::Ignored, &earlier.name.place, message);
                }
            }
            "preempt_delay" => {
                let delay = value::seconds(directive, 0.0..=1000.0, notes);
                draft.preempt_delay = delay.map(|time| (time, directive)).or(draft.preempt_delay);
            }
            "unicast_peer" => draft.peers = Some(directive),
            "unicast_src_ip" | "mcast_src_ip" => draft.source = Some(directive),
            "track_interface" => draft.tracked_interfaces.push(directive),
            "track_script" => draft.scripts.extend(scripts.track(directive, notes)),
            "notify" => draft.any_notify = Some(directive),
            other if notify::take(other, directive, &mut draft.notify, notes) => {}
            _ => words::INSTANCE.leave(directive, notes),
        }
    }
    note_tracked_interfaces(&draft, notes);
    draft
}

/// lbd watches the router's own interface by itself.
fn note_tracked_interfaces(draft: &Draft<'_>, notes: &mut Notes) {
    for line in draft
        .tracked_interfaces
        .iter()
        .flat_map(|block| block.children())
    {
        if draft.interface.as_ref() != Some(&line.name.text) || !line.arguments.is_empty() {
            let message = format!(
                "`track_interface` {}: lbd watches the router's own interface by itself; others, and weights, are to be written by hand: track_interfaces",
                line.name.text
            );
            notes.add(Kind::NotCarried, &line.name.place, message);
        }
    }
}

/// keepalived skips addresses of another family than the first one's. Those that it does not name in adverts
/// (`virtual_ipaddress_excluded`) lbd names too.
fn one_family(draft: &Draft<'_>, interface: &str, notes: &mut Notes) -> Vec<Address> {
    let mut found: Vec<Address> = Vec::new();
    let mut take = |(address, word): (Address, Word), notes: &mut Notes| {
        let other_family = found
            .first()
            .is_some_and(|first| first.ip.is_ipv4() != address.ip.is_ipv4());
        let twice = found.iter().any(|known| known.ip == address.ip);
        let why = match (other_family, twice) {
            (true, _) => "is not of the router's family; make a second router for it",
            (_, true) => "is named twice",
            _ => {
                found.push(address);
                return true;
            }
        };
        notes.add(
            Kind::NotCarried,
            &word.place,
            format!("`{}` {why}", word.text),
        );
        false
    };
    for block in &draft.listed {
        for entry in address::addresses(block, interface, notes) {
            take(entry, notes);
        }
    }
    for block in &draft.excluded {
        for entry in address::addresses(block, interface, notes) {
            let word = entry.1.clone();
            if take(entry, notes) {
                let message = format!(
                    "`{}` is kept out of keepalived's adverts; lbd's name it, so move all directors over together",
                    word.text
                );
                notes.add(Kind::Changed, &word.place, message);
            }
        }
    }
    found
}

fn version(draft: &Draft<'_>, defaults: &Defaults, ipv6: bool, notes: &mut Notes) -> u8 {
    match draft.version {
        Some((2, directive)) if ipv6 => {
            let message = "lbd speaks version 3 over IPv6, as the RFC wants it: the directors must change together";
            notes.add(Kind::Changed, &directive.name.place, message);
            3
        }
        Some((version, _)) => version,
        None if ipv6 => 3,
        None => defaults.version.unwrap_or(2),
    }
}

/// Whether it preempts, and after which delay. Both do nothing for a router that starts as master.
fn preemption(draft: &Draft<'_>, master: bool, notes: &mut Notes) -> (bool, Duration) {
    let clears = [
        draft.nopreempt,
        draft.preempt_delay.map(|(_, directive)| directive),
    ];
    if master {
        for directive in clears.into_iter().flatten() {
            let message = format!(
                "`{}` has no effect together with `state MASTER`",
                directive.name.text
            );
            notes.add(Kind::Ignored, &directive.name.place, message);
        }
        return (true, Duration::ZERO);
    }
    let delay = draft
        .preempt_delay
        .map_or(Duration::ZERO, |(delay, _)| delay);
    (draft.nopreempt.is_none(), delay)
}

fn default_priority(block: &Directive, master: bool, notes: &mut Notes) -> u8 {
    if !master {
        return PRIORITY;
    }
    let message = "`state MASTER` without a `priority`: keepalived takes 255, the priority of the addresses' owner, whom \
                   nobody preempts; better name one below";
    notes.add(Kind::Changed, &block.name.place, message);
    OWNER
}

/// `state BACKUP` is what lbd does.
fn starts_as_master(directive: &Directive, notes: &mut Notes) -> bool {
    let place = &directive.name.place;
    match directive.argument(0) {
        Some("MASTER") => {
            let message = "`state MASTER`: every router of lbd starts as backup, and the highest priority makes the master";
            notes.add(Kind::NotCarried, place, message);
            true
        }
        Some("BACKUP") => false,
        _ => {
            notes.add(
                Kind::Ignored,
                place,
                "this is no state; keepalived takes BACKUP",
            );
            false
        }
    }
}

fn peers(draft: &Draft<'_>, notes: &mut Notes) -> Vec<(std::net::IpAddr, crate::Place)> {
    let mut peers = Vec::new();
    for line in draft.peers.iter().flat_map(|block| block.children()) {
        if let Some(ip) = value::address(line, &line.name, notes) {
            peers.push((ip, line.name.place.clone()));
        }
        if let Some(word) = line.arguments.first() {
            let message = "lbd takes adverts with TTL 255 only, as the RFC wants it";
            notes.add(Kind::NotCarried, &word.place, message);
        }
    }
    peers
}

fn source(directive: &Directive, notes: &mut Notes) -> Option<std::net::IpAddr> {
    let word = value::first(directive, notes)?;
    value::address(directive, word, notes)
}
