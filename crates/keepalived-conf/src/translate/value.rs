//! Numbers, durations and addresses as keepalived reads them.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::note::{Kind, Notes};
use crate::syntax::{Directive, Word};

/// A whole number within its bounds. keepalived takes no notice of another one, so it is noted and left out.
pub(super) fn number<T: TryFrom<i64>>(
    directive: &Directive,
    range: RangeInclusive<i64>,
    notes: &mut Notes,
) -> Option<T> {
    let word = first(directive, notes)?;
    let text = word.text.trim_start();
    let number = text
        .parse::<i64>()
        .ok()
        .filter(|number| range.contains(number));
    let found = number.and_then(|number| T::try_from(number).ok());
    if found.is_none() {
        let (low, high) = (range.start(), range.end());
        invalid(
            directive,
            word,
            &format!("a whole number from {low} to {high}"),
            notes,
        );
    }
    found
}

/// A time in seconds, with decimals where keepalived takes them, down to microseconds.
pub(super) fn seconds(
    directive: &Directive,
    range: RangeInclusive<f64>,
    notes: &mut Notes,
) -> Option<Duration> {
    let word = first(directive, notes)?;
    let number = word.text.trim_start().parse::<f64>().ok();
    let found = number
        .filter(|number| range.contains(number))
        .and_then(|number| Duration::try_from_secs_f64(number).ok())
        .map(to_micros);
    if found.is_none() {
        let (low, high) = (range.start(), range.end());
        invalid(
            directive,
            word,
            &format!("a time of {low} to {high} seconds"),
            notes,
        );
    }
    found
}

fn to_micros(duration: Duration) -> Duration {
    let nanos = duration.subsec_nanos();
    Duration::new(duration.as_secs(), nanos - nanos % 1000)
}

/// `on`, `true`, `yes` and their opposites; a word alone is `on`.
pub(super) fn switch(directive: &Directive, notes: &mut Notes) -> Option<bool> {
    let Some(word) = directive.arguments.first() else {
        return Some(true);
    };
    match word.text.as_str() {
        "on" | "true" | "yes" => Some(true),
        "off" | "false" | "no" => Some(false),
        _ => {
            invalid(directive, word, "on or off", notes);
            None
        }
    }
}

/// An IP address.
pub(super) fn address(directive: &Directive, word: &Word, notes: &mut Notes) -> Option<IpAddr> {
    let found = word.text.parse::<IpAddr>().ok();
    if found.is_none() {
        invalid(directive, word, "an IPv4 or IPv6 address", notes);
    }
    found
}

/// The first argument.
pub(super) fn first<'a>(directive: &'a Directive, notes: &mut Notes) -> Option<&'a Word> {
    let word = directive.arguments.first();
    if word.is_none() {
        let message = format!(
            "`{}` says nothing; keepalived refuses the file",
            directive.name.text
        );
        notes.add(Kind::Question, &directive.name.place, message);
    }
    word
}

/// Notes the words after those that keepalived reads.
pub(super) fn surplus(directive: &Directive, read: usize, notes: &mut Notes) {
    let Some(word) = directive.arguments.get(read) else {
        return;
    };
    let rest: Vec<&str> = directive
        .arguments
        .iter()
        .skip(read)
        .map(|word| word.text.as_str())
        .collect();
    let message = format!(
        "`{}` behind `{}` is not read: each word of the language needs a line of its own, also in braces",
        rest.join(" "),
        directive.name.text
    );
    notes.add(Kind::Ignored, &word.place, message);
}

fn invalid(directive: &Directive, word: &Word, wanted: &str, notes: &mut Notes) {
    let message = format!(
        "`{} {}`: this must be {wanted}; keepalived takes no notice of it",
        directive.name.text, word.text
    );
    notes.add(Kind::Ignored, &word.place, message);
}
