//! Wildcards of include lines, as glob(7) and the shell's braces have them. Only names are compared here.

/// The patterns that `{a,b}` in a pattern stands for, up to 256; braces may be inside each other.
#[must_use]
pub fn alternatives(pattern: &str) -> Vec<String> {
    const MOST: usize = 256;
    let mut done = Vec::new();
    let mut waiting = vec![pattern.to_owned()];
    while let Some(next) = waiting.pop() {
        if done.len() + waiting.len() >= MOST {
            break;
        }
        match first_group(&next) {
            Some((before, choices, after)) => {
                waiting.extend(
                    choices
                        .iter()
                        .rev()
                        .map(|choice| format!("{before}{choice}{after}")),
                );
            }
            None => done.push(next),
        }
    }
    done
}

/// The text before the first group, its choices, and the text after it.
fn first_group(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    let open = pattern.find('{')?;
    let (before, inside) = (pattern.get(..open)?, pattern.get(open + 1..)?);
    let (mut depth, mut start, mut choices) = (0_usize, 0, Vec::new());
    for (at, letter) in inside.char_indices() {
        match letter {
            '{' => depth += 1,
            ',' if depth == 0 => {
                choices.push(inside.get(start..at)?);
                start = at + 1;
            }
            '}' if depth == 0 => {
                choices.push(inside.get(start..at)?);
                return Some((before, choices, inside.get(at + 1..)?));
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Whether there is a wildcard in it.
#[must_use]
pub fn has_wildcard(pattern: &str) -> bool {
    pattern.contains(['*', '?', '['])
}

/// Whether a file's name matches: `*`, `?`, `[a-z]`, `[!a-z]`. A dot at the start must be written out.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where the last `*` was, and up to where it has taken the name.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
            continue;
        }
        match one(&pattern, p, name.get(n).copied()) {
            Some(next) => (p, n) = (next, n + 1),
            None => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, n) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern
        .get(p..)
        .unwrap_or_default()
        .iter()
        .all(|letter| *letter == '*')
}

/// Compares one letter with the pattern at `at`; where the pattern goes on if it fits.
fn one(pattern: &[char], at: usize, letter: Option<char>) -> Option<usize> {
    let letter = letter?;
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '[' => match set(pattern, at + 1) {
            Some((ranges, negated, end)) => {
                let inside = ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&letter));
                (inside != negated).then_some(end)
            }
            None => (letter == '[').then_some(at + 1),
        },
        plain => (*plain == letter).then_some(at + 1),
    }
}

type Set = (Vec<(char, char)>, bool, usize);

/// The set behind a `[`: its ranges, whether it is negated, and where the pattern goes on.
fn set(pattern: &[char], start: usize) -> Option<Set> {
    let negated = matches!(pattern.get(start), Some('!' | '^'));
    let first = start + usize::from(negated);
    let (mut at, mut ranges) = (first, Vec::new());
    loop {
        let letter = *pattern.get(at)?;
        if letter == ']' && at > first {
            return Some((ranges, negated, at + 1));
        }
        match (pattern.get(at + 1), pattern.get(at + 2)) {
            (Some('-'), Some(high)) if *high != ']' => {
                ranges.push((letter, *high));
                at += 3;
            }
            _ => {
                ranges.push((letter, letter));
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{alternatives, matches};

    #[test]
    fn braces_become_several_patterns() {
        assert_eq!(alternatives("a{b,c{d,e},}f"), ["abf", "acdf", "acef", "af"]);
        assert_eq!(alternatives("a{b"), ["a{b"]);
    }

    #[test]
    fn wildcards_match_as_in_the_shell() {
        for (pattern, name) in [
            ("*.conf", "a.conf"),
            ("a?c", "abc"),
            ("[a-c]x", "bx"),
            ("[!a]x", "bx"),
            ("*a*b", "xaxxb"),
            ("[]]", "]"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*.conf", ".conf"),
            ("a?c", "ac"),
            ("[a-c]x", "dx"),
            ("[^a]x", "ax"),
            ("*a*b", "xb"),
            ("", "a"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
