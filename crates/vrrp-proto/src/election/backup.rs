//! The `Backup` state (RFC 9568 §6.4.2).

use super::{Actions, Heard, Input, Phase, Router, RouterConfig, master_down, skew};
use crate::{Centis, Priority, Time, Version};

/// A backup's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Backup {
    /// When the master counts as dead.
    master_down_at: Time,
    /// The interval in which `master_down_at` was counted.
    master_interval: Centis,
    preemption: Preemption,
}

/// What stands between a backup and a live master of lower priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Preemption {
    /// Nothing but the configuration.
    Open,
    /// A master of priority `over` was heard; the preempt delay runs until `at`.
    Delayed { at: Time, over: Priority },
    /// We gave the role away ourselves.
    HandedOver,
}

impl Backup {
    /// A backup that has heard nobody yet.
    pub(super) fn joining(now: Time, config: &RouterConfig, priority: Priority) -> Self {
        Self::waiting(now, config.version, priority, config.interval)
    }

    /// A backup that yielded to the master it just heard.
    pub(super) fn yielding(
        now: Time,
        config: &RouterConfig,
        priority: Priority,
        heard: &Heard,
    ) -> Self {
        let interval = interval_of(heard, config);
        Self::waiting(now, config.version, priority, interval)
    }

    /// A backup that resigned as master.
    pub(super) fn handing_over(now: Time, config: &RouterConfig, priority: Priority) -> Self {
        Self {
            preemption: Preemption::HandedOver,
            ..Self::joining(now, config, priority)
        }
    }

    fn waiting(now: Time, version: Version, priority: Priority, master_interval: Centis) -> Self {
        Self {
            master_down_at: now.saturating_add(master_down(version, priority, master_interval)),
            master_interval,
            preemption: Preemption::Open,
        }
    }

    pub(super) fn deadline(&self) -> Time {
        match self.preemption {
            Preemption::Open | Preemption::HandedOver => self.master_down_at,
            Preemption::Delayed { at, .. } => self.master_down_at.min(at),
        }
    }

    pub(super) const fn has_handed_over(&self) -> bool {
        matches!(self.preemption, Preemption::HandedOver)
    }

    pub(super) const fn master_interval(&self) -> Centis {
        self.master_interval
    }

    /// Keeps the time of the last advert and counts anew from it.
    pub(super) fn change_priority(&mut self, version: Version, from: Priority, to: Priority) {
        let skew = |priority| skew(version, priority, self.master_interval);
        self.master_down_at = self
            .master_down_at
            .saturating_sub(skew(from))
            .saturating_add(skew(to));
        self.outrank(to);
    }

    /// With this priority a master that was to be replaced later may outrank this router now.
    fn outrank(&mut self, priority: Priority) {
        if let Preemption::Delayed { over, .. } = self.preemption
            && priority <= over
        {
            self.preemption = Preemption::Open;
        }
    }

    /// Waits a whole master-down time from now on.
    pub(super) fn counting_anew(
        self,
        now: Time,
        config: &RouterConfig,
        priority: Priority,
    ) -> Self {
        let mut anew = Self {
            preemption: self.preemption,
            ..Self::joining(now, config, priority)
        };
        anew.outrank(priority);
        anew
    }

    /// A preempt delay that runs is over, without a takeover.
    pub(super) fn forget_delay(&mut self) {
        if let Preemption::Delayed { .. } = self.preemption {
            self.preemption = Preemption::Open;
        }
    }

    /// The master resigned: only the skew is left to wait, or less if the timer was nearly done.
    fn resigned(mut self, now: Time, config: &RouterConfig, priority: Priority) -> Self {
        let skewed = now.saturating_add(skew(config.version, priority, self.master_interval));
        self.master_down_at = self.master_down_at.min(skewed);
        self.forget_delay();
        self
    }

    /// The master lives and is put up with.
    fn accepted(
        self,
        now: Time,
        config: &RouterConfig,
        priority: Priority,
        heard: &Heard,
        preemption: Preemption,
    ) -> Self {
        Self {
            preemption,
            ..Self::yielding(now, config, priority, heard)
        }
    }

    /// RFC 9568 §6.4.2, on an advertisement.
    fn hear(self, now: Time, config: &RouterConfig, priority: Priority, heard: &Heard) -> Self {
        if heard.priority == Priority::ZERO {
            return self.resigned(now, config, priority);
        }
        let accept = |preemption| self.accepted(now, config, priority, heard, preemption);
        if heard.priority >= priority {
            return accept(match self.preemption {
                Preemption::Open | Preemption::Delayed { .. } => Preemption::Open,
                Preemption::HandedOver => Preemption::HandedOver,
            });
        }
        if self.preemption == Preemption::HandedOver {
            return accept(Preemption::HandedOver);
        }
        let owner = priority == Priority::OWNER;
        if !config.preempt && !owner {
            return accept(Preemption::Open);
        }
        if config.preempt_delay.is_zero() || owner {
            return self;
        }
        let at = match self.preemption {
            Preemption::Delayed { at, .. } => at,
            Preemption::Open | Preemption::HandedOver => now.saturating_add(config.preempt_delay),
        };
        if at <= now {
            return self;
        }
        accept(Preemption::Delayed {
            at,
            over: heard.priority,
        })
    }
}

/// Version 3 backups adopt the master's interval; in version 2 all have the same.
fn interval_of(heard: &Heard, config: &RouterConfig) -> Centis {
    match config.version {
        Version::V2 => config.interval,
        Version::V3 => heard.interval,
    }
}

impl Router {
    pub(super) fn backup(&mut self, now: Time, backup: Backup, input: Input) -> Actions {
        match input {
            Input::Tick if backup.deadline() <= now => self.promote(now),
            Input::TakeOver => self.promote(now),
            Input::Heard(heard) => {
                let backup = backup.hear(now, &self.config, self.priority, &heard);
                self.stay(Phase::Backup(backup))
            }
            Input::Stop => self.enter(Phase::Initialize { faulty: false }),
            Input::Fault => self.enter(Phase::Fault {
                handed_over: backup.has_handed_over(),
            }),
            Input::EndHandover if backup.has_handed_over() => self.stay(Phase::Backup(Backup {
                preemption: Preemption::Open,
                ..backup
            })),
            Input::Tick
            | Input::Start
            | Input::SetPriority(_)
            | Input::FaultCleared
            | Input::Handover
            | Input::EndHandover => Actions::none(),
        }
    }
}
