//! Routers that break a rule: they show that the simulator can fail.

use vrrp_proto::{Action, Actions, Input, Priority, Router, State, Time};

/// A rule that every router of a run breaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Defect {
    /// `vrrp_proto::Router` as it is.
    #[default]
    None,
    /// A master does not yield to an equal priority from a higher address.
    IgnoresTies,
    /// Announces on promotion only: not again, and not after another master was heard.
    NeverMends,
    /// Yields without the parting advert, so that the better master never learns of the split.
    PartsSilently,
    /// A backup misses three adverts of four.
    HardOfHearing,
    /// A backup does not hear that the master resigns.
    DeafToResignation,
}

impl Defect {
    /// `handle` of the router, with the rule broken.
    pub(crate) fn handle(self, router: &mut Router, now: Time, input: Input) -> Vec<Action> {
        if self.drops(router, now, input) {
            return Vec::new();
        }
        let before = router.state();
        let actions = router.handle(now, input);
        let after = router.state();
        self.keeps(before, after, &actions)
    }

    fn drops(self, router: &Router, now: Time, input: Input) -> bool {
        let Input::Heard(heard) = input else {
            return false;
        };
        let (priority, state) = (router.priority(), router.state());
        match self {
            Self::None | Self::NeverMends | Self::PartsSilently => false,
            Self::IgnoresTies => state == State::Master && heard.priority == priority,
            // Any rule does that is not in step with the adverts.
            Self::HardOfHearing => {
                state == State::Backup && !(now.as_nanos() / 1_000).is_multiple_of(4)
            }
            Self::DeafToResignation => state == State::Backup && heard.priority == Priority::ZERO,
        }
    }

    fn keeps(self, before: State, after: State, actions: &Actions) -> Vec<Action> {
        let promoted = before != State::Master && after == State::Master;
        let yielded = before == State::Master && after == State::Backup;
        let resigns = actions
            .into_iter()
            .any(|action| *action == Action::SendAdvert(Priority::ZERO));
        actions
            .into_iter()
            .copied()
            .filter(|action| match (self, action) {
                (Self::NeverMends, Action::Announce) => promoted,
                (Self::PartsSilently, Action::SendAdvert(_)) => !yielded || resigns,
                (
                    Self::None
                    | Self::IgnoresTies
                    | Self::NeverMends
                    | Self::PartsSilently
                    | Self::HardOfHearing
                    | Self::DeafToResignation,
                    Action::SendAdvert(_) | Action::Enter(_) | Action::Announce,
                ) => true,
            })
            .collect()
    }
}
