//! No line is dropped silently: without it, the result or the notes are different.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use keepalived_conf::{Answers, Beside, File, Import, Source, import};

/// Lines that say what holds anyhow: keepalived's defaults, the service's own port, the router's own interface, and what
/// another virtual router of the file has said; in timing.conf and checkers-http.conf, what a word further inside overrules.
const DEFAULTS: [&str; 20] = [
    "advert_int 1",
    "alpha",
    "connect_port 3306",
    "eth0",
    "fall 1",
    "interval 1",
    "lb_kind NAT",
    "lvs_method NAT",
    "lvs_sched wlc",
    "mcast_src_ip 192.0.2.1",
    "preempt",
    "priority $PRIO",
    "priority 100",
    "rise 1",
    "state BACKUP",
    "version 2",
    "delay_loop 7",
    "retry 4",
    "retry 5",
    "virtualhost overruled.example.org",
];

fn import_text(text: &str) -> Import {
    let file = File {
        director: None,
        source: Source {
            name: "a.conf".to_owned(),
            folder: "/etc/keepalived".to_owned(),
            text: text.to_owned(),
        },
    };
    let mut include = |include: &keepalived_conf::Include<'_>| Err(include.pattern.to_owned());
    import(
        &[file],
        &Answers::default(),
        &Beside::default(),
        &mut include,
    )
}

/// Whether a line is one directive without a block, and none that only says what holds anyhow.
fn is_directive(line: &str) -> bool {
    let line = line.trim();
    let other =
        line.is_empty() || line.contains(['{', '}']) || line.starts_with(['#', '!', '"', '$']);
    !other && !DEFAULTS.contains(&line)
}

/// The lines where the blocks around each line start, the innermost last.
fn enclosing(lines: &[&str]) -> Vec<Vec<usize>> {
    let mut open = Vec::new();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        found.push(open.clone());
        for letter in line.chars() {
            match letter {
                '{' => open.push(index + 1),
                '}' => drop(open.pop()),
                _ => {}
            }
        }
    }
    found
}

/// Whether there is a note for one of these lines: a block that is told as a whole.
fn told(import: &Import, lines: &[usize]) -> bool {
    let places = import.notes.iter().filter_map(|note| note.place.as_ref());
    places
        .into_iter()
        .any(|place| lines.contains(&usize::try_from(place.line).unwrap()))
}

#[test]
fn every_line_has_a_consequence() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/keepalived");
    let (mut lost, mut looked_at) = (Vec::new(), 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "conf") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let whole = import_text(&text);
        let lines: Vec<&str> = text.lines().collect();
        let blocks = enclosing(&lines);
        for (index, line) in lines
            .iter()
            .enumerate()
            .filter(|(_, line)| is_directive(line))
        {
            if told(&whole, &blocks[index]) {
                continue;
            }
            looked_at += 1;
            let mut others = lines.clone();
            others[index] = "";
            let without = import_text(&others.join("\n"));
            if (&without.yaml, &without.notes) == (&whole.yaml, &whole.notes) {
                lost.push(format!("{}:{}: {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    assert!(looked_at > 500, "only {looked_at} lines");
}
