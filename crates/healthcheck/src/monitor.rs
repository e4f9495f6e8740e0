//! The verdict on one server, and the plan of its probes.

use core::fmt;
use core::time::Duration;

use crate::policy::SHORTEST;
use crate::{Failure, Outcome, Policy, Time};

/// What is believed of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// No verdict yet: not one success, and too few failures.
    Unknown,
    /// It answers, or has not failed often enough in a row since it did.
    Up,
    /// It failed as often as the policy asks.
    Down {
        /// How the latest failed probe failed.
        failure: Failure,
    },
}

impl Health {
    /// Whether it is [`Health::Up`].
    pub fn is_up(&self) -> bool {
        matches!(self, Health::Up)
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Health::Unknown => f.write_str("unknown"),
            Health::Up => f.write_str("up"),
            Health::Down { failure } => write!(f, "down ({failure})"),
        }
    }
}

/// The request to start one probe now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The number of this probe of this server, from 1; for [`Monitor::finished_probe`].
    pub probe: u64,
    /// When the probe has to be over, whatever stage it is in.
    pub deadline: Time,
    /// The same from now on: the policy's time-out.
    pub timeout: Duration,
}

/// A verdict that changed. A new reason for being down is not a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Time,
    /// The verdict before.
    pub from: Health,
    /// The verdict from now on.
    pub to: Health,
}

/// Watches one server: says when to probe, and judges the outcomes.
///
/// ```text
///              first success                    retries + 1 failures in a row
///   Unknown ───────────────────► Up ◄────────── rise successes in a row ─────────── Down
///      │                         └───────────────────────────────────────────────────▲
///      └──────── retries + 1 failures ────────────────────────────────────────────────┘
/// ```
///
/// Regular probes start on a grid of [`Policy::interval`], offset by the phase given to [`Monitor::new`],
/// so that many servers stay spread out however long their probes take. After a failure that does not
/// settle the verdict, the retries follow off the grid, [`Policy::retry_delay`] apart.
///
/// Two probes never overlap. A probe whose result is not there at its deadline plus
/// [`Policy::grace`] is given up and counts as [`Failure::Lost`].
///
/// The caller waits for [`deadline`](Monitor::deadline), then calls [`expired`](Monitor::expired) and
/// [`poll`](Monitor::poll).
#[derive(Clone, Debug)]
pub struct Monitor {
    policy: Policy,
    health: Health,
    since: Time,
    /// A regular probe is due at this time plus any multiple of the interval.
    grid: Time,
    phase: Phase,
    probes: u64,
    /// In a row, up to now; at most one of the two is not 0.
    failures: u32,
    successes: u32,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Waiting { until: Time },
    Probing { give_up: Time },
}

impl Monitor {
    /// A monitor whose first probe is due `phase` after `now`. Give every server of a host another phase
    /// between zero and the interval, or they are all probed at once.
    pub fn new(policy: Policy, now: Time, phase: Duration) -> Monitor {
        let first = now.saturating_add(phase);
        Monitor {
            policy: policy.sane(),
            health: Health::Unknown,
            since: now,
            grid: first,
            phase: Phase::Waiting { until: first },
            probes: 0,
            failures: 0,
            successes: 0,
        }
    }

    /// When to call [`expired`](Monitor::expired) and [`poll`](Monitor::poll) next: the next probe is due,
    /// or the running one is to be given up. Never `None` today.
    pub fn deadline(&self) -> Option<Time> {
        Some(match self.phase {
            Phase::Waiting { until } => until,
            Phase::Probing { give_up } => give_up,
        })
    }

    /// Starts the next probe, if it is due and none is running.
    ///
    /// A lost probe is counted here too, when [`expired`](Monitor::expired) was not called first; only
    /// its `Change` is not told then.
    pub fn poll(&mut self, now: Time) -> Option<Start> {
        self.expired(now);
        match self.phase {
            Phase::Waiting { until } if until <= now => Some(self.start(now)),
            Phase::Waiting { .. } | Phase::Probing { .. } => None,
        }
    }

    /// Gives up the running probe if its result is overdue, and counts it as failed. The caller
    /// should then end whatever is left of it.
    pub fn expired(&mut self, now: Time) -> Option<Change> {
        match self.phase {
            Phase::Probing { give_up } if give_up <= now => {
                self.finished(now, Outcome::Failure(Failure::Lost))
            }
            Phase::Waiting { .. } | Phase::Probing { .. } => None,
        }
    }

    /// Takes the outcome of the running probe. Without one (it was given up) nothing happens.
    pub fn finished(&mut self, now: Time, outcome: Outcome) -> Option<Change> {
        match self.phase {
            Phase::Waiting { .. } => None,
            Phase::Probing { .. } => {
                let to = match outcome {
                    Outcome::Success { .. } => self.succeeded(),
                    Outcome::Failure(failure) => self.failed(failure),
                };
                self.phase = Phase::Waiting {
                    until: self.next(now),
                };
                self.judge(now, to)
            }
        }
    }

    /// The same for a result that comes through a queue, where that of a probe given up earlier may
    /// arrive while the next one runs: ignored unless `probe` is the running one's [`Start::probe`].
    pub fn finished_probe(&mut self, now: Time, probe: u64, outcome: Outcome) -> Option<Change> {
        match probe == self.probes {
            true => self.finished(now, outcome),
            false => None,
        }
    }

    /// The verdict.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// When the verdict last changed; before any, when the monitor was made.
    pub fn since(&self) -> Time {
        self.since
    }

    /// Failed probes in a row, up to now.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether a probe is running.
    pub fn is_probing(&self) -> bool {
        matches!(self.phase, Phase::Probing { .. })
    }

    /// The policy, as it is honoured.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    fn start(&mut self, now: Time) -> Start {
        let deadline = now.saturating_add(self.policy.timeout);
        self.probes = self.probes.wrapping_add(1);
        self.phase = Phase::Probing {
            give_up: deadline.saturating_add(self.policy.grace),
        };
        Start {
            probe: self.probes,
            deadline,
            timeout: self.policy.timeout,
        }
    }

    fn succeeded(&mut self) -> Health {
        self.failures = 0;
        self.successes = self.successes.saturating_add(1);
        let risen = self.successes >= self.policy.rise;
        match &self.health {
            Health::Unknown | Health::Up => Health::Up,
            Health::Down { .. } if risen => Health::Up,
            Health::Down { failure } => Health::Down {
                failure: failure.clone(),
            },
        }
    }

    fn failed(&mut self, failure: Failure) -> Health {
        self.successes = 0;
        self.failures = self.failures.saturating_add(1);
        let fallen = self.failures > self.policy.retries;
        match &self.health {
            Health::Unknown if !fallen => Health::Unknown,
            Health::Up if !fallen => Health::Up,
            Health::Unknown | Health::Up | Health::Down { .. } => Health::Down { failure },
        }
    }

    fn judge(&mut self, now: Time, to: Health) -> Option<Change> {
        let same = core::mem::discriminant(&self.health) == core::mem::discriminant(&to);
        let from = core::mem::replace(&mut self.health, to.clone());
        if same {
            return None;
        }
        self.since = now;
        Some(Change { at: now, from, to })
    }

    /// When the next probe is due: a retry soon, while failures have not settled the verdict; else
    /// the first point of the grid after `now`.
    fn next(&self, now: Time) -> Time {
        let unsettled = self.failures > 0 && self.failures <= self.policy.retries;
        if unsettled && !matches!(self.health, Health::Down { .. }) {
            return now.saturating_add(self.policy.retry_delay);
        }
        let interval = self.policy.interval;
        let into = now.saturating_sub(self.grid).as_nanos() % interval.as_nanos();
        let rest = interval.as_nanos().saturating_sub(into);
        now.saturating_add(Duration::from_nanos_u128(rest).max(SHORTEST))
    }
}
