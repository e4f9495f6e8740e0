//! The timing of checks, which they inherit from the real server and the virtual server.

use std::time::Duration;

use super::value;
use crate::model::Timing;
use crate::note::{Kind, Notes};
use crate::syntax::Directive;

/// The longest that lbd waits for anything.
const DAY: Duration = Duration::from_secs(86_400);
/// The shortest.
const INSTANT: Duration = Duration::from_millis(1);

/// What is said of timing in one place; the rest is inherited.
#[derive(Clone, Copy, Default)]
pub(super) struct Said {
    interval: Option<Duration>,
    timeout: Option<Duration>,
    retries: Option<u32>,
    retry_delay: Option<Duration>,
}

impl Said {
    /// Takes a word about timing; false for another word.
    pub(super) fn take(&mut self, directive: &Directive, notes: &mut Notes) -> bool {
        let name = directive.name.text.as_str();
        match name {
            "delay_loop" => {
                self.interval = value::seconds(directive, 0.000_001..=1e9, notes).or(self.interval)
            }
            "connect_timeout" => {
                self.timeout =
                    value::seconds(directive, 0.000_001..=4_294.967_295, notes).or(self.timeout)
            }
            "retry" | "nb_get_retry" => {
                self.retries = value::number(directive, 0..=0x7fff_ffff, notes).or(self.retries)
            }
            "delay_before_retry" => {
                self.retry_delay = value::seconds(directive, 0.0..=1e9, notes).or(self.retry_delay)
            }
            "alpha" => {
                let _ = value::switch(directive, notes);
            }
            _ => return false,
        }
        value::surplus(directive, 1, notes);
        true
    }

    /// What is said here, and else what is said around it.
    pub(super) fn within(self, outer: Self) -> Self {
        Self {
            interval: self.interval.or(outer.interval),
            timeout: self.timeout.or(outer.timeout),
            retries: self.retries.or(outer.retries),
            retry_delay: self.retry_delay.or(outer.retry_delay),
        }
    }

    /// From one check to the next, if it is said.
    pub(super) fn interval(self) -> Option<Duration> {
        self.interval
    }

    /// Whether a `connect_timeout` is said.
    pub(super) fn has_timeout(self) -> bool {
        self.timeout.is_some()
    }

    /// With what is said nowhere.
    pub(super) fn timing(self, defaults: Timing) -> Timing {
        Timing {
            interval: self.interval.unwrap_or(defaults.interval),
            timeout: self.timeout.unwrap_or(defaults.timeout),
            retries: self.retries.unwrap_or(defaults.retries),
            retry_delay: self.retry_delay.unwrap_or(defaults.retry_delay),
        }
    }
}

/// keepalived's own timing.
pub(super) const DEFAULTS: Timing = Timing {
    interval: Duration::from_secs(60),
    timeout: Duration::from_secs(5),
    retries: 1,
    retry_delay: Duration::from_secs(1),
};

/// Within what lbd takes.
pub(super) fn fit(timing: Timing, block: &Directive, notes: &mut Notes) -> Timing {
    let fitted = Timing {
        interval: timing.interval.clamp(INSTANT, DAY),
        timeout: timing.timeout.clamp(INSTANT, DAY),
        retries: timing.retries,
        retry_delay: timing.retry_delay.clamp(INSTANT, DAY),
    };
    if fitted != timing {
        let message = "lbd takes times of 1 ms to a day";
        notes.add(Kind::Changed, &block.name.place, message);
    }
    fitted
}
