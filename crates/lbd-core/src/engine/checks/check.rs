//! The check of one server of one service.

use std::sync::Arc;
use std::time::Duration;

use healthcheck::{Alarm, Change, Failure, Health, Monitor, Outcome, Policy, Start, Time, spread};

use crate::engine::event::{Assignment, Report};
use crate::weight::Input;

/// So many servers are asked all at once when the daemon starts; more take turns.
const AT_ONCE: usize = 100;
/// From one of these turns to the next, unless the interval is over before.
const TURN: Duration = Duration::from_millis(1);
/// What one probe may delay the result of another. There is at most one probe of each check at a time, so
/// that no result is on its way for longer than so much for each check: whoever waits that long has lost it.
const QUEUE: Duration = Duration::from_millis(5);

/// So many probes in a row may say nothing because this host was held up. What cannot be judged after
/// that counts against the server.
const VOID: u32 = 3;

#[derive(Debug)]
pub(super) struct Check {
    pub(super) assignment: Arc<Assignment>,
    monitor: Monitor,
    /// Probes in a row that said nothing.
    voided: u32,
    /// The alarm that the operator was told last.
    alarm: Option<Alarm>,
    /// Whether the operator was told last that it is down; none: told nothing yet.
    down: Option<bool>,
}

impl Check {
    /// The check at a place among so many.
    pub(super) fn new(assignment: Assignment, now: Time, place: (usize, usize)) -> Self {
        let policy = policy(&assignment, place.1);
        let (phase, first) = phases(&policy, place);
        let seed = u64::try_from(place.0).unwrap_or(u64::MAX);
        Self {
            assignment: Arc::new(assignment),
            monitor: Monitor::new(policy, now, phase)
                .with_seed(seed)
                .first_probe_at(now.saturating_add(first)),
            voided: 0,
            alarm: None,
            down: None,
        }
    }

    /// Whether the other asks the same of the same server, though perhaps at other times.
    pub(super) fn asks_as(&self, other: &Assignment) -> bool {
        let ours = &*self.assignment;
        (ours.target, ours.source, &ours.check.probe)
            == (other.target, other.source, &other.check.probe)
    }

    /// Goes over to another file that asks the same; the verdict stays.
    pub(super) fn reform(&mut self, assignment: Assignment, now: Time, place: (usize, usize)) {
        if *self.assignment == assignment {
            return;
        }
        let policy = policy(&assignment, place.1);
        let (phase, _) = phases(&policy, place);
        self.monitor.reform(policy, now, phase);
        self.assignment = Arc::new(assignment);
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.monitor.deadline()
    }

    pub(super) fn is_probing(&self) -> bool {
        self.monitor.is_probing()
    }

    /// Starts the next probe if it is due, after giving up a lost one.
    pub(super) fn poll(&mut self, now: Time, reports: &mut Vec<Report>) -> Option<Start> {
        let lost = self.monitor.expired(now);
        self.tell(lost.as_ref(), reports);
        self.monitor.poll(now)
    }

    pub(super) fn finished(
        &mut self,
        now: Time,
        probe: u64,
        outcome: Option<Outcome>,
        reports: &mut Vec<Report>,
    ) {
        self.voided = match outcome {
            Some(_) => 0,
            None => self.voided.saturating_add(1),
        };
        let outcome = match outcome {
            None if self.voided <= VOID => return self.monitor.voided(now, probe),
            None => Outcome::Failure(Failure::Lost),
            Some(outcome) => outcome,
        };
        if matches!(outcome, Outcome::Success { .. }) {
            self.works_again(reports);
        }
        let change = self.monitor.finished_probe(now, probe, outcome);
        self.tell(change.as_ref(), reports);
    }

    pub(super) fn suspect(&mut self, now: Time, reports: &mut Vec<Report>) {
        let change = self.monitor.suspect(now);
        self.tell(change.as_ref(), reports);
    }

    /// What the weights have to know.
    pub(super) fn input(&self, base: u32) -> Input {
        Input {
            measured: self.monitor.measured(),
            alarm: self.monitor.alarm().cloned(),
            recovered: self.monitor.recovered(),
            ..Input::new(base, self.monitor.health().clone())
        }
    }

    pub(super) fn since(&self) -> Time {
        self.monitor.since()
    }

    /// Tells of a server that went down or came up; of other changes its weight tells. And of an alarm that is new.
    fn tell(&mut self, change: Option<&Change>, reports: &mut Vec<Report>) {
        let failure = match change.map(|change| &change.to) {
            Some(Health::Down { failure }) => Some(Some(failure.clone())),
            Some(Health::Up) if self.down != Some(false) => Some(None),
            Some(Health::Up | Health::Unknown | Health::Suspected | Health::Busy) | None => None,
        };
        if let Some(failure) = failure {
            self.down = Some(failure.is_some());
            let (service, node) = self.assignment.name();
            reports.push(Report::Server {
                service,
                node,
                failure,
            });
        }
        let alarm = self.monitor.alarm();
        if alarm.is_some() && self.alarm.as_ref() != alarm {
            self.alarm = alarm.cloned();
            reports.push(self.report_alarm());
        }
    }

    /// Only a success ends an alarm: a server that answers nothing has not put it right.
    fn works_again(&mut self, reports: &mut Vec<Report>) {
        if self.alarm.take().is_some() {
            reports.push(self.report_alarm());
        }
    }

    fn report_alarm(&self) -> Report {
        let (service, node) = self.assignment.name();
        Report::Alarm {
            service,
            node,
            alarm: self.alarm.clone(),
        }
    }
}

/// The policy of a check among so many.
fn policy(assignment: &Assignment, count: usize) -> Policy {
    let mut policy = assignment.check.policy.clone();
    policy.grace = policy
        .grace
        .saturating_add(QUEUE.saturating_mul(many(count)));
    policy
}

/// When its regular probes are due, and the first one, from now on.
fn phases(policy: &Policy, (index, count): (usize, usize)) -> (Duration, Duration) {
    let turns = match count > AT_ONCE {
        true => policy.interval.min(TURN.saturating_mul(many(count))),
        false => Duration::ZERO,
    };
    (
        spread(index, count, policy.interval),
        spread(index, count, turns),
    )
}

fn many(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
