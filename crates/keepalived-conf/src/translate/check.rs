//! Health checkers.

use std::time::Duration;

use super::timing::{self, DEFAULTS, Said};
use super::{misc, value, web};
use crate::model::{Check, Probe, Timing};
use crate::note::{Kind, Notes};
use crate::syntax::Directive;
use crate::words::{self, Words};

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
        timing: timing::fit(timing, block, notes),
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
