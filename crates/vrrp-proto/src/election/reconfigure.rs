//! Another configuration for a router that takes part.

use super::{Action, Actions, Backup, Phase, Router, RouterConfig, effective};
use crate::{Priority, Time, Version};

impl Router {
    /// Goes on under another configuration, with the priority of that one in effect.
    ///
    /// The state stays, with all that it rests on: that the role was handed over, when the master was heard last, when
    /// addresses are announced again. A master advertises at once, so that nobody waits for what it said before; it
    /// does not announce, as the election does not know whether the addresses are others. A backup of version 2 whose
    /// interval changes counts the master-down time anew from now: what it heard last was said in the old one. In
    /// version 3 the interval is the master's, whatever the configuration says. A preempt delay that is no longer the
    /// same begins anew with the next advert of a lower priority.
    ///
    /// For routers that are the same to the others: the same VRID, on the same LAN. What is another router to them
    /// is to be stopped, and a new one started.
    pub fn reconfigure(&mut self, now: Time, config: RouterConfig) -> Actions {
        let (before, from) = (self.config, self.priority);
        self.config = config;
        self.priority = effective(config.priority);
        match self.phase {
            Phase::Initialize { .. } | Phase::Fault { .. } => Actions::none(),
            Phase::Backup(backup) => {
                let backup = backup.moved(now, (&before, from), (&config, self.priority));
                self.stay(Phase::Backup(backup))
            }
            Phase::Master(mut master) => {
                master.advertised(now, &config);
                self.phase = Phase::Master(master);
                Actions::none().and(Action::SendAdvert(self.priority))
            }
        }
    }
}

impl Backup {
    /// The same backup under another configuration and priority.
    fn moved(
        mut self,
        now: Time,
        (before, from): (&RouterConfig, Priority),
        (config, to): (&RouterConfig, Priority),
    ) -> Self {
        let interval_counts = config.version == Version::V2 && config.interval != before.interval;
        if config.version != before.version || interval_counts {
            self = self.counting_anew(now, config, to);
        } else {
            self.change_priority(config.version, from, to);
        }
        let preemption = |config: &RouterConfig| (config.preempt, config.preempt_delay);
        if preemption(config) != preemption(before) {
            self.forget_delay();
        }
        self
    }
}
