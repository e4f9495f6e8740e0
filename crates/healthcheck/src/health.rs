//! What is believed of a server, and how it changes.

use core::fmt;

use crate::{Failure, Time};

/// What is believed of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// No verdict yet: not one success, and too few other outcomes.
    Unknown,
    /// It answers, or has not failed often enough in a row since it did.
    Up,
    /// It was up, but somebody has reason to think that its host is gone
    /// ([`Monitor::suspect`](crate::Monitor::suspect)): it is being asked, and should get no new
    /// connections meanwhile.
    Suspected,
    /// It lives and keeps its connections, but takes no new ones.
    Busy,
    /// It failed as often as the policy asks.
    Down {
        /// How the latest failed probe failed.
        failure: Failure,
    },
}

impl Health {
    /// Whether it is [`Health::Up`], the only health with which a server should get new connections.
    pub fn is_up(&self) -> bool {
        matches!(self, Health::Up)
    }

    /// Whether it is [`Health::Down`].
    pub fn is_down(&self) -> bool {
        matches!(self, Health::Down { .. })
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Health::Unknown => f.write_str("unknown"),
            Health::Up => f.write_str("up"),
            Health::Suspected => f.write_str("suspected"),
            Health::Busy => f.write_str("busy"),
            Health::Down { failure } => write!(f, "down ({failure})"),
        }
    }
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
