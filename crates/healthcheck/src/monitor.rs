//! The verdict on one server, and the plan of its probes.

mod grid;
mod row;

use core::time::Duration;

use grid::Grid;
use row::Row;

use crate::policy::SHORTEST;
use crate::{Alarm, Change, Counts, Failure, Health, Measured, Outcome, Policy, Time};

/// The request to start one probe now. It is the only one: the caller ends whatever an earlier probe of
/// the same monitor has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The number of this probe of this server, from 1; for [`Monitor::finished_probe`].
    pub probe: u64,
    /// When the probe has to be over, whatever stage it is in.
    pub deadline: Time,
    /// The same from now on: the policy's time-out.
    pub timeout: Duration,
}

/// Watches one server: says when to probe, and judges the outcomes.
///
/// | was | success | busy | failure | alarm that counts as nothing | [`suspect`](Monitor::suspect) |
/// |---|---|---|---|---|---|
/// | Unknown | Up | *n*-th in a row: Busy | *n*-th in a row: Down | – | probe at once |
/// | Up | – | *n*-th in a row: Busy | *n*-th in a row: Down | – | Suspected, probe at once |
/// | Suspected | Up | Busy | Down | Up | – |
/// | Busy | *rise*-th in a row: Up | – | *n*-th in a row: Down | – | probe at once |
/// | Down | *rise*-th in a row: Up | Busy | – | – | – |
///
/// *n* is [`Policy::retries`] + 1. When *n* outcomes in a row are failures *and* busy answers, an unknown
/// server or one that was up is Busy: it gets no new connections, but only failures alone break
/// those it has. Other [`Alarm`]s count as successes or failures, as [`Policy::alarms`] says; one that
/// counts as nothing neither adds to a row nor ends it.
///
/// So only a success makes a server Up, with two exceptions that never had it proven ill: it
/// [starts so](crate::Initial::Up), or it was up and merely suspected.
///
/// # When probes start
/// Regular probes start on a grid of [`Policy::interval`], offset by the phase given to [`Monitor::new`],
/// so that many servers stay spread out however long their probes take. After a failure that does not
/// settle the verdict, the retries follow off the grid, [`Policy::retry_delay`] apart; while
/// things change otherwise, probes follow each other in the [`Policy::fast_interval`].
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
    grid: Grid,
    phase: Phase,
    probes: u64,
    /// When the latest probe started.
    begun: Time,
    row: Row,
    /// When it was last suspected.
    suspected: Option<Time>,
    recovery: Recovery,
    measured: Measured,
    alarm: Option<Alarm>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Waiting {
        until: Time,
    },
    Probing {
        give_up: Time,
        /// It started before the server was suspected: a good answer may be older than the silence.
        outdated: bool,
    },
}

/// Whether the server came back from being down.
#[derive(Clone, Copy, Debug)]
enum Recovery {
    NeverDown,
    /// It was down, and has not been up since.
    Pending,
    Since(Time),
}

impl Monitor {
    /// A monitor whose first probe is due `phase` after `now`, and regular ones at that phase of the
    /// interval. Give every server of a host another one: [`spread`](crate::spread()).
    pub fn new(policy: Policy, now: Time, phase: Duration) -> Monitor {
        let first = now.saturating_add(phase);
        let policy = policy.sane();
        Monitor {
            health: policy.initial.health(),
            grid: Grid::through(first, policy.interval),
            policy,
            since: now,
            phase: Phase::Waiting { until: first },
            probes: 0,
            begun: now,
            row: Row::default(),
            suspected: None,
            recovery: Recovery::NeverDown,
            measured: Measured::default(),
            alarm: None,
        }
    }

    /// Makes the first probe due earlier than its phase, or later; the phase of regular probes stays. So
    /// every server can be asked soon after the start, and still have a place of its own later.
    #[must_use]
    pub fn first_probe_at(mut self, first: Time) -> Monitor {
        if self.probes == 0 {
            self.phase = Phase::Waiting { until: first };
        }
        self
    }

    /// What this monitor's [`Policy::jitter`] comes from: the same seed gives the same times. Give every
    /// server another one; without, it is 0.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Monitor {
        self.grid.seed = seed;
        self
    }

    /// When to call [`expired`](Monitor::expired) and [`poll`](Monitor::poll) next: the next probe is due,
    /// or the running one is to be given up. Never `None` today.
    pub fn deadline(&self) -> Option<Time> {
        Some(match self.phase {
            Phase::Waiting { until } => until,
            Phase::Probing { give_up, .. } => give_up,
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
    ///
    /// A probe that started before its server was suspected is given up early
    /// ([`Policy::suspect_patience`]) and counts as nothing: the next one decides, and is due at once.
    pub fn expired(&mut self, now: Time) -> Option<Change> {
        match self.phase {
            Phase::Probing { give_up, outdated } if give_up <= now => {
                if outdated {
                    self.phase = Phase::Waiting { until: now };
                    return None;
                }
                self.finished(now, Outcome::Failure(Failure::Lost))
            }
            Phase::Waiting { .. } | Phase::Probing { .. } => None,
        }
    }

    /// Takes the outcome of the running probe. Without one (it was given up) nothing happens.
    pub fn finished(&mut self, now: Time, outcome: Outcome) -> Option<Change> {
        let Phase::Probing { outdated, .. } = self.phase else {
            return None;
        };
        if outdated && !matches!(outcome, Outcome::Failure(_)) {
            self.phase = Phase::Waiting { until: now };
            return None;
        }
        let to = self.judge(outcome);
        let change = self.turn(now, to);
        self.phase = Phase::Waiting {
            until: self.next(now),
        };
        change
    }

    /// The same for a result that comes through a queue, where that of a probe given up earlier may
    /// arrive while the next one runs: ignored unless `probe` is the running one's [`Start::probe`].
    pub fn finished_probe(&mut self, now: Time, probe: u64, outcome: Outcome) -> Option<Change> {
        match probe == self.probes {
            true => self.finished(now, outcome),
            false => None,
        }
    }

    /// The result of this probe says nothing of the server: the probing side itself was held up. The next
    /// probe is due at once.
    pub fn voided(&mut self, now: Time, probe: u64) {
        if probe == self.probes && self.is_probing() {
            self.phase = Phase::Waiting { until: now };
        }
    }

    /// Goes over to another policy. The verdict and what it rests on stay; a probe that is running is
    /// judged by the new one.
    pub fn reform(&mut self, policy: Policy, now: Time, phase: Duration) {
        self.policy = policy.sane();
        let seed = self.grid.seed;
        self.grid = Grid::through(now.saturating_add(phase), self.policy.interval);
        self.grid.seed = seed;
        if let Phase::Waiting { until } = &mut self.phase {
            let regular = self
                .grid
                .after(now, &self.policy, self.probes.wrapping_add(1));
            *until = regular.min(*until);
        }
    }

    /// Somebody has reason to think that the server's host is gone: a VRRP master fell silent, or the
    /// kernel finds no neighbour there. The next probe is due at once, and a server that was up is
    /// [`Health::Suspected`] until it ends: up again with the first success, down with the first
    /// failure.
    ///
    /// A probe that is running may end, though not as late as usual; of its answers only a failure
    /// counts. A server that is down, suspected already, or was so less than
    /// [`Policy::suspect_rest`] ago stays as it is.
    pub fn suspect(&mut self, now: Time) -> Option<Change> {
        let rest = self.policy.suspect_rest;
        let rested = self
            .suspected
            .is_none_or(|last| last.saturating_add(rest) <= now);
        if !rested || self.health.is_down() || self.health == Health::Suspected {
            return None;
        }
        self.suspected = Some(now);
        match &mut self.phase {
            Phase::Waiting { until } => *until = now.min(*until),
            Phase::Probing { give_up, outdated } if self.health.is_up() => {
                *give_up = now
                    .saturating_add(self.policy.suspect_patience)
                    .min(*give_up);
                *outdated = true;
            }
            Phase::Probing { .. } => {}
        }
        match self.health.is_up() {
            true => self.turn(now, Health::Suspected),
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

    /// When the server last came up after it had been down; none while it is not back, and for one
    /// that was never down. A suspicion and a busy spell leave it as it was. A slow start counts from here.
    pub fn recovered(&self) -> Option<Time> {
        match self.recovery {
            Recovery::NeverDown | Recovery::Pending => None,
            Recovery::Since(time) => Some(time),
        }
    }

    /// What the latest success measured. It is forgotten when the server goes down, and with an alarm: what
    /// cannot be measured any more is not known.
    pub fn measured(&self) -> Measured {
        self.measured
    }

    /// The alarm with which the latest probe ended, whatever it counts as. Tell the operator when
    /// one appears.
    pub fn alarm(&self) -> Option<&Alarm> {
        self.alarm.as_ref()
    }

    /// Failed probes in a row, up to now.
    pub fn failures(&self) -> u32 {
        self.row.failures()
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
        self.begun = now;
        self.phase = Phase::Probing {
            give_up: deadline.saturating_add(self.policy.grace),
            outdated: false,
        };
        Start {
            probe: self.probes,
            deadline,
            timeout: self.policy.timeout,
        }
    }

    /// The verdict after an outcome; what it tells besides is kept.
    fn judge(&mut self, outcome: Outcome) -> Health {
        self.alarm = None;
        match outcome {
            Outcome::Success { measured, .. } => {
                self.measured = measured;
                self.row.success(&self.policy, &self.health)
            }
            Outcome::Busy => self.row.busy(&self.policy, &self.health),
            Outcome::Failure(failure) => self.row.failure(&self.policy, &self.health, failure),
            Outcome::Alarm(alarm) => {
                self.measured = Measured::default();
                self.alarm = Some(alarm.clone());
                self.alarmed(alarm)
            }
        }
    }

    fn alarmed(&mut self, alarm: Alarm) -> Health {
        match self.policy.alarms.of(&alarm) {
            Counts::Success => self.row.success(&self.policy, &self.health),
            Counts::Failure => self
                .row
                .failure(&self.policy, &self.health, Failure::Alarm(alarm)),
            Counts::Nothing if self.health == Health::Suspected => Health::Up,
            Counts::Nothing => self.health.clone(),
        }
    }

    fn turn(&mut self, now: Time, to: Health) -> Option<Change> {
        let same = core::mem::discriminant(&self.health) == core::mem::discriminant(&to);
        let from = core::mem::replace(&mut self.health, to.clone());
        if same {
            return None;
        }
        self.since = now;
        match (&to, self.recovery) {
            (Health::Down { .. }, _) => {
                self.recovery = Recovery::Pending;
                self.measured = Measured::default();
            }
            (Health::Up, Recovery::Pending) => self.recovery = Recovery::Since(now),
            (Health::Up | Health::Unknown | Health::Suspected | Health::Busy, _) => {}
        }
        Some(Change { at: now, from, to })
    }

    /// When the next probe is due: a retry soon, while failures have not settled the verdict; else
    /// the next regular one, or an earlier one while things change.
    fn next(&self, now: Time) -> Time {
        let regular = self
            .grid
            .after(now, &self.policy, self.probes.wrapping_add(1));
        if self.awaits_operator() {
            return regular;
        }
        if self.row.wants_retry(&self.health) {
            return now.saturating_add(self.policy.retry_delay);
        }
        match self.policy.fast_interval {
            Some(fast) if self.is_changing(now) => self
                .begun
                .saturating_add(fast)
                .max(now.saturating_add(SHORTEST))
                .min(regular),
            Some(_) | None => regular,
        }
    }

    /// Whether the latest outcome was an alarm that counts as nothing: asking sooner would not help.
    fn awaits_operator(&self) -> bool {
        let alarm = self.alarm.as_ref();
        alarm.is_some_and(|alarm| self.policy.alarms.of(alarm) == Counts::Nothing)
    }

    fn is_changing(&self, now: Time) -> bool {
        self.health == Health::Unknown
            || self.row.is_rising(&self.health)
            || now.saturating_sub(self.since) < self.policy.interval
    }
}
