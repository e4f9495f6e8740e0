//! What the kernel took, and what is wrong with it now: for metrics.

use std::sync::{Mutex, PoisonError};

use status_page::Kernel;

/// Written by the kernel's thread, read by the one that answers those who look.
#[derive(Debug, Default)]
pub(in crate::run) struct Tally(Mutex<Kernel>);

impl Tally {
    pub(super) fn note(&self, change: impl FnOnce(&mut Kernel)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(in crate::run) fn now(&self) -> Kernel {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number of things, as counters have them.
pub(super) fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
