//! `real_server`.

use super::check::{self, Around};
use super::timing::Said;
use super::{request, value};
use crate::model::{Check, Forwarding, Server};
use crate::note::{Kind, Notes};
use crate::syntax::Directive;
use crate::words;

/// What the virtual server says for all of its real servers.
#[derive(Clone, Copy)]
pub(super) struct Outer<'a> {
    pub(super) said: Said,
    pub(super) weight: u32,
    pub(super) forwarding: Forwarding,
    pub(super) host: Option<&'a str>,
}

/// Reads a `real_server`.
pub(super) fn server(block: &Directive, outer: Outer<'_>, notes: &mut Notes) -> Option<Server> {
    let word = value::first(block, notes)?;
    let ip = value::address(block, word, notes)?;
    let port = block
        .arguments
        .get(1)
        .and_then(|word| port(block, &word.text, notes));
    value::surplus(block, 2, notes);
    let (mut weight, mut said) = (outer.weight, Said::default());
    let (mut host, mut checkers): (_, Vec<&Directive>) = (None, Vec::new());
    for directive in block.children() {
        match directive.name.text.as_str() {
            "weight" => {
                weight = value::number(directive, 0..=65_535, notes).unwrap_or(weight);
                value::surplus(directive, 1, notes);
            }
            "lvs_method" => own_method(directive, outer.forwarding, notes),
            "virtualhost" => host = self::host(directive, block.children(), notes).or(host),
            name if check::is_checker(name) => checkers.push(directive),
            _ if said.take(directive, notes) => {}
            _ => words::REAL_SERVER.leave(directive, notes),
        }
    }
    let around = Around {
        said: said.within(outer.said),
        service_interval: outer.said.interval(),
        host: host.as_deref().or(outer.host),
    };
    let checks: Vec<Check> = { checkers.iter() }
        .filter_map(|checker| check::check(checker, around, notes))
        .collect();
    Some(Server {
        place: block.name.place.clone(),
        ip,
        port,
        weight,
        unchecked: { checkers.iter() }.any(|checker| check::is_foreign(&checker.name.text)),
        checks,
    })
}

/// `virtualhost`, which only means something to checkers that ask over HTTP.
pub(super) fn host(
    directive: &Directive,
    around: &[Directive],
    notes: &mut Notes,
) -> Option<String> {
    let host = request::host(directive, notes);
    if host.is_some() && !any_web(around) {
        let message = "`virtualhost`: no HTTP_GET or SSL_GET here sends it";
        notes.add(Kind::Ignored, &directive.name.place, message);
    }
    host
}

fn any_web(directives: &[Directive]) -> bool {
    directives.iter().any(|directive| {
        let name = directive.name.text.as_str();
        check::is_web(name) || (name == "real_server" && any_web(directive.children()))
    })
}

pub(super) fn port(block: &Directive, text: &str, notes: &mut Notes) -> Option<u16> {
    let port = text.parse::<u16>().ok().filter(|port| *port > 0);
    if port.is_none() && text != "0" {
        let message = format!("`{text}` is no port");
        notes.add(Kind::NotCarried, &block.name.place, message);
    }
    port
}

fn own_method(directive: &Directive, service: Forwarding, notes: &mut Notes) {
    if super::service::method(directive, notes).is_some_and(|method| method != service) {
        let message =
            "`lvs_method` of a server: in lbd all servers of a service are reached in one way";
        notes.add(Kind::NotCarried, &directive.name.place, message);
    }
}
