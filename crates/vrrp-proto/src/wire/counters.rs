//! How often each receive check refused a packet.

use super::Reason;

/// One counter for each [`Reason`]; they stop at `u64::MAX`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters([u64; Reason::ALL.len()]);

impl Counters {
    /// All zero.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; Reason::ALL.len()])
    }

    /// Counts one refused packet.
    pub fn count(&mut self, reason: Reason) {
        for (counted, counter) in Reason::ALL.iter().zip(&mut self.0) {
            if *counted == reason {
                *counter = counter.saturating_add(1);
            }
        }
    }

    /// Packets refused for this reason.
    #[must_use]
    pub fn get(&self, reason: Reason) -> u64 {
        self.iter()
            .find_map(|(counted, count)| (counted == reason).then_some(count))
            .unwrap_or(0)
    }

    /// Packets refused for any reason.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.iter()
            .fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// All counters, in the order of the checks.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        Reason::ALL.into_iter().zip(self.0.iter().copied())
    }
}
