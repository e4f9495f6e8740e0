//! Outcomes in a row, and the verdict that follows.

use crate::{Failure, Health, Policy};

/// What was seen in a row, up to now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    successes: u32,
    failures: u32,
    /// Failures and busy answers.
    refusals: u32,
}

impl Row {
    pub(super) fn failures(self) -> u32 {
        self.failures
    }

    /// The verdict after a success.
    pub(super) fn success(&mut self, policy: &Policy, health: &Health) -> Health {
        *self = Row {
            successes: self.successes.saturating_add(1),
            ..Row::default()
        };
        let risen = self.successes >= policy.rise;
        match health {
            Health::Unknown | Health::Up | Health::Suspected => Health::Up,
            Health::Busy | Health::Down { .. } if risen => Health::Up,
            Health::Busy | Health::Down { .. } => health.clone(),
        }
    }

    /// The verdict after a busy answer. A server that was down lives again, but is not up.
    pub(super) fn busy(&mut self, policy: &Policy, health: &Health) -> Health {
        *self = Row {
            refusals: self.refusals.saturating_add(1),
            ..Row::default()
        };
        let fallen = self.refusals > policy.retries;
        match health {
            Health::Unknown | Health::Up if !fallen => health.clone(),
            Health::Unknown
            | Health::Up
            | Health::Suspected
            | Health::Busy
            | Health::Down { .. } => Health::Busy,
        }
    }

    /// The verdict after a failure. A row of failures and busy answers stops new connections, but only
    /// failures alone take a server down: that breaks the connections it has.
    pub(super) fn failure(&mut self, policy: &Policy, health: &Health, failure: Failure) -> Health {
        *self = Row {
            successes: 0,
            failures: self.failures.saturating_add(1),
            refusals: self.refusals.saturating_add(1),
        };
        let dead = self.failures > policy.retries;
        let fallen = self.refusals > policy.retries;
        match health {
            Health::Suspected | Health::Down { .. } => Health::Down { failure },
            Health::Unknown | Health::Up | Health::Busy if dead => Health::Down { failure },
            Health::Unknown | Health::Up if !fallen => health.clone(),
            Health::Unknown | Health::Up | Health::Busy => Health::Busy,
        }
    }

    /// Whether a retry is to follow soon, because the latest outcome spoke against the verdict.
    pub(super) fn wants_retry(self, health: &Health) -> bool {
        match health {
            Health::Unknown | Health::Up | Health::Suspected => self.refusals > 0,
            Health::Busy => self.failures > 0,
            Health::Down { .. } => false,
        }
    }

    /// Whether a server that was down or busy is on its way back.
    pub(super) fn is_rising(self, health: &Health) -> bool {
        match health {
            Health::Busy | Health::Down { .. } => self.successes > 0,
            Health::Unknown | Health::Up | Health::Suspected => false,
        }
    }
}
