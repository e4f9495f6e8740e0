//! Takes comments off a line.

use super::glyph::{Glyph, Line};

/// A line without its comment.
pub(super) struct Bare {
    pub(super) line: Line,
    /// Whether a backslash at its end joins it to the next line; that backslash is taken off.
    pub(super) continues: bool,
}

/// Removes what follows `#` or `!` outside double quotes, and blanks at both ends. `\#` and `\!` stand for themselves.
/// A backslash at the very end counts even inside a comment.
pub(super) fn strip(mut line: Line) -> Bare {
    let mut kept: Vec<Glyph> = Vec::with_capacity(line.text.len());
    let (mut quoted, mut in_comment, mut continues) = (false, false, false);
    let mut rest = line.text.iter().copied().peekable();
    while let Some(glyph) = rest.next() {
        let after = rest.peek().copied();
        match (glyph.letter, after) {
            ('\\', None) => continues = true,
            ('\\', Some(next)) => {
                rest.next();
                let escape = !quoted && matches!(next.letter, '#' | '!');
                if !in_comment {
                    if !escape {
                        kept.push(glyph);
                    }
                    kept.push(next);
                }
            }
            ('"', _) if !in_comment => {
                quoted = !quoted;
                kept.push(glyph);
            }
            ('#' | '!', _) if !quoted => in_comment = true,
            _ if in_comment => {}
            _ => kept.push(glyph),
        }
    }
    line.text = kept;
    line.trim();
    Bare { line, continues }
}
