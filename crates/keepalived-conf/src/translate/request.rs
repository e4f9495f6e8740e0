//! The parts of a request: path, host, and the statuses that are well.

use super::value;
use crate::note::{Kind, Notes};
use crate::syntax::Directive;

/// Statuses that there are.
const STATUSES: std::ops::RangeInclusive<u16> = 100..=599;
/// What keepalived expects where the file says nothing.
const WELL: &str = "200-299";

/// A path as a URL has it.
pub(super) fn path(directive: &Directive, notes: &mut Notes) -> Option<String> {
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
pub(super) fn statuses(directive: &Directive, notes: &mut Notes) -> Vec<(u16, u16)> {
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
pub(super) fn union(ranges: &[(u16, u16)]) -> String {
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
