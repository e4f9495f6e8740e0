//! Names that lbd takes.

use std::collections::BTreeSet;

/// The text on one line and not empty, or else the other name.
pub(super) fn clean(text: &str, otherwise: &str) -> String {
    let clean: String = text.chars().filter(|letter| !letter.is_control()).collect();
    let clean = clean.trim();
    if clean.is_empty() {
        return otherwise.to_owned();
    }
    clean.to_owned()
}

/// The name, or with a number behind it the first one that is not taken; takes it.
pub(super) fn unique(name: String, taken: &mut BTreeSet<String>) -> String {
    if taken.insert(name.clone()) {
        return name;
    }
    // One of these is free: there is one more than are taken.
    let free = (2..taken.len().saturating_add(3))
        .map(|number| format!("{name}-{number}"))
        .find(|candidate| !taken.contains(candidate));
    let free = free.unwrap_or(name);
    taken.insert(free.clone());
    free
}
