//! What waits, in order, with one entry for each subject.

use std::collections::VecDeque;

/// Entries by subject. A newer one takes an older one's place in the matter, and stands at the end of the queue.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    waiting: VecDeque<(String, T)>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
        }
    }
}

impl<T> Queue<T> {
    /// Adds an entry, and gives the one that it makes void.
    pub(crate) fn push(&mut self, subject: String, entry: T) -> Option<T> {
        let place = self.waiting.iter().position(|(other, _)| *other == subject);
        let void = place.and_then(|place| self.waiting.remove(place));
        self.waiting.push_back((subject, entry));
        void.map(|(_, entry)| entry)
    }

    /// Takes the entry that has waited longest.
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.waiting.pop_front().map(|(_, entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_latest_state_of_a_subject_is_the_only_one_and_the_order_is_that_of_the_states() {
        let mut queue = Queue::default();
        assert_eq!(queue.push("A".to_owned(), 1), None);
        assert_eq!(queue.push("B".to_owned(), 2), None);
        assert_eq!(queue.push("A".to_owned(), 3), Some(1));
        assert_eq!(queue.pop(), Some(2));
        assert_eq!(queue.pop(), Some(3));
        assert_eq!(queue.pop(), None);
    }

    proptest! {
        #[test]
        fn never_more_than_one_for_each_subject_and_always_the_latest(
            states in proptest::collection::vec(0_usize..5, 0..60),
        ) {
            let mut queue = Queue::default();
            for (number, subject) in states.iter().enumerate() {
                queue.push(subject.to_string(), number);
            }
            let mut popped = Vec::new();
            while let Some(number) = queue.pop() {
                popped.push(number);
            }
            let mut latest: Vec<usize> = (0..5)
                .filter_map(|subject| states.iter().rposition(|other| *other == subject))
                .collect();
            latest.sort_unstable();
            prop_assert_eq!(popped, latest);
        }
    }
}
