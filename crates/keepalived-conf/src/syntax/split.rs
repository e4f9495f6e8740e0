//! Splits a line into words and braces.

use super::glyph::{Glyph, Line, is_space, letters};
use super::tree::{Piece, Word};

/// Where the first brace outside double quotes is.
pub(super) fn first_brace(line: &Line) -> Option<usize> {
    let mut quoted = false;
    for (index, glyph) in line.text.iter().enumerate() {
        match glyph.letter {
            '"' => quoted = !quoted,
            '{' | '}' if !quoted => return Some(index),
            _ => {}
        }
    }
    None
}

/// The piece in front of the line, and what is left of the line. Braces stand alone; other text is one directive.
pub(super) fn front(line: &Line) -> (Option<Piece>, Option<Line>) {
    let (head, tail) = match first_brace(line) {
        Some(0) => line.text.split_at(1),
        Some(brace) => line.text.split_at(brace),
        None => (line.text.as_slice(), [].as_slice()),
    };
    let piece = match head {
        [Glyph { letter: '{', .. }] => Some(Piece::Open(line.place(0))),
        [Glyph { letter: '}', .. }] => Some(Piece::Close(line.place(0))),
        _ => {
            let head = line.with(head.to_vec());
            let words = words(&head);
            (!words.is_empty()).then(|| Piece::Words(words, head.to_text()))
        }
    };
    let rest = (!tail.is_empty()).then(|| {
        let mut rest = line.with(tail.to_vec());
        rest.trim();
        rest
    });
    (piece, rest.filter(|rest| !rest.text.is_empty()))
}

/// The words of a line. White space separates them, and so does a double quote: `ab"cd ef"` is two words. Nothing is
/// an escape here, and a quote without its partner ends the line.
pub(super) fn words(line: &Line) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(glyph) = line.text.get(at) {
        if is_space(glyph.letter) {
            at += 1;
            continue;
        }
        let quoted = glyph.letter == '"';
        let start = if quoted { at + 1 } else { at };
        let rest = line.text.get(start..).unwrap_or_default();
        let end = if quoted {
            rest.iter().position(|glyph| glyph.letter == '"')
        } else {
            let end = |glyph: &Glyph| is_space(glyph.letter) || glyph.letter == '"';
            Some(rest.iter().position(end).unwrap_or(rest.len()))
        };
        let length = end.unwrap_or(rest.len());
        words.push(Word {
            text: letters(rest.get(..length).unwrap_or_default()),
            place: line.place(at),
            closed: end.is_some(),
        });
        at = start + length + usize::from(quoted);
    }
    words
}
