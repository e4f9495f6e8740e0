//! What the real keepalived says of the same files: `keepalived --config-test`, in a network of its own that has `eth0`.

use std::collections::BTreeSet;
use std::process::Command;

use crate::cases::CASES;
use crate::{folder, import, text};

/// File and line.
type Line = (String, u32);

const SETUP: &str = "ip link set lo up && ip link add eth0 type veth peer name far && ip link add ens3 type veth peer name away \
                     && ip addr add 192.0.2.1/24 dev eth0 && ip link set eth0 up && ip link set far up && ip link set ens3 up \
                     && exec keepalived --config-test --use-file \"$1\" --config-id \"$2\"";

/// Everything keepalived says of a file.
fn keepalived(file: &str, id: &str) -> String {
    let mut command = Command::new("unshare");
    command
        .args(["--net", "sh", "-c", SETUP, "sh", file, id])
        .current_dir(folder());
    let output = command
        .output()
        .expect("unshare, of the package util-linux, runs");
    let said = text(&output.stderr);
    let ran = matches!(output.status.code(), Some(0 | 4..=6)) && !said.contains("not found\n");
    assert!(
        ran,
        "keepalived, of the Debian package keepalived, is needed: {}: {said}",
        output.status
    );
    said
}

/// The lines that keepalived complains about: `(Line 3) …` or `(file: Line 3) …`. A word that is only deprecated works.
fn complaints(said: &str, file: &str, about: &str) -> BTreeSet<Line> {
    let mut found = BTreeSet::new();
    for line in said
        .lines()
        .filter(|line| line.contains(about) && !line.contains("deprecated"))
    {
        let Some((place, _)) = line.strip_prefix('(').and_then(|line| line.split_once(')')) else {
            continue;
        };
        let (name, number) = place.rsplit_once("Line ").unwrap_or_default();
        let name = name.trim_end_matches(": ");
        let name = if name.is_empty() { file } else { name };
        if let Ok(number) = number.parse() {
            found.insert((name.to_owned(), number));
        }
    }
    found
}

/// The lines that lbd notes, under this heading or any.
fn noted(said: &str, heading: Option<&str>) -> BTreeSet<Line> {
    let mut found = BTreeSet::new();
    let mut listed = true;
    for line in said.lines() {
        let Some(note) = line.strip_prefix("  ") else {
            listed = heading.is_none_or(|heading| line == format!("{heading}:"));
            continue;
        };
        let mut parts = note.splitn(3, ':');
        if let (true, Some(file), Some(Ok(number))) =
            (listed, parts.next(), parts.next().map(str::parse))
        {
            found.insert((file.to_owned(), number));
        }
    }
    found
}

/// The director and the file of an argument that names one.
fn file(argument: &str) -> Option<(&str, &str)> {
    let (director, file) = argument.split_once('=').unwrap_or(("nobody", argument));
    file.ends_with(".conf").then_some((director, file))
}

#[test]
fn what_keepalived_complains_about_is_noted() {
    let (mut seen, mut missing) = (0, Vec::new());
    for case in &CASES {
        let output = import(case.arguments);
        let ours = noted(&text(&output.stderr), None);
        for (director, file) in case.arguments.iter().filter_map(|argument| file(argument)) {
            let said = keepalived(file, director);
            let theirs = complaints(&said, file, "");
            for (name, line) in theirs.difference(&ours) {
                missing.push(format!(
                    "{}: no note at {name}:{line}, but keepalived says:
{said}",
                    case.name
                ));
            }
            seen += theirs.len();
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(
        seen > 40,
        "only {seen} complaints: does keepalived still write its lines as it did?"
    );
}

#[test]
fn what_is_not_understood_keepalived_does_not_understand_either() {
    let mut seen = 0;
    for case in &CASES {
        let output = import(case.arguments);
        let ours = noted(&text(&output.stderr), Some("not understood"));
        for (director, file) in case.arguments.iter().filter_map(|argument| file(argument)) {
            let said = keepalived(file, director);
            let unknown = complaints(&said, file, "Unknown keyword");
            let here: BTreeSet<&Line> = ours.iter().filter(|(name, _)| name == file).collect();
            let missing: Vec<&&Line> = here
                .iter()
                .filter(|line| !unknown.contains(**line))
                .collect();
            assert!(
                missing.is_empty(),
                "{}: keepalived knows the words at {missing:?}:\n{said}",
                case.name
            );
            seen += here.len();
        }
    }
    assert!(seen > 5, "only {seen} unknown words");
}
