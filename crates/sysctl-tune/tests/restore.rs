//! What is put back, and what is not.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use sysctl_tune::{Key, Setting, Written, plan, restore};

fn written(name: &str, before: i32, now: i32) -> Written {
    Written {
        key: Key::ipvs(name),
        before,
        now,
    }
}

fn steps(written: &[Written], actual: &[(&str, i32)]) -> Vec<(String, i32)> {
    let actual = actual
        .iter()
        .map(|(name, value)| (Key::ipvs(name), *value))
        .collect();
    restore(written, &actual)
        .into_iter()
        .map(|change| (change.key.name().to_owned(), change.to))
        .collect()
}

#[test]
fn what_is_as_it_was_written_is_put_back_the_last_one_first() {
    let all = [written("a", 1, 0), written("b", 0, 2)];
    assert_eq!(
        steps(&all, &[("a", 0), ("b", 2)]),
        [("b".to_owned(), 0), ("a".to_owned(), 1)]
    );
}

#[test]
fn what_someone_else_set_or_took_away_is_left_alone() {
    let all = [written("a", 1, 0), written("b", 0, 2)];
    assert_eq!(steps(&all, &[("a", 7)]), []);
}

#[test]
fn of_two_writes_the_first_value_before_and_the_last_one_written_count() {
    let twice = [written("a", 5, 1), written("a", 1, 0)];
    assert_eq!(steps(&twice, &[("a", 0)]), [("a".to_owned(), 5)]);
    assert_eq!(steps(&twice, &[("a", 1)]), []);
    let there_and_back = [written("a", 5, 1), written("a", 1, 5)];
    assert_eq!(steps(&there_and_back, &[("a", 5)]), []);
}

proptest! {
    #[test]
    fn a_plan_and_its_restoration_leave_no_trace(
        values in prop::collection::vec(-2..4, 1..8),
        goals in prop::collection::vec(-2..4, 8),
        strangers in prop::collection::vec(prop::option::of(-2..4), 8),
    ) {
        let key = |place: usize| Key::ipvs(&format!("p{place}"));
        let wanted: Vec<_> = goals.iter().enumerate().take(values.len()).map(|(place, value)| Setting {
            key: key(place),
            value: *value,
            also: &[],
            why: "for the test",
        }).collect();
        let before: BTreeMap<_, _> =
            values.iter().enumerate().map(|(place, value)| (key(place), *value)).collect();
        let changes = plan(&wanted, &before);
        let mut actual = before.clone();
        let mut log = Vec::new();
        for change in changes {
            actual.insert(change.key.clone(), change.to);
            log.push(Written { key: change.key, before: change.from.unwrap(), now: change.to });
        }
        let mut expected = before;
        for (place, stranger) in strangers.iter().enumerate().take(values.len()) {
            let touched = log.iter().any(|w| w.key == key(place) && Some(w.now) == *stranger);
            if let (Some(value), false) = (stranger, touched) {
                actual.insert(key(place), *value);
                expected.insert(key(place), *value);
            }
        }
        for change in restore(&log, &actual) {
            prop_assert_eq!(actual.insert(change.key, change.to), change.from);
        }
        prop_assert_eq!(actual, expected);
    }
}
