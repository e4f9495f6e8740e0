//! Any octets, read as keepalived's file and as what lies beside it: no panic, no endless growth, and every note at a
//! place that is there.
//!
//! The input is a file; what it includes is itself.
#![no_main]

use keepalived_conf::beside::Parameters;
use keepalived_conf::{Answers, Beside, File, Note, Source, import};
use libfuzzer_sys::fuzz_target;

/// Files that include themselves for ever only show the limits again and again.
const INCLUDES: usize = 20;

fuzz_target!(|octets: &[u8]| {
    let text = String::from_utf8_lossy(octets);
    let answers = Answers {
        nodes: [("db1".to_owned(), [192, 0, 2, 1].into())].into(),
        ..Answers::default()
    };
    let beside = Beside {
        iptables: Some(source(&text)),
        sysctl: Some(Parameters {
            source: source(&text),
            wanted: |_| Vec::new(),
        }),
    };
    let mut left = INCLUDES;
    let mut include = |_: &keepalived_conf::Include<'_>| {
        left -= usize::from(left > 0);
        Ok(if left > 0 {
            vec![source(&text)]
        } else {
            vec![]
        })
    };
    for director in [None, Some("db1".to_owned())] {
        let file = File {
            director,
            source: source(&text),
        };
        let import = import(&[file.clone(), file], &answers, &beside, &mut include);
        assert!(import.yaml.starts_with("# Made by "));
        for note in &import.notes {
            stands_somewhere(note, &text);
        }
    }
});

fn source(text: &str) -> Source {
    Source {
        name: "file".to_owned(),
        folder: "/etc/keepalived".to_owned(),
        text: text.to_owned(),
    }
}

fn stands_somewhere(note: &Note, text: &str) {
    assert!(!note.message.is_empty());
    let Some(place) = &note.place else { return };
    let line = text
        .lines()
        .nth(place.line as usize - 1)
        .expect("the line is there");
    assert!(place.column >= 1);
    assert!(place.column as usize <= line.chars().count() + 1);
}
