//! How often to probe, and how many outcomes make a verdict.

use core::time::Duration;

use crate::{Alarm, Health};

/// The shortest [`Policy::interval`], [`Policy::timeout`] and [`Policy::retry_delay`] that are honoured: a
/// zero would probe without pause.
pub(crate) const SHORTEST: Duration = Duration::from_millis(1);

/// How one server is probed. Every value is accepted; those that make no sense are read as the nearest
/// that does, as said at each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// From the start of one regular probe to the start of the next; at least 1 ms. Default 10 s.
    pub interval: Duration,
    /// The same while things change: until the first verdict, while a server that was down or busy is
    /// coming back, and for one `interval` after each change. Between 1 ms and `interval`. Default none:
    /// `interval` always.
    pub fast_interval: Option<Duration>,
    /// Each regular probe is put off by up to this, a different time for each probe, so that servers
    /// whose phases happen to agree do not stay in step; at most half of `interval`. Default 0.
    pub jitter: Duration,
    /// A probe fails when it has taken this long; at least 1 ms. Default 3 s.
    pub timeout: Duration,
    /// Failed probes beyond the first that take a server down: with 3, four failures in a row.
    /// Default 3.
    pub retries: u32,
    /// From the end of a failed probe to the start of the retry; at least 1 ms. Default 1 s.
    pub retry_delay: Duration,
    /// Successes in a row that bring a server up that was down or busy; 0 is read as 1. Default 1.
    pub rise: u32,
    /// How long beyond the probe's deadline its result is waited for. The probe keeps to its deadline
    /// by itself; this covers the result's way back. Default 1 s.
    pub grace: Duration,
    /// What is believed before the first probe. Default [`Initial::Down`].
    pub initial: Initial,
    /// What alarms say of a server. Default: nothing.
    pub alarms: Alarms,
    /// A server is suspected at most once in this time, so that a hint that comes and goes cannot keep a
    /// healthy server out. Default 30 s.
    pub suspect_rest: Duration,
    /// How much longer a probe may take that was already running when its server was suspected. Its
    /// answer may be older than the silence, so it is not waited for as the next one is. Default 500 ms.
    pub suspect_patience: Duration,
}

/// What is believed of a server before its first probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Initial {
    /// Nothing ([`Health::Unknown`]): it enters the table after its first success.
    #[default]
    Down,
    /// That it is well: it enters at once, and leaves if the probes fail.
    Up,
}

impl Initial {
    pub(crate) fn health(self) -> Health {
        match self {
            Initial::Down => Health::Unknown,
            Initial::Up => Health::Up,
        }
    }
}

/// How each [`Alarm`] counts.
///
/// An alarm proves that the server lives, and no more: not that it replicates, and not that it would serve a
/// client. By default it therefore changes nothing, so that a password which was changed in one place
/// only does not take a whole service down, and does not bring a server up either. Tell the
/// operator: [`Monitor::alarm`](crate::Monitor::alarm).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alarms {
    /// For [`Alarm::HostBlocked`].
    pub host_blocked: Counts,
    /// For [`Alarm::AccessDenied`].
    pub access_denied: Counts,
    /// For [`Alarm::Other`].
    pub other: Counts,
}

/// What an [`Alarm`] says of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counts {
    /// Nothing: failures in a row stay in a row across it. Of a suspected server, that it lives after
    /// all: it is up again.
    #[default]
    Nothing,
    /// The server is well: like a success that measured nothing.
    Success,
    /// The server is not well: like a failure.
    Failure,
}

impl Alarms {
    pub(crate) fn of(&self, alarm: &Alarm) -> Counts {
        match alarm {
            Alarm::HostBlocked => self.host_blocked,
            Alarm::AccessDenied => self.access_denied,
            Alarm::Other(_) => self.other,
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            interval: Duration::from_secs(10),
            fast_interval: None,
            jitter: Duration::ZERO,
            timeout: Duration::from_secs(3),
            retries: 3,
            retry_delay: Duration::from_secs(1),
            rise: 1,
            grace: Duration::from_secs(1),
            initial: Initial::Down,
            alarms: Alarms::default(),
            suspect_rest: Duration::from_secs(30),
            suspect_patience: Duration::from_millis(500),
        }
    }
}

impl Policy {
    /// The policy with every value one that makes sense.
    pub(crate) fn sane(self) -> Policy {
        let interval = self.interval.max(SHORTEST);
        Policy {
            interval,
            fast_interval: self
                .fast_interval
                .map(|fast| fast.clamp(SHORTEST, interval)),
            jitter: self.jitter.min(interval / 2),
            timeout: self.timeout.max(SHORTEST),
            retry_delay: self.retry_delay.max(SHORTEST),
            rise: self.rise.max(1),
            ..self
        }
    }
}
