//! `$NAME=value` and its uses, `$NAME` and `${NAME}`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::glyph::{Glyph, Line, is_blank, letters};

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Text within a line.
    Text(String),
    /// Several lines, each with its own place. The first replaces the name, the others follow.
    Lines(Vec<Line>),
}

/// What the names stand for now.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    values: BTreeMap<String, Value>,
    replaced: usize,
}

/// A definition found in a line.
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) value: Line,
}

/// How many replacements one line may need: a name that leads to itself would never end.
const MOST_REPLACEMENTS: usize = 1000;
/// How many all lines together may need.
const MOST_IN_ALL: usize = 200_000;
/// The longest line, in characters.
pub(super) const LONGEST_LINE: usize = 4096;

/// A replacement that does not end, or makes a line too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endless;

impl Definitions {
    pub(super) fn set(&mut self, name: impl Into<String>, value: Value) {
        self.values.insert(name.into(), value);
    }

    /// Replaces all names in the line; the lines that follow a replacement of several lines are returned. Names
    /// that stand for nothing stay as they are.
    pub(super) fn replace(&mut self, line: &mut Line) -> Result<Vec<Line>, Endless> {
        let mut following: Vec<Line> = Vec::new();
        let (mut at, mut replaced) = (0, 0);
        while let Some(glyph) = line.text.get(at).copied() {
            let found = match glyph.letter {
                '$' => {
                    use_at(&line.text, at).and_then(|used| Some((self.value(line, &used)?, used)))
                }
                _ => None,
            };
            let Some((value, used)) = found else {
                at += 1;
                continue;
            };
            let text = match value {
                Value::Text(text) => glyphs(text, glyph.column),
                Value::Lines(lines) => {
                    following.splice(0..0, lines.iter().skip(1).cloned());
                    first_line(line, at, lines)
                }
            };
            line.text.splice(at..used.end, text);
            replaced += 1;
            self.replaced = self.replaced.saturating_add(1);
            if replaced > MOST_REPLACEMENTS
                || line.text.len() > LONGEST_LINE
                || following.len() > LONGEST_LINE
                || self.replaced > MOST_IN_ALL
            {
                return Err(Endless);
            }
        }
        Ok(following)
    }

    fn value(&self, line: &Line, used: &Use) -> Option<&Value> {
        let value = self.values.get(&used.name)?;
        // Several lines can only stand at the end of one.
        let fits = matches!(value, Value::Text(_)) || used.end == line.text.len();
        fits.then_some(value)
    }
}

/// The first of several lines: the line is that one, with its place, if nothing stands in front of the name.
fn first_line(line: &mut Line, at: usize, lines: &[Line]) -> Vec<Glyph> {
    let column = line.text.get(at).map_or(1, |glyph| glyph.column);
    let Some(first) = lines.first() else {
        return Vec::new();
    };
    if at == 0 {
        line.file = Arc::clone(&first.file);
        line.number = first.number;
        return first.text.clone();
    }
    glyphs(&first.to_text(), column)
}

fn glyphs(text: &str, column: u32) -> Vec<Glyph> {
    text.chars()
        .map(|letter| Glyph { letter, column })
        .collect()
}

/// A use of a name, up to the character at `end`.
struct Use {
    name: String,
    end: usize,
}

/// The use at a `$`. Without braces, a blank, comma, closing parenthesis or the line's end must follow.
fn use_at(text: &[Glyph], dollar: usize) -> Option<Use> {
    let after = text.get(dollar + 1..)?;
    let braced = after.first().is_some_and(|glyph| glyph.letter == '{');
    let name = name(after.get(usize::from(braced)..)?)?;
    let end = dollar + 1 + usize::from(braced) + name.chars().count();
    let next = text.get(end).map(|glyph| glyph.letter);
    let ends_well = match (braced, next) {
        (true, next) => next == Some('}'),
        (false, None) => true,
        (false, Some(next)) => is_blank(next) || matches!(next, ',' | ')'),
    };
    ends_well.then_some(Use {
        name,
        end: end + usize::from(braced),
    })
}

/// The name that the text starts with.
fn name(text: &[Glyph]) -> Option<String> {
    let length = text
        .iter()
        .take_while(|glyph| glyph.letter.is_ascii_alphanumeric() || glyph.letter == '_')
        .count();
    let name = letters(text.get(..length)?);
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        .then_some(name)
}

/// The definition in a line, if it is one.
pub(super) fn definition(line: &Line) -> Option<Definition> {
    if line.letter(0) != Some('$') {
        return None;
    }
    let name = name(line.text.get(1..)?)?;
    let equals = 1 + name.chars().count();
    if line.letter(equals) != Some('=') {
        return None;
    }
    let mut value = line.with(line.text.get(equals + 1..)?.to_vec());
    value.trim();
    Some(Definition { name, value })
}
