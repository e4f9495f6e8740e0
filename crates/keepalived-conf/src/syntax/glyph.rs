//! Text that remembers where each character stood.

use std::sync::Arc;

use crate::Place;

/// One character and the column it stood in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glyph {
    pub(super) letter: char,
    pub(super) column: u32,
}

/// A line while it is being read.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) file: Arc<str>,
    pub(super) number: u32,
    pub(super) text: Vec<Glyph>,
}

impl Line {
    pub(super) fn new(file: &Arc<str>, number: u32, text: &str) -> Self {
        let text = text
            .chars()
            .zip(1..)
            .map(|(letter, column)| Glyph { letter, column })
            .collect();
        Self {
            file: Arc::clone(file),
            number,
            text,
        }
    }

    /// The same line with other text.
    pub(super) fn with(&self, text: Vec<Glyph>) -> Self {
        Self {
            file: Arc::clone(&self.file),
            number: self.number,
            text,
        }
    }

    pub(super) fn letter(&self, index: usize) -> Option<char> {
        self.text.get(index).map(|glyph| glyph.letter)
    }

    pub(super) fn starts_with(&self, prefix: &str) -> bool {
        prefix
            .chars()
            .enumerate()
            .all(|(index, letter)| self.letter(index) == Some(letter))
    }

    /// The place of the character at `index`, or of the line's end.
    pub(super) fn place(&self, index: usize) -> Place {
        let column = match (self.text.get(index), self.text.last()) {
            (Some(glyph), _) => glyph.column,
            (None, Some(last)) => last.column.saturating_add(1),
            (None, None) => 1,
        };
        Place {
            file: Arc::clone(&self.file),
            line: self.number,
            column,
        }
    }

    pub(super) fn to_text(&self) -> String {
        letters(&self.text)
    }

    /// Takes blanks off both ends.
    pub(super) fn trim(&mut self) {
        let end = self.text.iter().rposition(|glyph| !is_blank(glyph.letter));
        self.text.truncate(end.map_or(0, |last| last + 1));
        let start = self.text.iter().position(|glyph| !is_blank(glyph.letter));
        self.text.drain(..start.unwrap_or(0));
    }
}

pub(super) fn letters(text: &[Glyph]) -> String {
    text.iter().map(|glyph| glyph.letter).collect()
}

pub(super) fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t')
}

/// White space as C's `isspace` has it.
pub(super) fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}
