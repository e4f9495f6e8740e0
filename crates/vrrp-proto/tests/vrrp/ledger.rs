//! The ledger of the RFCs (`docs/rfc9568.md`) names tests; this holds it to what there is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of all crates. Asked at run time, as a checkout may have moved since the test was built.
fn crates() -> PathBuf {
    let built_in = env!("CARGO_MANIFEST_DIR").into();
    let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or(built_in);
    Path::new(&own).join("..")
}

fn ledger() -> String {
    let path = crates().join("../docs/rfc9568.md");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All Rust sources below a folder, joined.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text += &fs::read_to_string(&path).unwrap();
        }
    }
    text
}

/// The words in backticks that have the form `crate::test_name`.
fn named(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2);
    let pairs = quoted.filter_map(|word| word.split_once("::"));
    let is = |word: &str, mark| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == mark)
    };
    pairs
        .filter(|(folder, test)| is(folder, '-') && is(test, '_'))
        .collect()
}

/// The rows of the tables, as their cells.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

#[test]
fn every_test_that_the_ledger_names_exists() {
    let text = ledger();
    let mut read: BTreeMap<&str, String> = BTreeMap::new();
    let mut missing = Vec::new();
    let all = named(&text);
    for (folder, test) in &all {
        let source = read
            .entry(folder)
            .or_insert_with(|| sources(&crates().join(folder)));
        if !source.contains(&format!("fn {test}(")) {
            missing.push(format!("{folder}::{test}"));
        }
    }
    assert!(
        missing.is_empty(),
        "docs/rfc9568.md names tests that do not exist: {missing:#?}"
    );
    assert!(
        all.len() > 100,
        "only {} tests found in the ledger: has its form changed?",
        all.len()
    );
}

#[test]
fn every_row_that_is_met_names_a_test() {
    let text = ledger();
    let mut met = 0;
    for row in rows(&text) {
        if row.len() == 4 && row[2].starts_with("met") {
            met += 1;
            assert!(!named(row[3]).is_empty(), "no test: {row:?}");
        }
    }
    assert!(
        met > 50,
        "only {met} rows are met: has the ledger's form changed?"
    );
}

#[test]
fn every_row_says_one_of_five_things() {
    let text = ledger();
    let requirements = rows(&text).filter(|row| row.len() == 4);
    for row in requirements.filter(|row| !row[0].starts_with("---") && row[0] != "§") {
        let known = ["met", "by the kernel", "different", "open", "n/a"];
        assert!(known.iter().any(|word| row[2].starts_with(word)), "{row:?}");
    }
}
