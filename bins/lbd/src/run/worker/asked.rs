//! Those who want to know what came of the orders so far.

use tokio::sync::oneshot;

use super::{Ending, Outcome};

/// They wait until there is no newer order: a round that was broken off for one has not done what they asked for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    waiting: Vec<oneshot::Sender<Outcome>>,
    /// Changes in the kernel since the first of them came.
    changes: usize,
}

impl Asked {
    pub(super) fn extend(&mut self, askers: Vec<oneshot::Sender<Outcome>>) {
        self.waiting.extend(askers);
    }

    /// Takes note of what came of a round, and tells them if it was not broken off.
    pub(super) fn tell(&mut self, changes: usize, ending: &Ending, broken_off: bool) {
        if self.waiting.is_empty() {
            return;
        }
        self.changes = self.changes.saturating_add(changes);
        if broken_off {
            return;
        }
        let changes = std::mem::take(&mut self.changes);
        let outcome = ending.clone().map(|()| changes);
        for asker in self.waiting.drain(..) {
            // Whoever asked may have gone.
            let _ = asker.send(outcome.clone());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn who_asked_hears_nothing_of_a_round_that_was_broken_off_but_its_changes() {
        let (asker, mut answer) = oneshot::channel();
        let mut asked = Asked::default();
        asked.extend(vec![asker]);
        asked.tell(2, &Ok(()), true);
        assert!(answer.try_recv().is_err());
        asked.tell(3, &Ok(()), false);
        assert_eq!(answer.try_recv().unwrap(), Ok(5));
    }

    #[test]
    fn changes_of_an_earlier_time_are_nobodys_answer() {
        let mut asked = Asked::default();
        asked.tell(7, &Ok(()), false);
        for changes in [1, 0] {
            let (asker, mut answer) = oneshot::channel();
            asked.extend(vec![asker]);
            asked.tell(changes, &Ok(()), false);
            assert_eq!(answer.try_recv().unwrap(), Ok(changes));
        }
    }

    #[test]
    fn what_is_wrong_is_told_to_all_who_wait_and_its_changes_to_nobody_after_them() {
        let mut asked = Asked::default();
        let (first, mut to_first) = oneshot::channel();
        asked.extend(vec![first]);
        asked.tell(1, &Ok(()), true);
        let (second, mut to_second) = oneshot::channel();
        asked.extend(vec![second]);
        asked.tell(1, &Err("no".to_owned()), false);
        assert_eq!(to_first.try_recv().unwrap(), Err("no".to_owned()));
        assert_eq!(to_second.try_recv().unwrap(), Err("no".to_owned()));
        let (third, mut to_third) = oneshot::channel();
        asked.extend(vec![third]);
        asked.tell(4, &Ok(()), false);
        assert_eq!(to_third.try_recv().unwrap(), Ok(4));
    }
}
