//! From files to a tree: comments, conditions, definitions, replacements and includes, in keepalived's order.

use std::sync::Arc;

use super::comment;
use super::define::{Definitions, LONGEST_LINE, Value, definition};
use super::glyph::{Line, is_blank, letters};
use super::split;
use super::tree::{Builder, Directive};
use super::{Include, Loader, Source};
use crate::Place;
use crate::note::{Kind, Notes};

/// Files included by files.
const DEEPEST_INCLUDE: usize = 16;
/// Lines and parts of lines that are looked at, over all files and replacements.
const MOST_LINES: usize = 50_000;

pub(super) struct Reader<'a, 'n> {
    config_id: Option<&'a str>,
    include: Loader<'a>,
    notes: &'n mut Notes,
    definitions: Definitions,
    tree: Builder,
    lines: usize,
    /// Whether there were too many of them.
    gave_up: bool,
    /// A definition of several lines that is still being read.
    defining: Option<(String, Vec<Line>)>,
}

impl<'a, 'n> Reader<'a, 'n> {
    pub(super) fn new(
        config_id: Option<&'a str>,
        include: Loader<'a>,
        notes: &'n mut Notes,
    ) -> Self {
        let mut definitions = Definitions::default();
        definitions.set("_HASH", Value::Text("#".to_owned()));
        definitions.set("_BANG", Value::Text("!".to_owned()));
        if let Some(id) = config_id {
            definitions.set("_INSTANCE", Value::Text(id.to_owned()));
        }
        Self {
            config_id,
            include,
            notes,
            definitions,
            tree: Builder::default(),
            lines: 0,
            gave_up: false,
            defining: None,
        }
    }

    pub(super) fn finish(self) -> Vec<Directive> {
        self.tree.finish(self.notes)
    }

    pub(super) fn file(&mut self, source: &Source, depth: usize) {
        let folder = || Value::Text(source.folder.clone());
        self.definitions.set("_PWD", folder());
        let file: Arc<str> = Arc::from(source.name.as_str());
        for (text, number) in source.text.lines().zip(1..) {
            let line = Line::new(&file, number, text);
            if line.text.len() > LONGEST_LINE {
                let why = format!("more than {LONGEST_LINE} characters in a line; it is left out");
                self.notes.add(Kind::Question, &line.place(0), why);
                continue;
            }
            let bare = comment::strip(line);
            if let Some((_, lines)) = &mut self.defining {
                if !bare.line.text.is_empty() {
                    lines.push(bare.line);
                }
                if !bare.continues {
                    self.end_definition();
                }
                continue;
            }
            if !self.lines_from(bare.line, bare.continues, depth) {
                return;
            }
            self.definitions.set("_PWD", folder());
        }
        self.end_definition();
    }

    fn end_definition(&mut self) {
        if let Some((name, lines)) = self.defining.take() {
            self.definitions.set(name, Value::Lines(lines));
        }
    }

    /// Reads a line and all that comes of it; false when there is too much.
    fn lines_from(&mut self, line: Line, continues: bool, depth: usize) -> bool {
        let mut waiting = vec![line];
        while let Some(line) = waiting.pop() {
            self.lines = self.lines.saturating_add(1);
            if self.lines > MOST_LINES {
                self.too_many(&line);
                return false;
            }
            self.line(line, continues, depth, &mut waiting);
        }
        true
    }

    /// Says once that the rest is left out.
    fn too_many(&mut self, line: &Line) {
        if !self.gave_up {
            let why =
                format!("more than {MOST_LINES} lines come out of the file; the rest is left out");
            self.notes.add(Kind::Question, &line.place(0), why);
        }
        self.gave_up = true;
    }

    /// Reads one line; what is left of it, and what it brings with it, waits.
    fn line(&mut self, line: Line, continues: bool, depth: usize, waiting: &mut Vec<Line>) {
        let Some((line, following)) = self.resolve(line, continues) else {
            return;
        };
        self.lines = self.lines.saturating_add(following.len());
        waiting.extend(following.into_iter().rev());
        if self.includes(&line, depth) {
            return;
        }
        let (piece, rest) = split::front(&line);
        waiting.extend(rest);
        if let Some(piece) = piece {
            self.tree.take(piece, self.notes);
        }
    }

    /// Conditions, definitions and replacements. Nothing is left of a line that was one of the first two.
    fn resolve(&mut self, mut line: Line, continues: bool) -> Option<(Line, Vec<Line>)> {
        let mut following: Vec<Line> = Vec::new();
        // Each turn takes off a condition or replaces a name; both are bounded by the line's length.
        loop {
            if line.letter(0) == Some('@') {
                line = self.condition(line)?;
                continue;
            }
            if self.defines(&line, continues) || self.sequence(&line) {
                return None;
            }
            // Include lines are looked at before names are replaced.
            let has_name = line.text.iter().any(|glyph| glyph.letter == '$');
            if !has_name || is_include(&line) {
                return Some((line, following));
            }
            let before = letters(&line.text);
            match self.definitions.replace(&mut line) {
                Ok(more) => following.splice(0..0, more),
                Err(_) => {
                    let why = "a variable here leads to itself, or to too much text; the line is left out";
                    self.notes.add(Kind::Question, &line.place(0), why);
                    return None;
                }
            };
            line.trim();
            if letters(&line.text) == before
                || line.letter(0) != Some('@') && definition(&line).is_none()
            {
                self.unknown_variables(&line);
                return Some((line, following));
            }
        }
    }

    /// `@NAME rest` holds on one host only, `@^NAME rest` on all others.
    fn condition(&mut self, line: Line) -> Option<Line> {
        let negated = line.letter(1) == Some('^');
        let start = if negated { 2 } else { 1 };
        let length = line
            .text
            .iter()
            .skip(start)
            .position(|glyph| is_blank(glyph.letter))?;
        let name = letters(line.text.get(start..start + length)?);
        let holds = (self.config_id == Some(name.as_str())) != negated;
        if !holds {
            let who = self.config_id.map_or_else(
                || "no host in particular; say NAME=FILE to read it as NAME's".to_owned(),
                |id| format!("`{id}`"),
            );
            let sign = if negated { "@^" } else { "@" };
            let why = format!("a line for `{sign}{name}`; this file is read as that of {who}");
            self.notes.add(Kind::Ignored, &line.place(0), why);
            return None;
        }
        let mut rest = line.with(line.text.get(start + length..)?.to_vec());
        rest.trim();
        Some(rest)
    }

    fn defines(&mut self, line: &Line, continues: bool) -> bool {
        let Some(found) = definition(line) else {
            return false;
        };
        if continues {
            let lines = if found.value.text.is_empty() {
                vec![]
            } else {
                vec![found.value]
            };
            self.defining = Some((found.name, lines));
        } else {
            self.definitions
                .set(found.name, Value::Text(found.value.to_text()));
        }
        true
    }

    /// `~SEQ` and `~LST` stand for many lines, which are not made here.
    fn sequence(&mut self, line: &Line) -> bool {
        let found = ["~SEQ", "~LST"].iter().any(|word| line.starts_with(word));
        if found {
            let why = format!(
                "`{}`: sequences are not carried over; write the lines out",
                line.to_text()
            );
            self.notes.add(Kind::NotCarried, &line.place(0), why);
        }
        found
    }

    fn unknown_variables(&mut self, line: &Line) {
        if line.text.iter().any(|glyph| glyph.letter == '$') {
            let why = format!(
                "`{}` has a `$` that stands for nothing; it stays as it is",
                line.to_text()
            );
            self.notes.add(Kind::Changed, &line.place(0), why);
        }
    }

    /// Reads the files that an include line names; false if it is none.
    fn includes(&mut self, line: &Line, depth: usize) -> bool {
        if !is_include(line) {
            return false;
        }
        let words = split::words(line);
        let Some(pattern) = words.get(1) else {
            return false;
        };
        if depth >= DEEPEST_INCLUDE {
            let why = format!(
                "more than {DEEPEST_INCLUDE} files include each other; this one is left out"
            );
            self.notes.add(Kind::Question, &pattern.place, why);
            return true;
        }
        let request = Include {
            pattern: &pattern.text,
            from: &line.file,
        };
        match (self.include)(&request) {
            Ok(sources) if sources.is_empty() => {
                self.nothing_included(&pattern.text, &pattern.place)
            }
            Ok(sources) => sources
                .iter()
                .for_each(|source| self.file(source, depth + 1)),
            Err(why) => self.notes.add(
                Kind::Question,
                &pattern.place,
                format!("`{}` cannot be included: {why}", pattern.text),
            ),
        }
        true
    }

    fn nothing_included(&mut self, pattern: &str, place: &Place) {
        let why = match pattern.contains('$') {
            true => "keepalived replaces no variables in include lines",
            false => "no such file",
        };
        self.notes.add(
            Kind::Ignored,
            place,
            format!("`include {pattern}` finds nothing: {why}"),
        );
    }
}

/// `include FILE` and its variants, which differ in what keepalived says when there is no such file.
fn is_include(line: &Line) -> bool {
    if !line.starts_with("include") {
        return false;
    }
    let words = split::words(line);
    let variant = words.first().is_some_and(|word| {
        matches!(
            word.text.as_str(),
            "include" | "includea" | "includeb" | "includem" | "includer" | "includew"
        )
    });
    variant && words.len() == 2
}
