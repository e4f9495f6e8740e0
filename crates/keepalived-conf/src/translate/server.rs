//! `real_server`.

use super::check::{self, Said};
use super::value;
use crate::model::{Forwarding, Server};
use crate::note::{Kind, Notes};
use crate::syntax::Directive;
use crate::words;

/// What the virtual server says for all of its real servers.
#[derive(Clone, Copy)]
pub(super) struct Outer {
    pub(super) said: Said,
    pub(super) weight: u32,
    pub(super) forwarding: Forwarding,
}

/// Reads a `real_server`.
pub(super) fn server(block: &Directive, outer: Outer, notes: &mut Notes) -> Option<Server> {
    let word = value::first(block, notes)?;
    let ip = value::address(block, word, notes)?;
    let port = block
        .arguments
        .get(1)
        .and_then(|word| port(block, &word.text, notes));
    value::surplus(block, 2, notes);
    let (mut weight, mut said) = (outer.weight, Said::default());
    let mut checkers: Vec<&Directive> = Vec::new();
    for directive in block.children() {
        match directive.name.text.as_str() {
            "weight" => {
                weight = value::number(directive, 0..=65_535, notes).unwrap_or(weight);
                value::surplus(directive, 1, notes);
            }
            "lvs_method" => own_method(directive, outer.forwarding, notes),
            name if check::is_checker(name) => checkers.push(directive),
            _ if said.take(directive, notes) => {}
            _ => words::REAL_SERVER.leave(directive, notes),
        }
    }
    let chosen = choose(&checkers, notes);
    Some(Server {
        place: block.name.place.clone(),
        ip,
        port,
        weight,
        check: chosen.and_then(|checker| check::check(checker, said.within(outer.said), notes)),
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

/// lbd makes one check of a server: a `TCP_CHECK` if there is one, else the first.
fn choose<'a>(checkers: &[&'a Directive], notes: &mut Notes) -> Option<&'a Directive> {
    let tcp = checkers
        .iter()
        .find(|checker| checker.name.text == "TCP_CHECK");
    let chosen = tcp.or(checkers.first()).copied()?;
    for other in checkers
        .iter()
        .filter(|other| !std::ptr::eq(**other, chosen))
    {
        let message = format!(
            "`{}`: lbd makes one check of a server, here the {}",
            other.name.text, chosen.name.text
        );
        notes.add(Kind::NotCarried, &other.name.place, message);
    }
    Some(chosen)
}

fn own_method(directive: &Directive, service: Forwarding, notes: &mut Notes) {
    if super::service::method(directive, notes).is_some_and(|method| method != service) {
        let message =
            "`lvs_method` of a server: in lbd all servers of a service are reached in one way";
        notes.add(Kind::NotCarried, &directive.name.place, message);
    }
}
