//! What happened in a run, as far as the verdict and the summary need it.

use vrrp_proto::{Input, State};

use crate::clock::Nanos;
use crate::scenario::MAX_ROUTERS;

#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) events: usize,
    pub(crate) adverts: usize,
    /// Takeovers by what led to them.
    pub(crate) takeovers: Takeovers,
    /// Who became master (true) or ceased to be it, and when.
    pub(crate) changes: Vec<(Nanos, usize, bool)>,
    /// How long the LAN took to settle after calm, and how long it might have taken.
    pub(crate) settled: (Nanos, Nanos),
    /// Who announced last, and since when nobody else did.
    pub(crate) announcer: Option<(usize, Nanos)>,
    /// Whom the LAN's hosts beside each router believe to have the addresses.
    pub(crate) believed: [Option<usize>; MAX_ROUTERS],
}

/// How often routers became master.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Takeovers {
    /// A timer: silence, a resignation, or the preempt delay.
    pub timed: usize,
    /// The owner of the addresses started.
    pub owner: usize,
    /// Told to.
    pub told: usize,
    /// Masters that yielded to a better one.
    pub yielded: usize,
}

impl Record {
    pub(crate) fn masters(&mut self, at: Nanos, router: usize, became: bool) {
        let last = self.changes.iter().rev().find(|change| change.1 == router);
        if last.is_some_and(|change| change.2) != became {
            self.changes.push((at, router, became));
        }
    }

    pub(crate) fn took_over(&mut self, became: bool, before: State, input: Input) {
        let counter = match (became, before, input) {
            (true, State::Backup, Input::TakeOver) => &mut self.takeovers.told,
            (true, State::Backup, _) => &mut self.takeovers.timed,
            (true, _, _) => &mut self.takeovers.owner,
            (false, _, Input::Heard(_)) => &mut self.takeovers.yielded,
            (false, _, _) => return,
        };
        *counter += 1;
    }

    pub(crate) fn announced(&mut self, at: Nanos, by: usize) {
        if self.announcer.is_none_or(|(last, _)| last != by) {
            self.announcer = Some((by, at));
        }
    }
}
