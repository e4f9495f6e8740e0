//! The signals that the guardian takes for its daemon.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

use crate::failure::Failure;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Stop,
    Reload,
}

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

    /// Waits for a signal, and takes note of one to stop.
    pub(super) async fn next(&mut self) -> Wish {
        let name = tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.quit.recv() => "SIGQUIT",
            _ = self.hang_up.recv() => return Wish::Reload,
        };
        info!("{name}: stopping");
        self.stopping = true;
        Wish::Stop
    }

    /// Takes note of a signal that has arrived already.
    pub(super) async fn look(&mut self) {
        // Nothing there: nothing to note. A daemon that is not there has no file to read again.
        let _ = tokio::time::timeout(Duration::ZERO, self.next()).await;
    }
}
