//! What the documents say of the metrics is so. `LBD_WRITE_EXPECTED=1 cargo test -p status-page --test documents` writes the
//! reference anew.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use status_page::reference;
use support::{assignment, parser, snapshot};

fn document(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    root.join(name)
}

/// The metrics of the reference: what is in code in the first cell of a row.
fn known() -> BTreeSet<String> {
    let rows = reference();
    let names = rows.lines().filter_map(|row| row.strip_prefix("| `"));
    names
        .filter_map(|row| Some(row.split_once('`')?.0.to_owned()))
        .collect()
}

#[test]
fn the_reference_of_the_metrics_is_that_of_the_code() {
    let path = document("metrics.md");
    let text = fs::read_to_string(&path).unwrap();
    let written = text
        .split_once("\n## ")
        .map_or(text.as_str(), |(head, _)| head);
    let expected = format!("{}\n{}", written.trim_end(), reference());
    if std::env::var_os("LBD_WRITE_EXPECTED").is_some() {
        fs::write(&path, &expected).unwrap();
        return;
    }
    assert!(
        text == expected,
        "{} differs from:\n{expected}",
        path.display()
    );
}

#[test]
fn a_busy_daemon_exposes_all_that_the_reference_has_and_nothing_else() {
    let mut snapshot = snapshot("reads", "db1");
    snapshot.counts.probing(7, &assignment("reads", "db1"));
    snapshot.counts.reported(&lbd_core::engine::Report::Role {
        router: "VI_1".to_owned(),
        from: vrrp_proto::State::Backup,
        to: vrrp_proto::State::Master,
        priority: vrrp_proto::Priority::DEFAULT,
    });
    let exposed = parser::parse(&snapshot.metrics()).unwrap();
    assert_eq!(exposed.families(), &known());
}

/// The metrics that a text speaks of, without the ends of summaries.
fn spoken_of(text: &str) -> BTreeSet<String> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let words = text.split(|c| !legal(c));
    let metrics = words.filter(|word| word.starts_with("lbd_"));
    let bare = |word: &str| {
        let ends = ["_sum", "_count"];
        let end = ends.iter().find_map(|end| word.strip_suffix(end));
        end.unwrap_or(word).to_owned()
    };
    metrics.map(bare).collect()
}

#[test]
fn alerts_and_dashboard_use_metrics_that_there_are() {
    for name in ["alerts.yml", "dashboard.json"] {
        let used = spoken_of(&fs::read_to_string(document(name)).unwrap());
        assert!(used.len() > 5, "{name}: {used:?}");
        let unknown: Vec<_> = used.difference(&known()).cloned().collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
    }
}

#[test]
fn the_dashboard_is_json_and_its_panels_do_not_overlap() {
    let text = fs::read_to_string(document("dashboard.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut taken = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(at("x") + at("w") <= 24, "{panel}");
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(taken.insert((x, y)), "{panel}");
            }
        }
    }
    assert!(!taken.is_empty());
}
