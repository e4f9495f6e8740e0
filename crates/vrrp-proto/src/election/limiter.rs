//! Keeps answers apart without losing the last one.

use core::time::Duration;

use crate::Time;

/// Lets one through at once, and one more after each gap in which any was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Limiter {
    last: Option<Time>,
    /// Asked for too early; due at this time.
    owed: Option<Time>,
}

impl Limiter {
    /// Whether to do it now. If not, it is owed.
    pub(super) fn ask(&mut self, now: Time, gap: Duration) -> bool {
        let from = self.last.map_or(now, |last| last.saturating_add(gap));
        if now < from {
            self.owed = Some(self.owed.map_or(from, |owed| owed.min(from)));
            return false;
        }
        self.done(now);
        true
    }

    /// Whether one that is owed is to be done now.
    pub(super) fn take_owed(&mut self, now: Time) -> bool {
        let due = self.owed.is_some_and(|owed| owed <= now);
        if due {
            self.done(now);
        }
        due
    }

    /// It is done by other means.
    pub(super) fn settle(&mut self) {
        self.owed = None;
    }

    /// When an owed one is due.
    pub(super) const fn deadline(&self) -> Option<Time> {
        self.owed
    }

    fn done(&mut self, now: Time) {
        self.last = Some(now);
        self.owed = None;
    }
}
