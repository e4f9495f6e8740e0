//! Signs of life of the engine's loop, for whoever watches the daemon.

use std::time::Duration;

use tokio::time::Instant;

/// When the next one is due; never where nobody wants any.
#[derive(Debug)]
pub(super) struct Heartbeat {
    every: Option<Duration>,
    next: Instant,
}

impl Heartbeat {
    /// The first one is due at once.
    pub(super) fn start(every: Option<Duration>) -> Self {
        let next = Instant::now();
        Self { every, next }
    }

    /// Whether one is due, and takes it for given. Asked in each turn of the loop: one that does not turn gives none.
    pub(super) fn take(&mut self) -> bool {
        // The clock is looked at only where somebody waits for signs of life: the loop turns for each probe.
        let Some(every) = self.every else {
            return false;
        };
        let now = Instant::now();
        let due = self.next <= now;
        if due {
            self.next = now + every;
        }
        due
    }

    /// Waits until one is due. Cancel-safe.
    pub(super) async fn due(&self) {
        match self.every {
            Some(_) => tokio::time::sleep_until(self.next).await,
            None => std::future::pending().await,
        }
    }
}
