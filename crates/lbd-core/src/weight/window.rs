//! At most so many changes in any second.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

use healthcheck::Time;

const SECOND: Duration = Duration::from_secs(1);

/// The changes of the last second; never more of them than the limit.
#[derive(Clone, Debug)]
pub(super) struct Window {
    limit: Option<usize>,
    /// In the order of time.
    changes: VecDeque<Time>,
}

impl Window {
    pub(super) fn new(limit: Option<NonZeroU32>) -> Self {
        Self {
            limit: limit.map(|limit| usize::try_from(limit.get()).unwrap_or(usize::MAX)),
            changes: VecDeque::new(),
        }
    }

    /// Counts a change and says that it may be made, if it may.
    pub(super) fn admits(&mut self, now: Time) -> bool {
        let admitted = self.opens().is_none_or(|opens| opens <= now);
        if admitted {
            self.count(now);
        }
        admitted
    }

    /// Counts a change that is made whether it may or not.
    pub(super) fn count(&mut self, now: Time) {
        let Some(limit) = self.limit else {
            return;
        };
        if self.changes.len() >= limit {
            self.changes.pop_front();
        }
        self.changes.push_back(now);
    }

    /// When the next change may be made; none: at once.
    pub(super) fn opens(&self) -> Option<Time> {
        let full = self.limit.is_some_and(|limit| self.changes.len() >= limit);
        let first = self.changes.front().filter(|_| full)?;
        Some(first.saturating_add(SECOND))
    }
}
