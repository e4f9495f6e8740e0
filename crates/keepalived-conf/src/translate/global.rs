//! `global_defs`.

use std::time::Duration;

use super::value;
use crate::model::Director;
use crate::note::{Kind, Notes};
use crate::syntax::Directive;
use crate::words;

/// What applies to blocks that do not say otherwise.
pub(super) struct Defaults {
    /// `vrrp_version`.
    pub(super) version: Option<u8>,
}

/// Reads all `global_defs` blocks; keepalived does so before the rest of the file.
pub(super) fn global(tree: &[Directive], director: &mut Director, notes: &mut Notes) -> Defaults {
    let mut defaults = Defaults { version: None };
    let blocks = tree
        .iter()
        .filter(|directive| directive.name.text == "global_defs");
    for directive in blocks.flat_map(Directive::children) {
        match directive.name.text.as_str() {
            "router_id" => {
                let id = text(directive, notes);
                director.router_id = id.map(|id| (id, directive.name.place.clone()));
            }
            "vrrp_version" => defaults.version = value::number(directive, 2..=3, notes),
            "notification_email" => receivers(directive, director, notes),
            "notification_email_from" => director.email.from = text(directive, notes),
            "smtp_server" => director.email.server = smtp_server(directive, notes),
            "smtp_connect_timeout" => {
                let seconds = value::number::<u64>(directive, 0..=4294, notes);
                director.email.timeout = seconds.map(Duration::from_secs);
            }
            _ => words::GLOBAL_DEFS.leave(directive, notes),
        }
    }
    defaults
}

fn text(directive: &Directive, notes: &mut Notes) -> Option<String> {
    let word = value::first(directive, notes)?;
    value::surplus(directive, 1, notes);
    Some(word.text.clone())
}

/// Every word in the block is a receiver.
fn receivers(directive: &Directive, director: &mut Director, notes: &mut Notes) {
    value::surplus(directive, 0, notes);
    for line in directive.children() {
        for word in std::iter::once(&line.name).chain(&line.arguments) {
            if is_mail_address(&word.text) {
                director.email.to.push(word.text.clone());
            } else {
                let message = format!("`{}` is no mail address", word.text);
                notes.add(Kind::NotCarried, &word.place, message);
            }
        }
    }
}

fn is_mail_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn smtp_server(directive: &Directive, notes: &mut Notes) -> Option<String> {
    let host = value::first(directive, notes)?;
    value::surplus(directive, 2, notes);
    let port = directive.argument(1).filter(|port| *port != "25");
    Some(match port {
        Some(port) if host.text.contains(':') => format!("[{}]:{port}", host.text),
        Some(port) => format!("{}:{port}", host.text),
        None => host.text.clone(),
    })
}
