//! What the daemon counts while it carries out what the engine says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use healthcheck::{Failure, Outcome};
use lbd_core::engine::{Assignment, Probed, Report, RouterState};

use crate::families::router_state;

/// Counts since the start of the daemon. Each call costs next to nothing: they are made on the thread of the election.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// By router and the state that it went to.
    pub(crate) transitions: BTreeMap<(String, &'static str), u64>,
    /// By the number of the check.
    pub(crate) probes: BTreeMap<usize, Probes>,
    pub(crate) lateness: Lateness,
}

/// The probes of one check.
#[derive(Clone, Debug)]
pub(crate) struct Probes {
    pub(crate) whom: Arc<Assignment>,
    /// How they ended, by [`ENDS`].
    pub(crate) ended: [u64; ENDS.len()],
    /// Those that succeeded, and how long they took together.
    pub(crate) answered: u64,
    pub(crate) took: Duration,
}

/// How late the engine's timers were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lateness {
    /// Timers.
    pub count: u64,
    /// All of them together.
    pub sum: Duration,
    /// The latest one.
    pub max: Duration,
}

/// How a probe can end, as labels have it.
pub(crate) const ENDS: [&str; 11] = [
    "success",
    "busy",
    "alarm",
    "refused",
    "unreachable",
    "timed-out",
    "reset",
    "lost",
    "wrong",
    "other",
    "held-up",
];

impl Counts {
    /// The engine reported something.
    pub fn reported(&mut self, report: &Report) {
        if let Report::Role { router, to, .. } = report {
            let to = router_state(RouterState::from(*to));
            let count = self.transitions.entry((router.clone(), to)).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// A probe of this check begins.
    pub fn probing(&mut self, check: usize, whom: &Arc<Assignment>) {
        let fresh = || Probes {
            whom: Arc::clone(whom),
            ended: [0; ENDS.len()],
            answered: 0,
            took: Duration::ZERO,
        };
        let kept = self.probes.entry(check).or_insert_with(fresh);
        if Arc::ptr_eq(&kept.whom, whom) {
            return;
        }
        if kept.whom.service != whom.service || kept.whom.node != whom.node {
            *kept = fresh();
        }
        kept.whom = Arc::clone(whom);
    }

    /// A probe ended.
    pub fn probed(&mut self, probed: &Probed) {
        let Some(probes) = self.probes.get_mut(&probed.id.check) else {
            return;
        };
        let end = end(probed.outcome.as_ref());
        for (_, count) in ENDS
            .iter()
            .zip(&mut probes.ended)
            .filter(|(name, _)| **name == end)
        {
            *count = count.saturating_add(1);
        }
        if let Some(Outcome::Success { took, .. }) = &probed.outcome {
            probes.answered = probes.answered.saturating_add(1);
            probes.took = probes.took.saturating_add(*took);
        }
    }

    /// There is no such check any more.
    pub fn forget(&mut self, check: usize) {
        self.probes.remove(&check);
    }

    /// A timer of the engine went off so long after its time.
    pub fn late(&mut self, by: Duration) {
        let lateness = &mut self.lateness;
        lateness.count = lateness.count.saturating_add(1);
        lateness.sum = lateness.sum.saturating_add(by);
        lateness.max = lateness.max.max(by);
    }

    /// How late timers were until now.
    #[must_use]
    pub fn lateness(&self) -> Lateness {
        self.lateness
    }
}

fn end(outcome: Option<&Outcome>) -> &'static str {
    match outcome {
        // This host was, not the server.
        None => "held-up",
        Some(Outcome::Success { .. }) => "success",
        Some(Outcome::Busy) => "busy",
        Some(Outcome::Alarm(_) | Outcome::Failure(Failure::Alarm(_))) => "alarm",
        Some(Outcome::Failure(Failure::Refused)) => "refused",
        Some(Outcome::Failure(Failure::Unreachable)) => "unreachable",
        Some(Outcome::Failure(Failure::TimedOut)) => "timed-out",
        Some(Outcome::Failure(Failure::Reset)) => "reset",
        Some(Outcome::Failure(Failure::Lost)) => "lost",
        Some(Outcome::Failure(Failure::Wrong(_))) => "wrong",
        Some(Outcome::Failure(Failure::Other(_))) => "other",
    }
}
