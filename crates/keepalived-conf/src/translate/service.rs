//! `virtual_server`.

use std::collections::BTreeSet;

use super::group::Groups;
use super::server::{self, Outer};
use super::timing::Said;
use super::value;
use crate::model::{Forwarding, Key, Server, Service};
use crate::note::{Kind, Notes};
use crate::syntax::{Directive, Word};
use crate::words;

/// The schedulers of Linux, which keepalived knows too.
const SCHEDULERS: [&str; 14] = [
    "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos",
];

/// Reads a `virtual_server`: one service for each thing that selects packets.
pub(super) fn service(block: &Directive, groups: &Groups, notes: &mut Notes) -> Vec<Service> {
    let (keys, group) = keys(block, groups, notes);
    let Some(body) = body(block, keys.first().copied(), notes) else {
        return Vec::new();
    };
    if keys.len() > 1 {
        let message = format!("a group of {}: lbd has a service for each", keys.len());
        notes.add(Kind::Changed, &block.name.place, message);
    }
    let single = keys.len() == 1;
    let name = body.name.or(group).filter(|_| single);
    keys.into_iter()
        .map(|key| Service {
            name: name.clone(),
            place: block.name.place.clone(),
            key,
            scheduler: body.scheduler.clone(),
            forwarding: body.forwarding,
            servers: body.servers.clone(),
        })
        .inspect(|service| note_ports(service, notes))
        .collect()
}

/// What the line of the block selects, and the group's name if it names one.
fn keys(block: &Directive, groups: &Groups, notes: &mut Notes) -> (Vec<Key>, Option<String>) {
    let Some(first) = value::first(block, notes) else {
        return (Vec::new(), None);
    };
    let second = block.arguments.get(1);
    value::surplus(block, 2, notes);
    match (first.text.as_str(), second) {
        ("fwmark", Some(mark)) => (mark_key(mark, notes).into_iter().collect(), None),
        ("group", Some(name)) => {
            let keys = groups.get(&name.text).cloned().unwrap_or_default();
            if keys.is_empty() {
                let message = format!("group `{}` selects nothing", name.text);
                notes.add(Kind::NotCarried, &name.place, message);
            }
            (keys, Some(name.text.clone()))
        }
        (_, port) => {
            let Some(address) = value::address(block, first, notes) else {
                return (Vec::new(), None);
            };
            let port = port.and_then(|port| server::port(block, &port.text, notes));
            if port.is_none() {
                let message = "a virtual server without a port: lbd balances one port; write a service for each";
                notes.add(Kind::NotCarried, &block.name.place, message);
            }
            (
                port.map(|port| Key::Address(address, port))
                    .into_iter()
                    .collect(),
                None,
            )
        }
    }
}

fn mark_key(word: &Word, notes: &mut Notes) -> Option<Key> {
    let mark = word.text.parse::<u32>().ok().filter(|mark| *mark > 0);
    if mark.is_none() {
        let message = format!(
            "`fwmark {}`: a mark is a number from 1 to 4294967295; the service is left out",
            word.text
        );
        notes.add(Kind::NotCarried, &word.place, message);
    }
    mark.map(Key::Mark)
}

/// What stands in the block.
struct Body {
    name: Option<String>,
    scheduler: String,
    forwarding: Forwarding,
    servers: Vec<Server>,
}

fn body(block: &Directive, key: Option<Key>, notes: &mut Notes) -> Option<Body> {
    let mut body = Body {
        name: None,
        scheduler: "wlc".to_owned(),
        forwarding: Forwarding::Masquerade,
        servers: Vec::new(),
    };
    let (mut said, mut weight, mut protocol, mut host) = (Said::default(), 1, None, None);
    for directive in block.children() {
        match directive.name.text.as_str() {
            "lb_algo" | "lvs_sched" => scheduler(directive, &mut body.scheduler, notes),
            "lb_kind" | "lvs_method" => {
                body.forwarding = method(directive, notes).unwrap_or(body.forwarding)
            }
            "protocol" => protocol = Some(directive),
            "snmp_name" => body.name = value::first(directive, notes).map(|word| word.text.clone()),
            "virtualhost" => host = server::host(directive, block.children(), notes).or(host),
            "weight" => weight = value::number(directive, 0..=65_535, notes).unwrap_or(weight),
            // Only for marks whose servers are all tunnelled; the virtual address tells lbd the family.
            "ip_family" | "real_server" => {}
            "persistence_timeout" if directive.argument(0) == Some("0") => {
                let message = "`persistence_timeout 0`: keepalived refuses 0, so there is no persistence; nor has lbd any";
                notes.add(Kind::Ignored, &directive.name.place, message);
            }
            _ if said.take(directive, notes) => {}
            _ => words::VIRTUAL_SERVER.leave(directive, notes),
        }
    }
    if !is_tcp(block, key, protocol, notes) {
        return None;
    }
    let outer = Outer {
        said,
        weight,
        forwarding: body.forwarding,
        host: host.as_deref(),
    };
    let servers = block
        .children()
        .iter()
        .filter(|directive| directive.name.text == "real_server");
    for directive in servers {
        let Some(server) = server::server(directive, outer, notes) else {
            continue;
        };
        if body.servers.iter().any(|known| known.ip == server.ip) {
            let message = format!("a second real server {}; lbd has one a host", server.ip);
            notes.add(Kind::NotCarried, &server.place, message);
        } else {
            body.servers.push(server);
        }
    }
    if body.servers.is_empty() {
        let message = "a virtual server without real servers; it is left out";
        notes.add(Kind::NotCarried, &block.name.place, message);
        return None;
    }
    Some(body)
}

/// lbd balances TCP. keepalived 2.2 takes an address without `protocol` for UDP.
fn is_tcp(
    block: &Directive,
    key: Option<Key>,
    protocol: Option<&Directive>,
    notes: &mut Notes,
) -> bool {
    let marked = matches!(key, Some(Key::Mark(_)));
    match protocol {
        Some(directive) if marked => {
            let message = "`protocol` of a service by mark: keepalived takes no notice of it; the mark says what is balanced";
            notes.add(Kind::Ignored, &directive.name.place, message);
            true
        }
        Some(directive)
            if directive
                .argument(0)
                .is_some_and(|name| name.eq_ignore_ascii_case("tcp")) =>
        {
            true
        }
        Some(directive) => {
            let message = format!(
                "`protocol {}`: lbd balances TCP only; the virtual server is left out",
                directive.argument(0).unwrap_or_default()
            );
            notes.add(Kind::NotCarried, &directive.name.place, message);
            false
        }
        None if marked || key.is_none() => true,
        None => {
            let message =
                "no `protocol TCP` here, which keepalived 2.2 takes for UDP; lbd balances TCP";
            notes.add(Kind::Changed, &block.name.place, message);
            true
        }
    }
}

fn scheduler(directive: &Directive, scheduler: &mut String, notes: &mut Notes) {
    let Some(word) = value::first(directive, notes) else {
        return;
    };
    value::surplus(directive, 1, notes);
    if SCHEDULERS.contains(&word.text.as_str()) {
        scheduler.clone_from(&word.text);
    } else {
        let message = format!(
            "`{}` is no scheduler; keepalived takes {scheduler}",
            word.text
        );
        notes.add(Kind::Ignored, &word.place, message);
    }
}

/// `NAT`, `DR` or `TUN`, which may be followed by a kind of tunnel.
pub(super) fn method(directive: &Directive, notes: &mut Notes) -> Option<Forwarding> {
    let word = value::first(directive, notes)?;
    let method = match word.text.as_str() {
        "NAT" => Forwarding::Masquerade,
        "DR" => Forwarding::DirectRoute,
        "TUN" => Forwarding::Tunnel,
        other => {
            let message =
                format!("`{other}` is no way of forwarding; keepalived takes no notice of it");
            notes.add(Kind::Ignored, &word.place, message);
            return None;
        }
    };
    let options: Vec<&str> = directive
        .arguments
        .iter()
        .skip(1)
        .map(|word| word.text.as_str())
        .collect();
    let plain = ["type", "ipip", "nocsum"];
    if method != Forwarding::Tunnel {
        value::surplus(directive, 1, notes);
    } else if options.iter().any(|option| !plain.contains(option)) {
        let message = format!("`{}`: lbd's tunnels are plain IP in IP", options.join(" "));
        notes.add(Kind::NotCarried, &word.place, message);
    }
    Some(method)
}

/// Only masquerading can change the port. Said once for servers on the same port.
fn note_ports(service: &Service, notes: &mut Notes) {
    let mut said = BTreeSet::new();
    for server in &service.servers {
        let Some(port) = server
            .port
            .filter(|_| service.forwarding != Forwarding::Masquerade)
        else {
            continue;
        };
        let message = match service.key {
            Key::Mark(_) => format!(
                "port {port} behind a mark: keepalived clears it, packets keep the port they came for; lbd takes it for the \
                 service's"
            ),
            Key::Address(_, own) if own != port => {
                format!(
                    "port {port} is not the service's {own}: keepalived resets it, packets keep their port"
                )
            }
            Key::Address(..) => continue,
        };
        if said.insert(port) {
            notes.add(Kind::Ignored, &server.place, message);
        }
    }
}
