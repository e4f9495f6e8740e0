//! What is due when, so that a moment's work costs what is due then, and not what there is.

use std::collections::{BTreeMap, BTreeSet};

use healthcheck::Time;

/// What can be due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// The check with this number.
    Check(usize),
    /// The weights of the service at this place in the configuration.
    Service(usize),
}

/// Each item at most once, in the order of time.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    order: BTreeSet<(Time, Item)>,
    times: BTreeMap<Item, Time>,
}

impl Agenda {
    /// Puts an item where it belongs now, or takes it out.
    pub(super) fn set(&mut self, item: Item, due: Option<Time>) {
        let before = match due {
            Some(time) => self.times.insert(item, time),
            None => self.times.remove(&item),
        };
        if before == due {
            return;
        }
        if let Some(before) = before {
            self.order.remove(&(before, item));
        }
        if let Some(due) = due {
            self.order.insert((due, item));
        }
    }

    /// When the first is due.
    pub(super) fn first(&self) -> Option<Time> {
        self.order.first().map(|(time, _)| *time)
    }

    /// Takes everything out that is due.
    pub(super) fn take_due(&mut self, now: Time) -> Vec<Item> {
        let mut due = Vec::new();
        while let Some((time, item)) = self.order.first().copied()
            && time <= now
        {
            self.order.pop_first();
            self.times.remove(&item);
            due.push(item);
        }
        due
    }
}
