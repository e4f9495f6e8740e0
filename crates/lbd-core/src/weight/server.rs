//! What is known of one server, and what is decided for it.

use healthcheck::{Alarm, Health, Measured, Time};

/// What is known of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The weight that the file gives it; [`Measured::weight`] takes its place.
    pub base: u32,
    /// The verdict of its health checks.
    pub health: Health,
    /// What the last good check measured.
    pub measured: Measured,
    /// The alarm that the last check ended with, for people; it moves no weight.
    pub alarm: Option<Alarm>,
    /// When it came up after it had been down: a slow start counts from here.
    pub recovered: Option<Time>,
    /// It says that it is the primary, and so does this server, which is believed.
    pub rival: Option<String>,
    /// Another server is known to be the primary, and up: what a replica that does not reach its source has is getting old.
    pub primary_up: bool,
    /// The operator wants its connections to run out: it gets no new ones.
    pub drained: bool,
    /// The operator works on it: it is not to be in the table.
    pub maintenance: bool,
}

impl Input {
    /// A server with nothing known beyond its weight and health.
    #[must_use]
    pub fn new(base: u32, health: Health) -> Self {
        Self {
            base,
            health,
            measured: Measured::default(),
            alarm: None,
            recovered: None,
            rival: None,
            primary_up: false,
            drained: false,
            maintenance: false,
        }
    }

    /// Whether the file, or the check, gives it nothing. What the file says, no check brings back.
    pub(super) fn has_no_weight(&self) -> bool {
        self.base == 0 || self.base() == 0
    }

    /// The weight before everything that reduces it.
    pub(super) fn base(&self) -> u32 {
        self.measured.weight.unwrap_or(self.base)
    }
}

/// What is wanted of one server in the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Want {
    /// In the table with this weight; with 0 it keeps its connections and gets no new ones.
    Present(u32),
    /// Not in the table.
    Absent,
    /// As the kernel has it: nothing is known yet.
    #[default]
    AsIs,
}

impl Want {
    /// Whether it is sure to get new connections.
    #[must_use]
    pub fn serves(self) -> bool {
        matches!(self, Self::Present(1..))
    }
}

/// What was decided for one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What is wanted in the table.
    pub want: Want,
    /// Why, in one sentence without a full stop, for `lbd status`.
    pub why: String,
}
