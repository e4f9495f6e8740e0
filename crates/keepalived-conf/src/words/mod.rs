//! Every word that keepalived 2.2 knows, by block: carried over by the translation, or not, and then why.

mod check;
mod global;
mod nearest;
mod server;
mod vrrp;

use crate::note::{Kind, Notes};
use crate::syntax::Directive;

/// The words of one kind of block.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// The block's name.
    pub block: &'static str,
    /// Words that the translation understands.
    pub carried: &'static [&'static str],
    /// Words that it does not carry over, and why or what to do instead.
    pub left: &'static [(&'static str, &'static [&'static str])],
}

pub(crate) use check::*;
pub(crate) use global::*;
pub(crate) use server::*;
pub(crate) use vrrp::*;

/// Every kind of block.
pub const BLOCKS: [Words; 26] = [
    ROOT,
    GLOBAL_DEFS,
    SCRIPT,
    INSTANCE,
    AUTHENTICATION,
    SYNC_GROUP,
    TRACK_PROCESS,
    TRACK_FILE,
    TRACK_GROUP,
    GARP_GROUP,
    BFD_INSTANCE,
    VIRTUAL_SERVER,
    REAL_SERVER,
    SSL,
    TCP,
    HTTP,
    SSL_GET,
    URL,
    MISC,
    SMTP,
    SMTP_HOST,
    DNS,
    UDP,
    PING,
    BFD_CHECK,
    FILE_CHECK,
];

impl Words {
    /// All words of the block.
    pub fn all(&self) -> impl Iterator<Item = &'static str> {
        let left = self.left.iter().flat_map(|(_, words)| words.iter());
        self.carried.iter().chain(left).copied()
    }

    /// Why a word is not carried over; none if keepalived does not know it here.
    #[must_use]
    pub fn reason(&self, word: &str) -> Option<&'static str> {
        let mut left = self.left.iter();
        left.find(|(_, words)| words.contains(&word))
            .map(|(reason, _)| *reason)
    }

    /// Notes a directive that the translation does not carry over.
    pub(crate) fn leave(&self, directive: &Directive, notes: &mut Notes) {
        let word = &directive.name;
        if let Some(reason) = self.reason(&word.text) {
            let message = format!("`{}`: {reason}", summary(directive));
            notes.add(Kind::NotCarried, &word.place, message);
            return;
        }
        // A file that is read again says nothing new, and looking for what was meant takes a while.
        if notes.has(Kind::Unknown, &word.place) {
            return;
        }
        let mut message = format!(
            "`{}` is no word of {}: keepalived takes no notice of it",
            word.text, self.block
        );
        if directive.block.is_some() {
            message
                .push_str(", but of what is in its braces, and their `}` ends the block around it");
        }
        let elsewhere = || {
            BLOCKS
                .iter()
                .find(|words| words.all().any(|known| known == word.text))
        };
        if let Some(near) = nearest::nearest(&word.text, self.all()) {
            message.push_str(&format!("; is `{near}` meant?"));
        } else if let Some(words) = elsewhere() {
            message.push_str(&format!("; it belongs into {}", words.block));
        }
        notes.add(Kind::Unknown, &word.place, message);
    }
}

/// The directive in one short line.
fn summary(directive: &Directive) -> String {
    const LONGEST: usize = 60;
    let mut text = directive.name.text.clone();
    for word in &directive.arguments {
        text.push(' ');
        text.push_str(&word.text);
    }
    if directive.block.is_some() {
        text.push_str(" {…}");
    }
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
