//! The signals that the guardian takes for its daemon.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use crate::failure::Failure;

#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hang_up: Signal,
    stopping: bool,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::Runtime(format!("cannot take signals: {error}")))
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            quit: listen(SignalKind::quit())?,
            hang_up: listen(SignalKind::hangup())?,
            stopping: false,
        })
    }

    /// Whether the daemon is to stop, and stay stopped.
    pub(super) fn stopping(&self) -> bool {
        self.stopping
    }

    /// Waits for a signal to stop. SIGHUP, which asks keepalived for a reload, must not end a master.
    pub(super) async fn stop(&mut self) {
        let name = loop {
            tokio::select! {
                _ = self.terminate.recv() => break "SIGTERM",
                _ = self.interrupt.recv() => break "SIGINT",
                _ = self.quit.recv() => break "SIGQUIT",
                _ = self.hang_up.recv() => {
                    warn!("SIGHUP: the file is read at start only; restart lbd to change something");
                }
            }
        };
        info!("{name}: stopping");
        self.stopping = true;
    }

    /// Takes note of a signal that has arrived already.
    pub(super) async fn look(&mut self) {
        // Nothing there: nothing to note.
        let _ = tokio::time::timeout(Duration::ZERO, self.stop()).await;
    }
}
