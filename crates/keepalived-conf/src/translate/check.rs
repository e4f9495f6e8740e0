//! Health checkers, and the timing that they inherit from the real server and the virtual server.

use std::time::Duration;

use super::value;
use crate::model::{Check, Timing};
use crate::note::{Kind, Notes};
use crate::syntax::Directive;
use crate::words::{self, Words};

/// The longest that lbd waits for anything.
const DAY: Duration = Duration::from_secs(86_400);
/// The shortest.
const INSTANT: Duration = Duration::from_millis(1);

/// What is said of timing in one place; the rest is inherited.
#[derive(Clone, Copy, Default)]
pub(super) struct Said {
    interval: Option<Duration>,
    timeout: Option<Duration>,
    retries: Option<u32>,
    retry_delay: Option<Duration>,
}

impl Said {
    /// Takes a word about timing; false for another word.
    pub(super) fn take(&mut self, directive: &Directive, notes: &mut Notes) -> bool {
        let name = directive.name.text.as_str();
        match name {
            "delay_loop" => {
                self.interval = value::seconds(directive, 0.000_001..=1e9, notes).or(self.interval)
            }
            "connect_timeout" => {
                self.timeout =
                    value::seconds(directive, 0.000_001..=4_294.967_295, notes).or(self.timeout)
            }
            "retry" | "nb_get_retry" => {
                self.retries = value::number(directive, 0..=0x7fff_ffff, notes).or(self.retries)
            }
            "delay_before_retry" => {
                self.retry_delay = value::seconds(directive, 0.0..=1e9, notes).or(self.retry_delay)
            }
            "alpha" => {
                let _ = value::switch(directive, notes);
            }
            _ => return false,
        }
        value::surplus(directive, 1, notes);
        true
    }

    /// What is said here, and else what is said around it.
    pub(super) fn within(self, outer: Self) -> Self {
        Self {
            interval: self.interval.or(outer.interval),
            timeout: self.timeout.or(outer.timeout),
            retries: self.retries.or(outer.retries),
            retry_delay: self.retry_delay.or(outer.retry_delay),
        }
    }

    fn timing(self, defaults: Timing) -> Timing {
        Timing {
            interval: self.interval.unwrap_or(defaults.interval),
            timeout: self.timeout.unwrap_or(defaults.timeout),
            retries: self.retries.unwrap_or(defaults.retries),
            retry_delay: self.retry_delay.unwrap_or(defaults.retry_delay),
        }
    }
}

/// keepalived's own timing.
const DEFAULTS: Timing = Timing {
    interval: Duration::from_secs(60),
    timeout: Duration::from_secs(5),
    retries: 1,
    retry_delay: Duration::from_secs(1),
};

/// The words of a checker, and its own defaults; none for a word that is no checker.
fn checker(name: &str) -> Option<(&'static Words, Timing)> {
    let seconds = Duration::from_secs;
    let http = Timing {
        retry_delay: seconds(3),
        ..DEFAULTS
    };
    Some(match name {
        "TCP_CHECK" => (&words::TCP, DEFAULTS),
        "HTTP_GET" => (&words::HTTP, http),
        "SSL_GET" => (&words::SSL_GET, http),
        "SMTP_CHECK" => (&words::SMTP, DEFAULTS),
        "MISC_CHECK" => (
            &words::MISC,
            Timing {
                retries: 0,
                ..DEFAULTS
            },
        ),
        "DNS_CHECK" => (
            &words::DNS,
            Timing {
                retries: 3,
                ..DEFAULTS
            },
        ),
        "UDP_CHECK" => (&words::UDP, DEFAULTS),
        "PING_CHECK" => (&words::PING, DEFAULTS),
        "BFD_CHECK" => (&words::BFD_CHECK, DEFAULTS),
        "FILE_CHECK" => (&words::FILE_CHECK, DEFAULTS),
        _ => return None,
    })
}

/// Whether a word starts a checker.
pub(super) fn is_checker(name: &str) -> bool {
    checker(name).is_some()
}

/// Reads a checker. lbd makes a TCP connection whatever it is.
pub(super) fn check(block: &Directive, outer: Said, notes: &mut Notes) -> Option<Check> {
    let name = block.name.text.as_str();
    let (words, defaults) = checker(name)?;
    value::surplus(block, 0, notes);
    let (mut said, mut port) = (Said::default(), None);
    for directive in block.children() {
        let word = directive.name.text.as_str();
        match word {
            "connect_port" if words.carried.contains(&word) => {
                port = value::number(directive, 1..=65_535, notes)
            }
            "misc_timeout" if words.carried.contains(&word) => {
                said.timeout = value::number(directive, 0..=86_400, notes).map(Duration::from_secs);
            }
            "nb_get_retry" if !words.carried.contains(&word) => {
                note_nb_get_retry(directive, name, notes)
            }
            _ if words.carried.contains(&word) && said.take(directive, notes) => {}
            _ => words.leave(directive, notes),
        }
    }
    if name != "TCP_CHECK" {
        let message = format!(
            "`{name}`: lbd checks by TCP connection to the server's port, with the same timing"
        );
        notes.add(Kind::Changed, &block.name.place, message);
    }
    Some(Check {
        place: block.name.place.clone(),
        port,
        timing: fit(said.within(outer).timing(defaults), block, notes),
    })
}

/// Known only in `HTTP_GET` and `SSL_GET`, but often written elsewhere.
fn note_nb_get_retry(directive: &Directive, checker: &str, notes: &mut Notes) {
    let number = directive.argument(0).unwrap_or_default();
    let message = format!(
        "`nb_get_retry {number}`: keepalived does not know it in {checker}, so the number of retries is the default; \
         if {number} is wanted, set `retries: {number}` in lbd's file"
    );
    notes.add(Kind::Ignored, &directive.name.place, message);
}

fn fit(timing: Timing, block: &Directive, notes: &mut Notes) -> Timing {
    let fitted = Timing {
        interval: timing.interval.clamp(INSTANT, DAY),
        timeout: timing.timeout.clamp(INSTANT, DAY),
        retries: timing.retries,
        retry_delay: timing.retry_delay.clamp(INSTANT, DAY),
    };
    if fitted != timing {
        let message = "lbd takes times of 1 ms to a day";
        notes.add(Kind::Changed, &block.name.place, message);
    }
    fitted
}
