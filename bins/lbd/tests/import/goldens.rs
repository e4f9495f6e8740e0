//! Each case gives what is written down in `expected`. `LBD_WRITE_EXPECTED=1 cargo test -p lbd --test import` writes it anew.

use std::collections::BTreeSet;
use std::fs;

use crate::cases::CASES;
use crate::{folder, import, text};

#[test]
fn every_case_gives_what_is_written_down() {
    let expected = folder().join("expected");
    let write = std::env::var_os("LBD_WRITE_EXPECTED").is_some();
    let mut differing = Vec::new();
    for case in &CASES {
        let output = import(case.arguments);
        let found = [
            ("yaml", text(&output.stdout)),
            ("notes", text(&output.stderr)),
        ];
        for (ending, found) in found {
            let path = expected.join(format!("{}.{ending}", case.name));
            if write {
                fs::write(&path, found).unwrap();
            } else if fs::read_to_string(&path).unwrap_or_default() != found {
                differing.push(format!("{}:\n{found}", path.display()));
            }
        }
        assert_eq!(
            output.status.code(),
            Some(case.code),
            "{}: {}",
            case.name,
            text(&output.stderr)
        );
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn no_expectation_is_without_a_case() {
    let names: BTreeSet<String> = CASES
        .iter()
        .flat_map(|case| {
            [
                format!("{}.yaml", case.name),
                format!("{}.notes", case.name),
            ]
        })
        .collect();
    let found = fs::read_dir(folder().join("expected")).unwrap();
    let found: BTreeSet<String> = found
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, names);
}

#[test]
fn every_file_is_in_a_case() {
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let used = |argument: &&str| argument.ends_with(&name);
        let listed = CASES.iter().any(|case| case.arguments.iter().any(used));
        assert!(listed || !name.ends_with(".conf"), "{name} is in no case");
    }
}
