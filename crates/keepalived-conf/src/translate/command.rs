//! Commands: what keepalived makes of `"/path/program a 'b c'"`.

use crate::note::{Kind, Notes};
use crate::syntax::Directive;

/// The command of a directive such as `notify_master "/program argument"`. A user and a group may follow it.
pub(super) fn command(directive: &Directive, notes: &mut Notes) -> Option<Vec<String>> {
    let place = &super::value::first(directive, notes)?.place;
    let Some(text) = text(directive) else {
        let message = format!(
            "`{}`: a quote or an escape has no end; keepalived does not run it",
            directive.line
        );
        notes.add(Kind::Ignored, place, message);
        return None;
    };
    let mut parts = split(&text)?;
    let program = parts.first()?.clone();
    if looks_like_shell(&program, &parts) {
        let message = format!(
            "`{text}` looks like a line for a shell, but neither keepalived nor lbd uses one; write [/bin/sh, -c, \"…\"]"
        );
        notes.add(Kind::Changed, place, message);
    }
    if !program.starts_with('/') {
        let message = format!(
            "`{program}` has no absolute path: it is looked up through /usr/bin/env; better name its path"
        );
        notes.add(Kind::Changed, place, message);
        parts.insert(0, "/usr/bin/env".to_owned());
    }
    Some(parts)
}

/// How many words belong to the command: all of one that is in single quotes, else one.
pub(super) fn argument_count(directive: &Directive) -> usize {
    match directive.argument(0) {
        Some(first) if first.starts_with('\'') => directive.arguments.len(),
        _ => 1,
    }
}

/// Notes the user that follows a command.
pub(super) fn user(directive: &Directive, notes: &mut Notes) {
    let words = split(&directive.line).unwrap_or_default();
    if let (Some(user), Some(place)) = (words.get(2), directive.arguments.last()) {
        let message = format!(
            "user `{user}` of `{}`: lbd runs all commands as one user, `script_user` of its file",
            directive.name.text
        );
        notes.add(Kind::NotCarried, &place.place, message);
    }
}

/// The command as one text: the second word of the line, which may be quoted in either way.
fn text(directive: &Directive) -> Option<String> {
    split(&directive.line)?.into_iter().nth(1)
}

fn looks_like_shell(program: &str, parts: &[String]) -> bool {
    let shell = matches!(program.rsplit('/').next(), Some("sh" | "bash" | "dash"));
    let signs = |part: &String| {
        part.starts_with(['<', '>', '|'])
            || matches!(part.as_str(), "&&" | "||" | ";" | "&")
            || part.starts_with("2>")
    };
    !shell && parts.iter().any(signs)
}

/// Splits at blanks; single and double quotes keep them, `\` is an escape as in keepalived.conf(5). None if something
/// has no end.
fn split(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut part: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '\\' => part.get_or_insert_default().push(escape(&mut rest)?),
            _ if quote == Some(letter) => quote = None,
            '"' | '\'' if quote.is_none() => {
                quote = Some(letter);
                part.get_or_insert_default();
            }
            space if space.is_ascii_whitespace() && quote.is_none() => parts.extend(part.take()),
            other => part.get_or_insert_default().push(other),
        }
    }
    parts.extend(part);
    (quote.is_none() && !parts.is_empty()).then_some(parts)
}

/// What follows a backslash; none at the end of the text.
fn escape(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    let letter = rest.next()?;
    let named = match letter {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'E' => '\u{1b}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        'x' if rest.peek().is_some_and(char::is_ascii_hexdigit) => {
            return Some(digits(rest, 0, 16, usize::MAX));
        }
        'c' => {
            return rest
                .next()
                .map(|letter| char::from(u8::try_from(letter).unwrap_or(0) & 0x1f));
        }
        octal @ '0'..='7' => return Some(digits(rest, octal.to_digit(8).unwrap_or(0), 8, 2)),
        other => other,
    };
    Some(named)
}

/// Up to `most` further digits; only the lowest eight bits count.
fn digits(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    start: u32,
    base: u32,
    most: usize,
) -> char {
    let mut value = start;
    for _ in 0..most {
        let Some(digit) = rest.peek().and_then(|letter| letter.to_digit(base)) else {
            break;
        };
        rest.next();
        value = (value * base + digit) & 0xff;
    }
    char::from(u8::try_from(value).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn quotes_and_escapes_are_those_of_the_manual() {
        let parts = split(r#"/x 'a b' "c  d" e\ f \101\x42\t"#);
        let expected = ["/x", "a b", "c  d", "e f", "AB\t"].map(str::to_owned);
        assert_eq!(parts, Some(expected.to_vec()));
    }

    #[test]
    fn what_has_no_end_is_no_command() {
        assert_eq!(split("/x 'a"), None);
        assert_eq!(split("/x \\"), None);
        assert_eq!(split("  "), None);
    }
}
