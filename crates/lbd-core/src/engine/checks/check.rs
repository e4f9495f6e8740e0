//! The check of one server of one service.

use std::sync::Arc;
use std::time::Duration;

use healthcheck::{Alarm, Change, Health, Monitor, Outcome, Start, Time, spread};

use crate::engine::event::{Assignment, Report};
use crate::weight::Input;

/// So many servers are asked all at once when the daemon starts; more take turns.
const AT_ONCE: usize = 100;
/// From one of these turns to the next, unless the interval is over before.
const TURN: Duration = Duration::from_millis(1);
/// What one probe may delay the result of another. There is at most one probe of each check at a time, so
/// that no result is on its way for longer than so much for each check: whoever waits that long has lost it.
const QUEUE: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub(super) struct Check {
    pub(super) assignment: Arc<Assignment>,
    monitor: Monitor,
    /// The alarm that the operator was told last.
    alarm: Option<Alarm>,
    /// Whether the operator was told last that it is down; none: told nothing yet.
    down: Option<bool>,
}

impl Check {
    /// The check at a place among so many.
    pub(super) fn new(assignment: Assignment, now: Time, (index, count): (usize, usize)) -> Self {
        let mut policy = assignment.check.policy.clone();
        let many = u32::try_from(count).unwrap_or(u32::MAX);
        policy.grace = policy.grace.saturating_add(QUEUE.saturating_mul(many));
        let phase = spread(index, count, policy.interval);
        let turns = match count > AT_ONCE {
            true => policy.interval.min(TURN.saturating_mul(many)),
            false => Duration::ZERO,
        };
        let first = now.saturating_add(spread(index, count, turns));
        let seed = u64::try_from(index).unwrap_or(u64::MAX);
        Self {
            assignment: Arc::new(assignment),
            monitor: Monitor::new(policy, now, phase)
                .with_seed(seed)
                .first_probe_at(first),
            alarm: None,
            down: None,
        }
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
        outcome: Outcome,
        reports: &mut Vec<Report>,
    ) {
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

    /// Tells of a server that went down or came up; of other changes its weight tells. And of an alarm.
    fn tell(&mut self, change: Option<&Change>, reports: &mut Vec<Report>) {
        let (service, node) = (&self.assignment.service, &self.assignment.node);
        let failure = match change.map(|change| &change.to) {
            Some(Health::Down { failure }) => Some(Some(failure.clone())),
            Some(Health::Up) if self.down != Some(false) => Some(None),
            Some(Health::Up | Health::Unknown | Health::Suspected | Health::Busy) | None => None,
        };
        if let Some(failure) = failure {
            self.down = Some(failure.is_some());
            reports.push(Report::Server {
                service: service.clone(),
                node: node.clone(),
                failure,
            });
        }
        let alarm = self.monitor.alarm();
        if self.alarm.as_ref() != alarm && !self.monitor.is_probing() {
            self.alarm = alarm.cloned();
            reports.push(Report::Alarm {
                service: service.clone(),
                node: node.clone(),
                alarm: self.alarm.clone(),
            });
        }
    }
}
