//! Carries out probes and hands their results to the engine.

mod mysql;
mod prober;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use healthcheck::{Failure, Outcome};
use lbd_core::config::Probe;
use lbd_core::engine::{Assignment, ProbeId, Probed};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;

use super::commands::Rights;
use prober::Prober;

/// A probe that ends so long after its time-out was held up by this host.
const HELD_UP: Duration = Duration::from_secs(1);
/// How long servers get to take note that the sessions end.
const LEAVE: Duration = Duration::from_millis(500);

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
    /// As it was when the prober was made.
    assignment: Arc<Assignment>,
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

    /// Goes over to another file. Commands run with its rights from their next probe on.
    pub(super) fn reload(&mut self, rights: Rights) {
        if self.rights == rights {
            return;
        }
        self.rights = rights;
        let runs = |kept: &Kept| matches!(kept.assignment.check.probe, Probe::Exec(_));
        self.kept.retain(|_, kept| !runs(kept));
    }

    /// Starts one probe. It ends by its time-out at the latest; what an earlier one of the same check has left is ended
    /// now.
    pub(super) fn start(&mut self, id: ProbeId, timeout: Duration, assignment: Arc<Assignment>) {
        let prober = match self.kept.remove(&id.check) {
            Some(before) => {
                before.latest.abort();
                // A session can be kept over a reload; what else there is has a time-out of its own.
                match talks(&assignment) || Arc::ptr_eq(&before.assignment, &assignment) {
                    true => before.prober,
                    false => self.prober(&assignment),
                }
            }
            None => self.prober(&assignment),
        };
        let (asked, whom) = (Arc::clone(&prober), Arc::clone(&assignment));
        let report = Report::new(id, self.results.clone());
        let task = self.handle.spawn(async move {
            let mut prober = asked.lock().await;
            let begun = Instant::now();
            let outcome = prober.probe(&whom, timeout).await;
            report.found(outcome, begun.elapsed() > timeout.saturating_add(HELD_UP));
        });
        let latest = task.abort_handle();
        let kept = Kept {
            prober,
            latest,
            assignment,
        };
        self.kept.insert(id.check, kept);
    }

    fn prober(&self, assignment: &Assignment) -> Arc<Mutex<Prober>> {
        Arc::new(Mutex::new(Prober::new(assignment, &self.rights)))
    }

    /// There is no such check any more. A session of it is ended in an orderly way.
    pub(super) fn forget(&mut self, check: usize) {
        if let Some(kept) = self.kept.remove(&check) {
            self.handle.spawn(kept.close());
        }
    }

    /// Ends all sessions, as far as that goes in a moment.
    pub(super) async fn finish(&mut self) {
        let kept = std::mem::take(&mut self.kept).into_values();
        let ends: Vec<_> = kept.map(|kept| self.handle.spawn(kept.close())).collect();
        let all = async {
            for end in ends {
                // One that failed has nothing to say.
                let _ = end.await;
            }
        };
        // Whoever has not got a leave-taking by then sees the connection close.
        let _ = tokio::time::timeout(LEAVE, all).await;
    }
}

impl Kept {
    /// A probe that talks to a server is not broken off for that: a handshake that is counts against this host.
    async fn close(self) {
        let mut prober = match self.prober.try_lock() {
            Ok(prober) => prober,
            Err(_) => {
                if !talks(&self.assignment) {
                    self.latest.abort();
                }
                self.prober.lock().await
            }
        };
        prober.close().await;
    }
}

/// Whether a check talks with a server that counts conversations which break off.
fn talks(assignment: &Assignment) -> bool {
    matches!(assignment.check.probe, Probe::Mysql(_))
}

/// Sends a result when it goes, whatever becomes of the probe.
struct Report {
    id: ProbeId,
    outcome: Option<Outcome>,
    results: UnboundedSender<Probed>,
}

impl Report {
    fn new(id: ProbeId, results: UnboundedSender<Probed>) -> Self {
        Self {
            id,
            outcome: Some(Outcome::Failure(Failure::Lost)),
            results,
        }
    }

    /// A probe that ended long after its time was held up on this host: that it found nothing in time says nothing.
    fn found(mut self, outcome: Outcome, late: bool) {
        let says_nothing = late && outcome == Outcome::Failure(Failure::TimedOut);
        self.outcome = (!says_nothing).then_some(outcome);
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        // Nobody listens any more when the daemon stops.
        let _ = self.results.send(Probed {
            id: self.id,
            outcome: self.outcome.take(),
        });
    }
}
