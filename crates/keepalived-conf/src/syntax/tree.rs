//! Directives and their blocks.

use crate::Place;
use crate::note::{Kind, Notes};

/// One word of a directive, without the double quotes around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// What it says.
    pub text: String,
    /// Where it starts.
    pub place: Place,
    /// False for a word whose closing quote is missing.
    pub(super) closed: bool,
}

/// One line of the language: words, and the block behind them if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// The first word, which says what the directive is.
    pub name: Word,
    /// The other words.
    pub arguments: Vec<Word>,
    /// The line as it was split, for words that are quoted in other ways: commands.
    pub line: String,
    /// What stands between braces.
    pub block: Option<Vec<Directive>>,
}

impl Directive {
    /// The text of an argument, counted from 0.
    #[must_use]
    pub fn argument(&self, index: usize) -> Option<&str> {
        self.arguments.get(index).map(|word| word.text.as_str())
    }

    /// The directives in its block; none without a block.
    #[must_use]
    pub fn children(&self) -> &[Self] {
        self.block.as_deref().unwrap_or_default()
    }
}

/// What the lines are made of.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Words(Vec<Word>, String),
    Open(Place),
    Close(Place),
}

/// Blocks inside blocks; keepalived's own language needs five.
const DEEPEST: usize = 16;

/// Builds the tree out of pieces.
#[derive(Default)]
pub(super) struct Builder {
    /// The directives of each open block, the outermost first; the file itself is `root`.
    open: Vec<(Vec<Directive>, Place)>,
    root: Vec<Directive>,
    /// Braces that were opened below the deepest block.
    too_deep: usize,
    /// Whether the next brace belongs to the last directive.
    may_open: bool,
}

impl Builder {
    pub(super) fn take(&mut self, piece: Piece, notes: &mut Notes) {
        let was_words = self.may_open;
        self.may_open = matches!(piece, Piece::Words(..));
        match piece {
            Piece::Words(words, line) => self.directive(words, line, notes),
            Piece::Open(place) if !was_words => notes.add(
                Kind::Ignored,
                &place,
                "`{` without a word in front of it; keepalived takes no notice",
            ),
            Piece::Open(place) => self.open(place, notes),
            Piece::Close(place) => self.close(&place, notes),
        }
    }

    /// The directives of the file.
    pub(super) fn finish(mut self, notes: &mut Notes) -> Vec<Directive> {
        while let Some((_, place)) = self.open.last() {
            let place = place.clone();
            notes.add(
                Kind::Question,
                &place,
                "this `{` has no `}`; the block is taken to end with the file",
            );
            self.pop();
        }
        self.root
    }

    fn directive(&mut self, words: Vec<Word>, line: String, notes: &mut Notes) {
        if let Some(word) = words.iter().find(|word| !word.closed) {
            notes.add(
                Kind::Ignored,
                &word.place,
                "this quote has no partner: keepalived leaves the rest of the line out",
            );
        }
        let mut words = words.into_iter().filter(|word| word.closed);
        let Some(name) = words.next() else {
            self.may_open = false;
            return;
        };
        let arguments = words.collect();
        if self.too_deep == 0 {
            self.current().push(Directive {
                name,
                arguments,
                line,
                block: None,
            });
        }
    }

    fn open(&mut self, place: Place, notes: &mut Notes) {
        if self.open.len() >= DEEPEST || self.too_deep > 0 {
            if self.too_deep == 0 {
                notes.add(
                    Kind::Question,
                    &place,
                    format!(
                        "more than {DEEPEST} blocks inside each other; what is in here is left out"
                    ),
                );
            }
            self.too_deep = self.too_deep.saturating_add(1);
            return;
        }
        self.open.push((Vec::new(), place));
    }

    fn close(&mut self, place: &Place, notes: &mut Notes) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
        } else if !self.pop() {
            notes.add(
                Kind::Ignored,
                place,
                "`}` without a `{`; keepalived takes no notice",
            );
        }
    }

    /// Closes the innermost block; false if none is open.
    fn pop(&mut self) -> bool {
        let Some((block, _)) = self.open.pop() else {
            return false;
        };
        if let Some(owner) = self.current().last_mut() {
            owner.block = Some(block);
        }
        true
    }

    fn current(&mut self) -> &mut Vec<Directive> {
        self.open
            .last_mut()
            .map_or(&mut self.root, |(block, _)| block)
    }
}
