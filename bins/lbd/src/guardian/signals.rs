//! The signals that the guardian takes for its daemon, and whether one was to stop.

use std::time::Duration;

use tracing::info;

use crate::failure::Failure;
use crate::signals::{self, Wish};

#[derive(Debug)]
pub(super) struct Signals {
    signals: signals::Signals,
    stopping: bool,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Failure> {
        Ok(Self {
            signals: signals::Signals::listen()?,
            stopping: false,
        })
    }

    /// Whether the daemon is to stop, and stay stopped.
    pub(super) fn stopping(&self) -> bool {
        self.stopping
    }

    /// Waits for a signal, and takes note of one to stop.
    pub(super) async fn next(&mut self) -> Wish {
        let wish = self.signals.next().await;
        if let Wish::Stop(name) = wish {
            info!("{name}: stopping");
            self.stopping = true;
        }
        wish
    }

    /// Takes note of a signal that has arrived already.
    pub(super) async fn look(&mut self) {
        // Nothing there: nothing to note. A daemon that is not there has no file to read again.
        let _ = tokio::time::timeout(Duration::ZERO, self.next()).await;
    }
}
