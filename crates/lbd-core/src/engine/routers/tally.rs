//! How many adverts one virtual router sent, accepted and rejected.

use vrrp_proto::{Counters, Reason};

use crate::engine::status::Adverts;

#[derive(Debug, Default)]
pub(super) struct Tally {
    sent: u64,
    received: u64,
    rejected: Counters,
}

impl Tally {
    pub(super) fn sent(&mut self) {
        self.sent = self.sent.saturating_add(1);
    }

    pub(super) fn received(&mut self) {
        self.received = self.received.saturating_add(1);
    }

    /// Counts one, and says how many of its kind there have been.
    pub(super) fn rejected(&mut self, reason: Reason) -> u64 {
        self.rejected.count(reason);
        self.rejected.get(reason)
    }

    pub(super) fn adverts(&self) -> Adverts {
        let rejected = self.rejected.iter();
        Adverts {
            sent: self.sent,
            received: self.received,
            rejected: rejected
                .map(|(reason, count)| (reason.as_str().to_owned(), count))
                .collect(),
        }
    }
}
