//! How far a replica may be behind: two limits with hysteresis.

use std::time::Duration;

use healthcheck::{Measured, Role, Time};

use super::policy::LagLimits;

/// What its lag leaves a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Full,
    Reduced,
    Nothing,
}

impl LagLimits {
    /// Of a replica that is cut off from its source, where the file has no limits: it may be so for a minute.
    pub(super) const CUT_OFF: Self = Self {
        soft: Duration::MAX,
        hard: Duration::MAX,
        percent: 100,
        patience: Duration::from_secs(60),
    };

    fn hard(&self) -> Duration {
        self.hard.max(self.soft)
    }

    /// Where a server goes that comes from below.
    fn rising(&self, lag: Duration) -> Stage {
        match lag {
            lag if lag > self.hard() => Stage::Nothing,
            lag if lag > self.soft => Stage::Reduced,
            _ => Stage::Full,
        }
    }

    /// Where a server stays at least that comes from above.
    fn falling(&self, lag: Duration) -> Stage {
        match lag {
            lag if lag > self.hard() / 2 => Stage::Nothing,
            lag if lag > self.soft / 2 => Stage::Reduced,
            _ => Stage::Full,
        }
    }

    fn next(&self, stage: Stage, lag: Duration) -> Stage {
        stage.min(self.falling(lag)).max(self.rising(lag))
    }

    /// A lag at which a server in this stage goes back to a better one.
    pub(super) fn back(&self, stage: Stage) -> Duration {
        match stage {
            Stage::Full | Stage::Reduced => self.soft / 2,
            Stage::Nothing => self.hard() / 2,
        }
    }

    /// That part of a weight which is left in this stage.
    pub(super) fn part(&self, stage: Stage) -> (u32, u32) {
        match stage {
            Stage::Full => (1, 1),
            // What a last resort gets, too.
            Stage::Reduced | Stage::Nothing => (self.percent.clamp(1, 100), 100),
        }
    }
}

/// What is remembered of one server's lag.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// None: never measured.
    stage: Option<Stage>,
    /// Since when it is not known any more.
    unknown_since: Option<Time>,
}

impl Standing {
    /// The stage now, with what the server's latest check measured.
    pub(super) fn update(&mut self, limits: &LagLimits, now: Time, measured: &Measured) -> Stage {
        let lag = match measured.role {
            Role::Primary => Some(Duration::ZERO),
            Role::Replica | Role::Unknown => measured.lag,
        };
        if let Some(lag) = lag {
            let stage = limits.next(self.stage.unwrap_or(Stage::Full), lag);
            *self = Self {
                stage: Some(stage),
                unknown_since: None,
            };
            return stage;
        }
        self.unknown_since.get_or_insert(now);
        match (self.stage, self.patience_ends(limits)) {
            (Some(stage), Some(end)) if now < end => stage,
            _ => Stage::Nothing,
        }
    }

    /// There are no limits: whatever it is behind, it is well.
    pub(super) fn unlimited(&mut self) -> Stage {
        *self = Self {
            stage: Some(Stage::Full),
            unknown_since: None,
        };
        Stage::Full
    }

    /// The server is not up: its lag is not asked for.
    pub(super) fn pause(&mut self) {
        self.unknown_since = None;
    }

    /// When a server whose lag is not known any more loses its standing.
    pub(super) fn patience_ends(&self, limits: &LagLimits) -> Option<Time> {
        self.stage?;
        Some(self.unknown_since?.saturating_add(limits.patience))
    }
}
