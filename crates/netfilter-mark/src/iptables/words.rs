//! The words of a rule as `iptables-save` prints it.

/// What follows `-A`, also behind the counters that `iptables-save -c` prints (`[1:60] -A ...`).
pub(crate) fn appended(line: &str) -> Option<&str> {
    let line = match line.strip_prefix('[') {
        Some(counted) => counted.split_once("] ").map_or("", |(_, rule)| rule),
        None => line,
    };
    line.strip_prefix("-A ")
}

/// Splits at white space; a part in double quotes (a comment) is one token, with backslash as escape.
pub(crate) fn tokens(rule: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    let (mut quoted, mut escaped) = (false, false);
    for letter in rule.chars() {
        match letter {
            _ if escaped => {
                token.get_or_insert_default().push(letter);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => {
                quoted = !quoted;
                token.get_or_insert_default();
            }
            space if space.is_whitespace() && !quoted => found.extend(token.take()),
            other => token.get_or_insert_default().push(other),
        }
    }
    found.extend(token);
    found
}

/// The chain that a rule jumps or goes to, or its target.
pub(crate) fn goal(tokens: &[String]) -> Option<&str> {
    tokens
        .iter()
        .zip(tokens.iter().skip(1))
        .find(|(flag, _)| matches!(flag.as_str(), "-j" | "-g" | "--jump" | "--goto"))
        .map(|(_, goal)| goal.as_str())
}
