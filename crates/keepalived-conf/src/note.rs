//! What is told beside the result: nothing of a file is dropped silently.

use std::collections::BTreeSet;
use std::fmt;

use crate::Place;

/// What a note is about; in this order they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The result cannot be used before this is answered.
    Question,
    /// Neither keepalived nor lbd knows the word.
    Unknown,
    /// lbd has no key for it.
    NotCarried,
    /// Carried over, but not to the letter.
    Changed,
    /// keepalived itself takes no notice of it, so lbd's file does not have it either.
    Ignored,
}

impl Kind {
    /// All kinds, in the order in which they are told.
    pub const ALL: [Self; 5] = [
        Self::Question,
        Self::Unknown,
        Self::NotCarried,
        Self::Changed,
        Self::Ignored,
    ];

    /// A heading for a list of such notes.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Question => "to be answered first",
            Self::Unknown => "not understood",
            Self::NotCarried => "not carried over",
            Self::Changed => "carried over with a difference",
            Self::Ignored => "ignored by keepalived already",
        }
    }
}

/// One thing to know about the translation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// What kind of thing.
    pub kind: Kind,
    /// Where it stands; none when it is about files as a whole.
    pub place: Option<Place>,
    /// What, and why or what to do instead.
    pub message: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// The notes so far. A variable, or a file that is read for several directors, says the same thing again; that is
/// noted once.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    all: BTreeSet<Note>,
}

impl Notes {
    /// Notes a thing at its place.
    pub fn add(&mut self, kind: Kind, place: &Place, message: impl Into<String>) {
        self.push(kind, Some(place.clone()), message.into());
    }

    /// Notes a thing that has no place.
    pub fn add_general(&mut self, kind: Kind, message: impl Into<String>) {
        self.push(kind, None, message.into());
    }

    fn push(&mut self, kind: Kind, place: Option<Place>, message: String) {
        self.all.insert(Note {
            kind,
            place,
            message,
        });
    }

    /// Whether there is such a note at this place.
    pub(crate) fn has(&self, kind: Kind, place: &Place) -> bool {
        let first = Note {
            kind,
            place: Some(place.clone()),
            message: String::new(),
        };
        let next = self.all.range(first..).next();
        next.is_some_and(|note| note.kind == kind && note.place.as_ref() == Some(place))
    }

    /// The notes, by kind and then by place.
    #[must_use]
    pub fn sorted(self) -> Vec<Note> {
        self.all.into_iter().collect()
    }
}
