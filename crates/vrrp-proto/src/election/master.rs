//! The `Master` state (RFC 9568 §6.4.3, "Active").

use core::time::Duration;

use super::limiter::Limiter;
use super::{Action, Actions, Announce, Backup, Heard, Input, Phase, Router, RouterConfig, skew};
use crate::{Centis, Priority, Time};

/// A master's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Master {
    /// The next regular advert.
    advert_at: Time,
    repeats: Repeats,
    /// Adverts in answer to other masters.
    answers: Limiter,
    /// Announcements in answer to other masters.
    mending: Limiter,
}

/// Announcements that are still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Repeats {
    /// When, if at all.
    at: Option<Time>,
    /// How many, the one at `at` included; zero while refreshing.
    left: u8,
}

impl Master {
    pub(super) fn new(now: Time, config: &RouterConfig) -> Self {
        Self {
            advert_at: now.saturating_add(config.interval.as_duration()),
            repeats: Repeats::begin(now, &config.announce),
            answers: Limiter::default(),
            mending: Limiter::default(),
        }
    }

    pub(super) fn deadline(&self) -> Time {
        [
            self.repeats.at,
            self.answers.deadline(),
            self.mending.deadline(),
        ]
        .into_iter()
        .flatten()
        .fold(self.advert_at, Time::min)
    }

    /// An advert goes out now, out of turn: the next one is due an interval later.
    pub(super) fn advertised(&mut self, now: Time, config: &RouterConfig) {
        self.advert_at = now.saturating_add(config.interval.as_duration());
        self.answers.settle();
    }

    /// Another router is or was master too: tell it, the other backups, and the LAN's hosts.
    fn challenged(
        &mut self,
        now: Time,
        config: &RouterConfig,
        priority: Priority,
        heard: &Heard,
    ) -> Actions {
        let gap = gap(config.interval);
        // After a priority zero the backups wait only their skew: answer before the quickest acts.
        let answer_gap = if heard.priority == Priority::ZERO {
            gap.min(skew(config.version, Priority::OWNER, config.interval))
        } else {
            gap
        };
        let advert = self.answers.ask(now, answer_gap);
        let announce = self.mending.ask(now, gap);
        if advert {
            self.advert_at = now.saturating_add(config.interval.as_duration());
        }
        if announce {
            self.repeat_later(now, config);
        }
        actions(priority, advert, announce)
    }

    fn tick(&mut self, now: Time, config: &RouterConfig, priority: Priority) -> Actions {
        let mut advert = self.answers.take_owed(now);
        let mut announce = self.mending.take_owed(now);
        if advert {
            self.advert_at = now.saturating_add(config.interval.as_duration());
        } else if self.advert_at <= now {
            self.advert_at = following(self.advert_at, config.interval.as_duration(), now);
            self.answers.settle();
            advert = true;
        }
        // One announcement serves both when a repeat and one that is owed fall together.
        if self.repeats.at.is_some_and(|at| at <= now) {
            self.repeats.advance(now, &config.announce);
            announce = true;
        } else if announce {
            self.repeat_later(now, config);
        }
        actions(priority, advert, announce)
    }

    /// An announcement out of turn has repeats of its own, unless some are to come anyway.
    fn repeat_later(&mut self, now: Time, config: &RouterConfig) {
        if self.repeats.left == 0 {
            self.repeats = Repeats::begin(now, &config.announce);
        }
    }
}

fn actions(priority: Priority, advert: bool, announce: bool) -> Actions {
    let mut actions = Actions::none();
    if advert {
        actions = actions.and(Action::SendAdvert(priority));
    }
    if announce {
        actions = actions.and(Action::Announce);
    }
    actions
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

/// The least time between two answers to lower priorities: a tenth of the interval, within 10 ms and 1 s.
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
            Input::Heard(heard) => {
                let actions = master.challenged(now, &self.config, self.priority, &heard);
                self.phase = Phase::Master(master);
                actions
            }
            Input::Stop => self.resign(Phase::Initialize { faulty: false }),
            Input::Fault => self.resign(Phase::Fault { handed_over: false }),
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

    /// A higher priority, or an equal one from a higher address. So an owner yields to nobody but a
    /// second owner, which is a mistake of the configuration: one master is better than two (RFC 9568,
    /// erratum 8298).
    fn yields_to(&self, heard: &Heard) -> bool {
        (heard.priority, heard.source) > (self.priority, self.config.address)
    }
}
