//! From what was written to what must be put back.

use std::collections::BTreeMap;

use crate::{Change, Key};

/// A value that was written, and the one it took the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Which parameter.
    pub key: Key,
    /// The value before.
    pub before: i32,
    /// The value that was written.
    pub now: i32,
}

/// The changes that put back what was there before `written`, which is in the order of writing; the last comes first.
///
/// Only what still holds the value that was written is put back: another value was set by someone else, who wants it. A
/// key that `actual` does not hold is left alone too: its interface or module is gone. For a key that was written more
/// than once, the first `before` and the last `now` count.
///
/// ```
/// use std::collections::BTreeMap;
/// use sysctl_tune::{Key, Written, restore};
///
/// let key = Key::ipvs("conntrack");
/// let written = [Written { key: key.clone(), before: 1, now: 0 }];
/// assert_eq!(restore(&written, &BTreeMap::from([(key.clone(), 0)]))[0].to, 1);
/// assert!(restore(&written, &BTreeMap::from([(key, 2)])).is_empty());
/// ```
pub fn restore(written: &[Written], actual: &BTreeMap<Key, i32>) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for (position, last) in written.iter().enumerate().rev() {
        let same = |other: &&Written| other.key == last.key;
        let superseded = written.iter().skip(position + 1).any(|later| same(&later));
        let before = written.iter().find(same).map_or(last.before, |w| w.before);
        if superseded || before == last.now || actual.get(&last.key) != Some(&last.now) {
            continue;
        }
        changes.push(Change {
            key: last.key.clone(),
            from: Some(last.now),
            to: before,
            why: "it was so before",
        });
    }
    changes
}
