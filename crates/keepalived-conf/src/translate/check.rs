//! Health checkers, and the timing that they inherit from the real server and the virtual server.

use std::time::Duration;

use super::{misc, value, web};
use crate::model::{Check, Probe, Timing};
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

    /// From one check to the next, if it is said.
    pub(super) fn interval(self) -> Option<Duration> {
        self.interval
    }

    /// Whether a `connect_timeout` is said.
    pub(super) fn has_timeout(self) -> bool {
        self.timeout.is_some()
    }

    /// With what is said nowhere.
    pub(super) fn timing(self, defaults: Timing) -> Timing {
        Timing {
            interval: self.interval.unwrap_or(defaults.interval),
            timeout: self.timeout.unwrap_or(defaults.timeout),
            retries: self.retries.unwrap_or(defaults.retries),
            retry_delay: self.retry_delay.unwrap_or(defaults.retry_delay),
        }
    }
}

/// keepalived's own timing.
pub(super) const DEFAULTS: Timing = Timing {
    interval: Duration::from_secs(60),
    timeout: Duration::from_secs(5),
    retries: 1,
    retry_delay: Duration::from_secs(1),
};

/// The checkers.
#[derive(Clone, Copy)]
enum Checker {
    Tcp,
    Misc,
    Web {
        tls: bool,
    },
    /// lbd has nothing like it.
    Other,
}

/// A checker by its name, with its words; none for a word that is no checker.
fn checker(name: &str) -> Option<(Checker, &'static Words)> {
    Some(match name {
        "TCP_CHECK" => (Checker::Tcp, &words::TCP),
        "MISC_CHECK" => (Checker::Misc, &words::MISC),
        "HTTP_GET" => (Checker::Web { tls: false }, &words::HTTP),
        "SSL_GET" => (Checker::Web { tls: true }, &words::SSL_GET),
        "SMTP_CHECK" => (Checker::Other, &words::SMTP),
        "DNS_CHECK" => (Checker::Other, &words::DNS),
        "UDP_CHECK" => (Checker::Other, &words::UDP),
        "PING_CHECK" => (Checker::Other, &words::PING),
        "BFD_CHECK" => (Checker::Other, &words::BFD_CHECK),
        "FILE_CHECK" => (Checker::Other, &words::FILE_CHECK),
        _ => return None,
    })
}

/// Whether a word starts a checker.
pub(super) fn is_checker(name: &str) -> bool {
    checker(name).is_some()
}

/// Whether a word starts a checker that uses `virtualhost`.
pub(super) fn is_web(name: &str) -> bool {
    matches!(checker(name), Some((Checker::Web { .. }, _)))
}

/// Whether a word starts a checker that lbd has nothing like.
pub(super) fn is_foreign(name: &str) -> bool {
    matches!(checker(name), Some((Checker::Other, _)))
}

/// What stands around a checker.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// What the real server says, and else the virtual server.
    pub(super) said: Said,
    /// The virtual server's `delay_loop`.
    pub(super) service_interval: Option<Duration>,
    /// The real server's `virtualhost`, or else the virtual server's.
    pub(super) host: Option<&'a str>,
}

/// Reads a checker; none where lbd has no such check, or keepalived itself makes none.
pub(super) fn check(block: &Directive, around: Around<'_>, notes: &mut Notes) -> Option<Check> {
    let (checker, words) = checker(&block.name.text)?;
    if matches!(checker, Checker::Other) {
        leave(block, words, notes);
        return None;
    }
    value::surplus(block, 0, notes);
    let (mut said, mut port, mut own) = (Said::default(), None, Vec::new());
    for directive in block.children() {
        let word = directive.name.text.as_str();
        match word {
            "connect_port" if words.carried.contains(&word) => {
                port = value::number(directive, 1..=65_535, notes)
            }
            "nb_get_retry" if !words.carried.contains(&word) => {
                note_nb_get_retry(directive, words.block, notes)
            }
            _ if !words.carried.contains(&word) => words.leave(directive, notes),
            _ if said.take(directive, notes) => {}
            _ => own.push(directive),
        }
    }
    let said = said.within(around.said);
    let (timing, probe) = match checker {
        Checker::Tcp | Checker::Other => (said.timing(DEFAULTS), Probe::Tcp),
        Checker::Misc => misc::misc(block, &own, said, around.service_interval, notes)?,
        Checker::Web { tls } => {
            let defaults = Timing {
                retry_delay: Duration::from_secs(3),
                ..DEFAULTS
            };
            let probe = web::web(block, &own, tls, around.host, notes)?;
            (said.timing(defaults), probe)
        }
    };
    Some(Check {
        word: words.block,
        place: block.name.place.clone(),
        port,
        timing: fit(timing, block, notes),
        probe,
    })
}

/// Tells a checker as a whole, and what keepalived does not know in it.
fn leave(block: &Directive, words: &Words, notes: &mut Notes) {
    words::REAL_SERVER.leave(block, notes);
    let unknown = |directive: &&Directive| words.reason(&directive.name.text).is_none();
    let unknown = block.children().iter().filter(unknown);
    unknown.for_each(|directive| words.leave(directive, notes));
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
