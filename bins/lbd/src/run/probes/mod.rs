//! Carries out probes and hands their results to the engine.

mod mysql;
mod prober;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use healthcheck::{Failure, Outcome};
use lbd_core::engine::{Assignment, ProbeId, Probed};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;

use super::commands::Rights;
use prober::Prober;

/// What is kept for the checks: a session with a database, say, outlives a probe.
#[derive(Debug)]
pub(super) struct Probes {
    handle: Handle,
    /// There is at most one probe of each check at a time, so what can wait here is bounded by the configuration;
    /// results that had to wait for room would be late, and lateness looks like a dead server.
    results: UnboundedSender<Probed>,
    /// By the number of the check.
    kept: BTreeMap<usize, Kept>,
    /// Whose rights commands have.
    rights: Rights,
}

#[derive(Debug)]
struct Kept {
    prober: Arc<Mutex<Prober>>,
    latest: AbortHandle,
}

impl Probes {
    pub(super) fn new(handle: Handle, results: UnboundedSender<Probed>, rights: Rights) -> Self {
        Self {
            handle,
            results,
            kept: BTreeMap::new(),
            rights,
        }
    }

    /// Goes over to another file.
    pub(super) fn reload(&mut self, rights: Rights) {
        self.rights = rights;
    }

    /// Starts one probe. It ends by its time-out at the latest; what an earlier one of the same check has left is ended
    /// now.
    pub(super) fn start(&mut self, id: ProbeId, timeout: Duration, assignment: Arc<Assignment>) {
        let before = self.kept.remove(&id.check);
        let prober = match before {
            Some(before) => {
                before.latest.abort();
                before.prober
            }
            None => Arc::new(Mutex::new(Prober::new(&assignment, &self.rights))),
        };
        let (report, asked) = (Report::new(id, self.results.clone()), Arc::clone(&prober));
        let task = self.handle.spawn(async move {
            let outcome = asked.lock().await.probe(&assignment, timeout).await;
            report.found(outcome);
        });
        let latest = task.abort_handle();
        self.kept.insert(id.check, Kept { prober, latest });
    }

    /// There is no such check any more. A session of it is ended in an orderly way.
    pub(super) fn forget(&mut self, check: usize) {
        if let Some(kept) = self.kept.remove(&check) {
            kept.latest.abort();
            let prober = kept.prober;
            self.handle
                .spawn(async move { prober.lock().await.close().await });
        }
    }
}

/// Sends a result when it goes, whatever becomes of the probe.
struct Report {
    id: ProbeId,
    outcome: Outcome,
    results: UnboundedSender<Probed>,
}

impl Report {
    fn new(id: ProbeId, results: UnboundedSender<Probed>) -> Self {
        Self {
            id,
            outcome: Outcome::Failure(Failure::Lost),
            results,
        }
    }

    fn found(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        let outcome = std::mem::replace(&mut self.outcome, Outcome::Failure(Failure::Lost));
        // Nobody listens any more when the daemon stops.
        let _ = self.results.send(Probed {
            id: self.id,
            outcome,
        });
    }
}
