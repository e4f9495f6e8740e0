//! Commands that differ from server to server by its address only.

/// The command with the server's own address taken from the environment, where lbd puts it: the same for all servers. None
/// if the address is not in it.
pub(super) fn by_address(command: &[String], address: &str) -> Option<Vec<String>> {
    let mut found = false;
    let parts = command.iter().map(|part| {
        let pieces = split(part, address);
        found |= pieces.len() > 1;
        let pieces: Vec<String> = pieces.into_iter().map(quoted).collect();
        match pieces.join("\"$LBD_ADDRESS\"") {
            empty if empty.is_empty() => "''".to_owned(),
            word => word,
        }
    });
    let line = format!("exec {}", parts.collect::<Vec<_>>().join(" "));
    found.then(|| vec!["/bin/sh".to_owned(), "-c".to_owned(), line])
}

/// What is around each occurrence of the address; a part of a longer address is none.
fn split<'a>(text: &'a str, address: &str) -> Vec<&'a str> {
    let ipv6 = address.contains(':');
    let continues = |letter: char| match ipv6 {
        true => letter.is_ascii_alphanumeric() || letter == ':' || letter == '.',
        false => letter.is_ascii_digit() || letter == '.',
    };
    let (mut pieces, mut start) = (Vec::new(), 0);
    for (at, _) in text.match_indices(address) {
        let end = at.saturating_add(address.len());
        let before = text.get(start..at).unwrap_or_default();
        let after = text.get(end..).unwrap_or_default();
        if before.ends_with(continues) || after.starts_with(continues) {
            continue;
        }
        pieces.push(before);
        start = end;
    }
    pieces.push(text.get(start..).unwrap_or_default());
    pieces
}

/// As a shell reads it.
fn quoted(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-._/=:,@%+".contains(letter);
    if text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::by_address;

    fn line(command: &[&str], address: &str) -> Option<String> {
        let command: Vec<String> = command.iter().map(|part| (*part).to_owned()).collect();
        by_address(&command, address)?.pop()
    }

    #[test]
    fn the_address_is_taken_from_the_environment() {
        assert_eq!(
            line(&["/x", "192.0.2.1", "3306"], "192.0.2.1").unwrap(),
            "exec /x \"$LBD_ADDRESS\" 3306"
        );
        assert_eq!(
            line(&["/x", "-h192.0.2.1:80", "it's $HOME", ""], "192.0.2.1").unwrap(),
            r#"exec /x -h"$LBD_ADDRESS":80 'it'\''s $HOME' ''"#
        );
        assert_eq!(
            line(&["/x", "[2001:db8::1]:80"], "2001:db8::1").unwrap(),
            r#"exec /x '['"$LBD_ADDRESS"']:80'"#
        );
    }

    #[test]
    fn a_part_of_another_address_is_not_the_address() {
        assert_eq!(line(&["/x", "192.0.2.10", "1192.0.2.1"], "192.0.2.1"), None);
        assert_eq!(line(&["/x", "2001:db8::1:2"], "2001:db8::1"), None);
    }

    #[test]
    fn a_shell_gives_the_command_what_it_was_given() {
        let command = [
            "printf",
            "%s|",
            "a b",
            "it's",
            "$HOME `x` \\",
            "",
            "--host=192.0.2.1;",
        ];
        let script = line(&command, "192.0.2.1").unwrap();
        let output = std::process::Command::new("/bin/sh")
            .args(["-c", &script])
            .env("LBD_ADDRESS", "192.0.2.7")
            .output()
            .unwrap();
        let expected = "a b|it's|$HOME `x` \\||--host=192.0.2.7;|";
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    }
}
