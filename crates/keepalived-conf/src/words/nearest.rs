//! What was probably meant.

/// The known word that is fewest letters away, if that is few enough: one in three.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer words are none of keepalived's.
    const LONGEST: usize = 64;
    let length = word.chars().count();
    if length > LONGEST {
        return None;
    }
    let limit = (length / 3).clamp(1, 3);
    known
        .filter(|candidate| candidate.len().abs_diff(length) <= limit)
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Letters to add, drop or change to come from one word to the other (Levenshtein), case apart.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to
        .chars()
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (done, letter) in from
        .chars()
        .map(|letter| letter.to_ascii_lowercase())
        .enumerate()
    {
        let mut next = Vec::with_capacity(row.len());
        next.push(done + 1);
        for ((above, above_next), other) in row.iter().zip(row.iter().skip(1)).zip(&to) {
            let changed = above + usize::from(letter != *other);
            let left = next.last().copied().unwrap_or(usize::MAX).saturating_add(1);
            next.push(changed.min(above_next + 1).min(left));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn letters_are_counted() {
        assert_eq!(distance("priority", "priority"), 0);
        assert_eq!(distance("prioity", "priority"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn only_what_is_near_is_suggested() {
        let known = ["priority", "preempt", "interface"];
        assert_eq!(nearest("prioritiy", known.into_iter()), Some("priority"));
        assert_eq!(nearest("frobnicate", known.into_iter()), None);
    }
}
