//! From what is wanted and what is there to what must change.

use std::collections::BTreeMap;

use crate::{Key, Setting};

/// One value to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which parameter.
    pub key: Key,
    /// The value before, to be put back when the host leaves the cluster; `None` if it is not known.
    pub from: Option<i32>,
    /// The value to write.
    pub to: i32,
    /// Why, in one sentence for people.
    pub why: &'static str,
}

/// The changes that lead from `actual` to `wanted`, in the order of `wanted`; empty if every value will do already.
///
/// A key that `actual` does not hold is taken for one to be written. A key wanted twice is decided by the first.
pub fn plan(wanted: &[Setting], actual: &BTreeMap<Key, i32>) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for (position, setting) in wanted.iter().enumerate() {
        let from = actual.get(&setting.key).copied();
        let decided = wanted
            .iter()
            .take(position)
            .any(|earlier| earlier.key == setting.key);
        if decided || from.is_some_and(|value| setting.accepts(value)) {
            continue;
        }
        changes.push(Change {
            key: setting.key.clone(),
            from,
            to: setting.value,
            why: setting.why,
        });
    }
    changes
}
