//! `HTTP_GET` and `SSL_GET`: a request.

use super::{request, value};
use crate::model::{Probe, Request};
use crate::note::{Kind, Notes};
use crate::syntax::Directive;
use crate::words;

/// Reads the words of its own. `host` is the `virtualhost` around it.
pub(super) fn web(
    block: &Directive,
    own: &[&Directive],
    tls: bool,
    host: Option<&str>,
    notes: &mut Notes,
) -> Option<Probe> {
    let (mut own_host, mut sni, mut found) = (None, None, None);
    for directive in own {
        match directive.name.text.as_str() {
            "virtualhost" => own_host = request::host(directive, notes).or(own_host),
            "enable_sni" => {
                let on = value::switch(directive, notes).unwrap_or(false);
                sni = Some(*directive).filter(|_| on);
            }
            _ => {
                let next = url(directive, notes);
                if found.is_none() {
                    found = next;
                } else if next.is_some() {
                    let message = "a second `url`: lbd asks for one path of a server, the first";
                    notes.add(Kind::NotCarried, &directive.name.place, message);
                }
            }
        }
    }
    let Some(mut request) = found else {
        let message = format!(
            "`{}` without a `url` that has a path: keepalived makes no check",
            block.name.text
        );
        notes.add(Kind::Ignored, &block.name.place, message);
        return None;
    };
    let around = own_host.or_else(|| host.map(str::to_owned));
    request.host = request.host.or(around);
    note_name(block, sni, tls, request.host.is_some(), notes);
    Some(if tls {
        Probe::Https(request)
    } else {
        Probe::Http(request)
    })
}

/// One `url`; none without a path, which keepalived leaves out.
fn url(block: &Directive, notes: &mut Notes) -> Option<Request> {
    value::surplus(block, 0, notes);
    let (mut path, mut host, mut statuses) = (None, None, Vec::new());
    for directive in block.children() {
        match directive.name.text.as_str() {
            "path" => path = request::path(directive, notes).or(path),
            "virtualhost" => host = request::host(directive, notes).or(host),
            "status_code" => statuses.extend(request::statuses(directive, notes)),
            _ => words::URL.leave(directive, notes),
        }
    }
    let Some(path) = path else {
        let message = "`url` without a path: keepalived leaves it out";
        notes.add(Kind::Ignored, &block.name.place, message);
        return None;
    };
    Some(Request {
        path,
        host,
        statuses: request::union(&statuses),
    })
}

/// The name in the handshake of TLS.
fn note_name(
    block: &Directive,
    sni: Option<&Directive>,
    tls: bool,
    named: bool,
    notes: &mut Notes,
) {
    match sni {
        Some(sni) if !tls => {
            let message = "`enable_sni`: there is no TLS in HTTP_GET";
            notes.add(Kind::Ignored, &sni.name.place, message);
        }
        Some(sni) if !named => {
            let message = "`enable_sni` without a `virtualhost`: there is no name to send";
            notes.add(Kind::Ignored, &sni.name.place, message);
        }
        None if tls && named => {
            let message = "`SSL_GET`: lbd names the `host` in the handshake too (SNI), which keepalived does with `enable_sni` only";
            notes.add(Kind::Changed, &block.name.place, message);
        }
        Some(_) | None => {}
    }
}
