//! The language itself: lines, words and blocks, each with its place. Nothing is known here of what the words mean.
//!
//! keepalived's language is one of lines. A line is a directive: a name and its arguments. Braces may stand anywhere,
//! so that blocks can be glued (`}virtual_server fwmark 2 {`); they end a line as a line's end does. What is read, in
//! this order (`lib/parser.c` of keepalived 2.2, and keepalived.conf(5)):
//!
//! 1. comments go: `#` and `!` outside double quotes; `\#` stands for `#`;
//! 2. `@NAME rest` is kept on the host NAME only, `@^NAME rest` on all others;
//! 3. `$NAME=value` defines a variable; with a backslash at the line's end, one of several lines;
//! 4. `$NAME` and `${NAME}` are replaced, again and again;
//! 5. `include FILE` is replaced by the files' lines;
//! 6. what is left is split at braces and blanks; double quotes keep blanks and braces together.

mod comment;
mod define;
mod glyph;
mod reader;
mod split;
mod tree;

pub use tree::{Directive, Word};

use crate::note::Notes;
use reader::Reader;

/// A file's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name, as notes are to call it.
    pub name: String,
    /// The folder that it lies in, which `${_PWD}` stands for.
    pub folder: String,
    /// Its content.
    pub text: String,
}

/// What an include line asks for.
#[derive(Clone, Copy, Debug)]
pub struct Include<'a> {
    /// A path, absolute or relative to the including file's folder, with wildcards as glob(7) has them and `{a,b}`.
    pub pattern: &'a str,
    /// The name of the including file.
    pub from: &'a str,
}

/// Finds the files for an include line, sorted by name; the text of an error says what stood in the way.
pub type Loader<'a> = &'a mut dyn FnMut(&Include<'_>) -> Result<Vec<Source>, String>;

/// Reads a file and all that it includes. `config_id` is the name that `@NAME` lines are compared with: what keepalived
/// takes from `-i`, or else from the host's name.
///
/// Any text is taken; what is odd about it is noted. Depth, number of lines and replacements are bounded.
pub fn read(
    source: &Source,
    config_id: Option<&str>,
    include: Loader<'_>,
    notes: &mut Notes,
) -> Vec<Directive> {
    let mut reader = Reader::new(config_id, include, notes);
    reader.file(source, 0);
    reader.finish()
}
