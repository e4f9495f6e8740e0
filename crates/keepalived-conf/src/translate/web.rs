//! `HTTP_GET` and `SSL_GET`: a request.

use super::value;
use crate::model::{Probe, Request};
use crate::note::{Kind, Notes};
use crate::syntax::Directive;
use crate::words;

/// Statuses that there are.
const STATUSES: std::ops::RangeInclusive<u16> = 100..=599;
/// What keepalived expects where the file says nothing.
const WELL: &str = "200-299";

/// Reads the words of its own. `host` is the `virtualhost` around it.
pub(super) fn web(
    block: &Directive,
    own: &[&Directive],
    tls: bool,
    host: Option<&str>,
    notes: &mut Notes,
) -> Option<Probe> {
    let (mut own_host, mut sni, mut request) = (None, None, None);
    for directive in own {
        match directive.name.text.as_str() {
            "virtualhost" => own_host = self::host(directive, notes).or(own_host),
            "enable_sni" => {
                let on = value::switch(directive, notes).unwrap_or(false);
                sni = Some(*directive).filter(|_| on);
            }
            _ => {
                let next = url(directive, notes);
                if request.is_none() {
                    request = next;
                } else if next.is_some() {
                    let message = "a second `url`: lbd asks for one path of a server, the first";
                    notes.add(Kind::NotCarried, &directive.name.place, message);
                }
            }
        }
    }
    let Some(mut request) = request else {
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
            "path" => path = self::path(directive, notes).or(path),
            "virtualhost" => host = self::host(directive, notes).or(host),
            "status_code" => statuses.extend(self::statuses(directive, notes)),
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
        statuses: union(&statuses),
    })
}

/// A path as a URL has it.
fn path(directive: &Directive, notes: &mut Notes) -> Option<String> {
    let word = value::first(directive, notes)?;
    value::surplus(directive, 1, notes);
    let mut path = String::new();
    if !word.text.starts_with('/') {
        path.push('/');
    }
    for octet in word.text.bytes() {
        match char::from(octet) {
            plain if plain.is_ascii_alphanumeric() || "-._~/?&=+%:@!$'()*,;".contains(plain) => {
                path.push(plain)
            }
            _ => path.push_str(&format!("%{octet:02X}")),
        }
    }
    if path != word.text {
        let message = format!("`path {}`: a request has {path} here", word.text);
        notes.add(Kind::Changed, &word.place, message);
    }
    Some(path)
}

/// `virtualhost`: a name or address, which a port may follow.
pub(super) fn host(directive: &Directive, notes: &mut Notes) -> Option<String> {
    let Some(word) = directive.arguments.first() else {
        let message = "`virtualhost` without a name: keepalived takes no notice of it";
        notes.add(Kind::Ignored, &directive.name.place, message);
        return None;
    };
    value::surplus(directive, 1, notes);
    if !is_host(&word.text) {
        let message = format!(
            "`virtualhost {}`: lbd takes a name or an address, and a port",
            word.text
        );
        notes.add(Kind::NotCarried, &word.place, message);
        return None;
    }
    Some(word.text.clone())
}

fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let bracketed = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .is_some_and(|name| name.parse::<std::net::Ipv6Addr>().is_ok());
    let plain = name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || "-._".contains(letter));
    let port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    !name.is_empty() && (bracketed || plain) && port
}

/// The numbers and ranges of one line.
fn statuses(directive: &Directive, notes: &mut Notes) -> Vec<(u16, u16)> {
    let mut found = Vec::new();
    for word in &directive.arguments {
        let (first, last) = word
            .text
            .split_once('-')
            .unwrap_or((&word.text, &word.text));
        let status = |text: &str| text.parse().ok().filter(|status| STATUSES.contains(status));
        match (status(first), status(last)) {
            (Some(first), Some(last)) if first <= last => found.push((first, last)),
            _ => {
                let message = format!(
                    "`{}` is no status or range of 100 to 599; keepalived takes no notice of it",
                    word.text
                );
                notes.add(Kind::Ignored, &word.place, message);
            }
        }
    }
    if directive.arguments.is_empty() {
        let message = "`status_code` without a number: keepalived takes no notice of it";
        notes.add(Kind::Ignored, &directive.name.place, message);
    }
    found
}

/// All of them in order, each once; keepalived's own where there is none.
fn union(ranges: &[(u16, u16)]) -> String {
    let mut ranges = ranges.to_vec();
    ranges.sort_unstable();
    let mut joined: Vec<(u16, u16)> = Vec::new();
    for (first, last) in ranges {
        match joined.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => joined.push((first, last)),
        }
    }
    let written = joined.into_iter().map(|(first, last)| match last {
        last if last == first => first.to_string(),
        last => format!("{first}-{last}"),
    });
    let text = written.collect::<Vec<_>>().join(",");
    if text.is_empty() {
        WELL.to_owned()
    } else {
        text
    }
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

#[cfg(test)]
mod tests {
    use super::{is_host, union};

    #[test]
    fn statuses_are_joined_where_they_touch() {
        assert_eq!(
            union(&[(401, 401), (204, 299), (200, 203), (210, 220)]),
            "200-299,401"
        );
        assert_eq!(union(&[]), "200-299");
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        for host in [
            "www.example.org",
            "a_b:8080",
            "192.0.2.1",
            "[2001:db8::1]",
            "[2001:db8::1]:80",
        ] {
            assert!(is_host(host), "{host}");
        }
        for other in [
            "",
            ":80",
            "a b",
            "a/b",
            "user@a",
            "2001:db8::1",
            "a:b",
            "a:70000",
            "[a]",
        ] {
            assert!(!is_host(other), "{other}");
        }
    }
}
