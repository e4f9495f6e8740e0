//! The `Master` state (RFC 9568 §6.4.3, "Active").

use core::time::Duration;

use super::{Action, Actions, Announce, Backup, Heard, Input, Phase, Router, RouterConfig};
use crate::{Centis, Priority, Time};

/// A master's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Master {
    /// The next regular advert.
    advert_at: Time,
    repeats: Repeats,
    answer: Answer,
}

/// Announcements that are still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Repeats {
    /// When, if at all.
    at: Option<Time>,
    /// How many, the one at `at` included; zero while refreshing.
    left: u8,
}

/// Whether a lower priority is answered at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    AtOnce,
    /// We answered just now; the next answer not before this time.
    NotBefore(Time),
    /// As above, and one was heard since.
    Owed(Time),
}

impl Master {
    pub(super) fn new(now: Time, config: &RouterConfig) -> Self {
        Self {
            advert_at: now.saturating_add(config.interval.as_duration()),
            repeats: Repeats::begin(now, &config.announce),
            answer: Answer::AtOnce,
        }
    }

    pub(super) fn deadline(&self) -> Time {
        let announce_at = self.repeats.at.unwrap_or(Time::MAX);
        let answer_at = match self.answer {
            Answer::AtOnce | Answer::NotBefore(_) => Time::MAX,
            Answer::Owed(at) => at,
        };
        self.advert_at.min(announce_at).min(answer_at)
    }

    /// Another router thinks or thought that it is master: tell it and the switches.
    fn challenged(&mut self, now: Time, config: &RouterConfig, priority: Priority) -> Actions {
        match self.answer {
            Answer::NotBefore(at) | Answer::Owed(at) if now < at => {
                self.answer = Answer::Owed(at);
                Actions::none()
            }
            Answer::AtOnce | Answer::NotBefore(_) | Answer::Owed(_) => {
                self.assert(now, config, priority)
            }
        }
    }

    fn assert(&mut self, now: Time, config: &RouterConfig, priority: Priority) -> Actions {
        self.advert_at = now.saturating_add(config.interval.as_duration());
        self.answer = Answer::NotBefore(now.saturating_add(gap(config.interval)));
        if self.repeats.left == 0 {
            self.repeats = Repeats::begin(now, &config.announce);
        }
        Actions::none()
            .and(Action::SendAdvert(priority))
            .and(Action::Announce)
    }

    fn tick(&mut self, now: Time, config: &RouterConfig, priority: Priority) -> Actions {
        if let Answer::Owed(at) = self.answer
            && at <= now
        {
            return self.assert(now, config, priority);
        }
        let mut actions = Actions::none();
        if self.advert_at <= now {
            self.advert_at = following(self.advert_at, config.interval.as_duration(), now);
            actions = actions.and(Action::SendAdvert(priority));
        }
        if self.repeats.at.is_some_and(|at| at <= now) {
            self.repeats.advance(now, &config.announce);
            actions = actions.and(Action::Announce);
        }
        actions
    }
}

impl Repeats {
    /// After an announcement that was made now.
    fn begin(now: Time, announce: &Announce) -> Self {
        let wait = if announce.repeats == 0 {
            announce.refresh
        } else {
            Some(announce.repeat_after)
        };
        Self {
            at: wait.map(|wait| now.saturating_add(wait)),
            left: announce.repeats,
        }
    }

    /// The announcement at `at` is made now.
    fn advance(&mut self, now: Time, announce: &Announce) {
        self.left = self.left.saturating_sub(1);
        let wait = if self.left == 0 {
            announce.refresh
        } else {
            Some(announce.repeat_after)
        };
        self.at = wait.map(|wait| now.saturating_add(wait));
    }
}

/// The least time between two answers: a tenth of the interval, within 10 ms and 1 s.
fn gap(interval: Centis) -> Duration {
    Duration::from_micros((interval.micros() / 10).clamp(10_000, 1_000_000))
}

/// One interval after `last`, so that lateness does not add up; but never in the past, so that a
/// host that slept does not send a burst.
fn following(last: Time, interval: Duration, now: Time) -> Time {
    let next = last.saturating_add(interval);
    if next > now {
        next
    } else {
        now.saturating_add(interval)
    }
}

impl Router {
    pub(super) fn master(&mut self, now: Time, mut master: Master, input: Input) -> Actions {
        match input {
            Input::Tick => {
                let actions = master.tick(now, &self.config, self.priority);
                self.phase = Phase::Master(master);
                actions
            }
            Input::Heard(heard) if self.yields_to(&heard) => {
                let parting = self.config.parting_advert.then_some(self.priority);
                let backup = Backup::yielding(now, &self.config, self.priority, &heard);
                self.leave(parting, Phase::Backup(backup))
            }
            // Two owners: a mistake that answers cannot mend.
            Input::Heard(heard) if heard.priority == Priority::OWNER => Actions::none(),
            Input::Heard(_) => {
                let actions = master.challenged(now, &self.config, self.priority);
                self.phase = Phase::Master(master);
                actions
            }
            Input::Stop => self.resign(Phase::Initialize { faulty: false }),
            Input::Fault => self.resign(Phase::Fault),
            Input::Handover => {
                let backup = Backup::handing_over(now, &self.config, self.priority);
                self.resign(Phase::Backup(backup))
            }
            Input::Start
            | Input::SetPriority(_)
            | Input::FaultCleared
            | Input::EndHandover
            | Input::TakeOver => Actions::none(),
        }
    }

    fn resign(&mut self, phase: Phase) -> Actions {
        self.leave(Some(Priority::ZERO), phase)
    }

    /// A higher priority, or an equal one from a higher address. An owner yields to nobody.
    fn yields_to(&self, heard: &Heard) -> bool {
        self.priority != Priority::OWNER
            && (heard.priority, heard.source) > (self.priority, self.config.address)
    }
}
