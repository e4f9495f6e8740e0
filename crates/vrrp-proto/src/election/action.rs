//! What a router wants done.

use super::State;
use crate::Priority;

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send an advertisement with this priority now.
    SendAdvert(Priority),
    /// The router is now in this state: add or remove the addresses, tell whoever wants to know.
    Enter(State),
    /// Send gratuitous ARP or unsolicited neighbour advertisements for all addresses.
    Announce,
}

/// Up to [`Actions::CAPACITY`] actions, in the order in which they are to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actions {
    /// Those from `len` on are fillers, always `Announce`.
    actions: [Action; Self::CAPACITY],
    len: usize,
}

impl Actions {
    /// The most that one input can lead to: a promotion.
    pub const CAPACITY: usize = 3;

    pub(super) const fn none() -> Self {
        Self {
            actions: [Action::Announce; Self::CAPACITY],
            len: 0,
        }
    }

    pub(super) fn and(mut self, action: Action) -> Self {
        debug_assert!(
            self.len < Self::CAPACITY,
            "an input led to too many actions"
        );
        if let Some(slot) = self.actions.get_mut(self.len) {
            *slot = action;
            self.len = self.len.saturating_add(1);
        }
        self
    }

    /// The actions, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Action] {
        self.actions.get(..self.len).unwrap_or(&[])
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl IntoIterator for Actions {
    type Item = Action;
    type IntoIter = core::iter::Take<core::array::IntoIter<Action, { Self::CAPACITY }>>;

    fn into_iter(self) -> Self::IntoIter {
        self.actions.into_iter().take(self.len)
    }
}

impl<'a> IntoIterator for &'a Actions {
    type Item = &'a Action;
    type IntoIter = core::slice::Iter<'a, Action>;

    fn into_iter(self) -> Self::IntoIter {
        self.as_slice().iter()
    }
}
