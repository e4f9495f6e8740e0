//! Carries letters.

use std::time::{Duration, Instant};

use super::Settings;
use super::letter::{Letter, Pouch};
use super::transport::{self, Failure};
use crate::signal::Shared;

/// How often the time until the next try is doubled.
const DOUBLINGS: u32 = 6;

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The server has it.
    Sent {
        /// How many changes it tells of.
        changes: usize,
        /// To whom.
        to: String,
    },
    /// The server cannot be had, or asks to be tried again.
    Later {
        /// What it said.
        why: String,
        /// To whom.
        to: String,
        /// When it is tried again.
        again_in: Duration,
    },
    /// It is refused, and not tried again.
    Refused {
        /// What the server said, or what cannot be sent.
        why: String,
        /// To whom.
        to: String,
    },
}

/// Gathers lines and mails them.
#[derive(Debug)]
pub struct Post {
    settings: Settings,
    pouch: Shared<Pouch>,
}

impl Post {
    pub(super) fn new(settings: Settings, pouch: Shared<Pouch>) -> Self {
        Self { settings, pouch }
    }

    /// Carries mail until there can be no more, and tells of each try. Needs a tokio runtime with IO and time enabled.
    ///
    /// When nothing more can come, what waits is tried once, at once.
    pub async fn serve(self, told: impl Fn(Delivery)) {
        while let Some(letter) = self.gathered().await {
            self.carry(&letter, &told).await;
        }
    }

    /// Waits for a change, and then for those that come with it; nothing when there can be none.
    async fn gathered(&self) -> Option<Letter> {
        while self.pouch.with(|pouch| pouch.is_empty()) && !self.pouch.is_closed() {
            self.pouch.rung().await;
        }
        // Closed sooner: time is up.
        let _ = tokio::time::timeout(self.settings.gather, self.pouch.closed()).await;
        self.pouch.with(Pouch::take)
    }

    /// Tries each receiver until the server has the mail for it or refuses for good.
    async fn carry(&self, letter: &Letter, told: &impl Fn(Delivery)) {
        let mut left = self.settings.to.clone();
        let mut tries = 0_u32;
        while !left.is_empty() {
            let again_in = self
                .settings
                .retry
                .saturating_mul(1 << tries.min(DOUBLINGS));
            tries = tries.saturating_add(1);
            let begun = Instant::now();
            let mut remaining = Vec::new();
            for to in left {
                // A server that costs one its whole time-out costs all of them that.
                let dead =
                    !remaining.is_empty() && begun.elapsed() >= self.settings.connect_timeout;
                if dead {
                    remaining.push(to);
                    continue;
                }
                told(match transport::send(&self.settings, letter, &to).await {
                    Ok(()) => Delivery::Sent {
                        changes: letter.len(),
                        to,
                    },
                    Err(Failure::Passing(why)) => {
                        remaining.push(to.clone());
                        Delivery::Later { why, to, again_in }
                    }
                    Err(Failure::ForGood(why)) => Delivery::Refused { why, to },
                });
            }
            left = remaining;
            if left.is_empty() || self.pouch.is_closed() {
                return;
            }
            // Closed sooner: one last try.
            let _ = tokio::time::timeout(again_in, self.pouch.closed()).await;
        }
    }
}
