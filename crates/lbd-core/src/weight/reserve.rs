//! Never fewer than `min_serving`: who serves although it should not.

use std::collections::BTreeMap;
use std::time::Duration;

use super::server::Want;
use super::wish::{Rank, Wish};

/// Lets the least bad servers serve until `min_serving` do. `incumbents` did so up to now, and go on unless
/// another one is better by far: half as much behind.
pub(super) fn promote(
    wishes: &mut BTreeMap<String, Wish>,
    min_serving: usize,
    incumbent: impl Fn(&str) -> bool,
) {
    // As long as some are about to be judged, nobody new: the kernel may well let them serve.
    let pending = wishes.values().any(|wish| wish.pending);
    let serving = wishes.values().filter(|wish| wish.want.serves()).count();
    let mut candidates: Vec<((Rank, Duration), &mut Wish, u32)> = Vec::new();
    for (name, wish) in wishes.iter_mut() {
        if let Some(reserve) = wish.reserve
            && (!pending || incumbent(name))
        {
            let divisor = if incumbent(name) { 2 } else { 1 };
            let key = (reserve.rank, reserve.lag / divisor);
            candidates.push((key, wish, reserve.weight));
        }
    }
    candidates.sort_by_key(|(key, ..)| *key);
    let missing = min_serving.saturating_sub(serving);
    for (_, wish, weight) in candidates.into_iter().take(missing) {
        wish.want = Want::Present(weight);
        wish.urgent = false;
        wish.why.push_str(&format!(
            "; serves all the same with weight {weight}, so that {min_serving} do"
        ));
    }
}
