//! The thread that holds the kernel to the desired state.
//!
//! Orders wait in a mailbox of fixed size: a newer desired state takes an older one's place, so the
//! engine never waits and nothing piles up. Every few seconds the worker looks again by itself,
//! which repairs what others changed and retries what failed.

mod announcers;
mod asked;
mod convergence;
mod mailbox;
mod tally;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use lbd_core::desired::Desired;
use lbd_core::plan::Scope;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::in_force::InForce;
use super::kernel::Kernel;
use super::ledger::Ledger;
use super::preflight::Needs;
use crate::failure::Failure;
use asked::Asked;
use convergence::Convergence;
use mailbox::Mailbox;
pub(super) use tally::Tally;

/// How often the kernel is looked at again without any cause.
const SWEEP: Duration = Duration::from_secs(5);
/// How soon it is looked at again after something failed.
const RETRY: Duration = Duration::from_secs(1);

/// How the worker ended: what of the kernel is not as it should be, in words.
type Ending = Result<(), String>;

/// What came of orders, once no newer one waited: how many changes the kernel took, or what is not as it should be.
pub(super) type Outcome = Result<usize, String>;

/// Another file.
#[derive(Debug)]
pub(super) struct Reform {
    /// What it names.
    pub(super) scope: Scope,
    /// What of the kernel it needs.
    pub(super) needs: Needs,
    /// Its text.
    pub(super) in_force: InForce,
}

/// The engine's side of the worker.
#[derive(Debug)]
pub(super) struct Worker {
    mailbox: Arc<Mailbox>,
    tally: Arc<Tally>,
    /// None once its message has been received.
    done: Option<oneshot::Receiver<Ending>>,
}

impl Worker {
    /// Starts the thread, and waits until it has reached the kernel.
    pub(super) async fn start(scope: Scope, ledger: Ledger, needs: Needs) -> Result<Self, Failure> {
        let mailbox = Arc::new(Mailbox::default());
        let (reached, ready) = oneshot::channel();
        let (finished, done) = oneshot::channel();
        let tally = Arc::new(Tally::default());
        let theirs = (Arc::clone(&mailbox), Arc::clone(&tally));
        std::thread::Builder::new()
            .name("kernel".to_owned())
            .spawn(move || {
                let ending = work_thread(scope, ledger, needs, theirs, reached);
                // The daemon may be gone already.
                let _ = finished.send(ending);
            })
            .map_err(|error| Failure::Runtime(format!("cannot start a thread: {error}")))?;
        let mut worker = Self {
            mailbox,
            tally,
            done: Some(done),
        };
        match ready.await {
            Ok(()) => Ok(worker),
            Err(_) => Err(Failure::Runtime(worker.ended().await)),
        }
    }

    /// What the kernel took, for others to look at.
    pub(super) fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    pub(super) fn converge(&self, desired: Desired) {
        self.mailbox.order(|orders| orders.desired = Some(desired));
    }

    /// Goes over to another file, and says what comes of that. One order for all of it: each costs a look at the kernel.
    pub(super) fn reform(
        &self,
        reform: Reform,
        desired: Option<Desired>,
    ) -> oneshot::Receiver<Outcome> {
        let (asked, outcome) = oneshot::channel();
        self.mailbox.order(|orders| {
            orders.reform = Some(reform);
            orders.desired = desired.or(orders.desired.take());
            orders.asked.push(asked);
        });
        outcome
    }

    /// Says what came of all orders until now, once that is known.
    pub(super) fn followed(&self) -> oneshot::Receiver<Outcome> {
        let (asked, outcome) = oneshot::channel();
        self.mailbox.order(|orders| orders.asked.push(asked));
        outcome
    }

    /// Makes the worker look at the kernel now.
    pub(super) fn look(&self) {
        self.mailbox.order(|_| ());
    }

    /// The same, mark rules included.
    pub(super) fn look_at_marks(&self) {
        self.mailbox.order(|orders| orders.marks_changed = true);
    }

    pub(super) fn announce(&self, interface: &str, addresses: &[IpAddr]) {
        let announcements = addresses
            .iter()
            .map(|address| (interface.to_owned(), *address));
        self.mailbox
            .order(|orders| orders.announce.extend(announcements));
    }

    /// Waits for the end of a worker that was not told to end, and says why.
    pub(super) async fn ended(&mut self) -> String {
        match self.ending().await {
            Ok(()) => "the kernel's thread has ended".to_owned(),
            Err(why) => format!("the kernel cannot be reached: {why}"),
        }
    }

    /// Waits until everything ordered so far is done, and ends the thread.
    ///
    /// # Errors
    /// What of the kernel is not as it should be.
    pub(super) async fn finish(&mut self, patience: Duration) -> Ending {
        self.mailbox.order(|orders| orders.finish = true);
        tokio::time::timeout(patience, self.ending())
            .await
            .unwrap_or_else(|_| Err(format!("it did not follow within {patience:?}")))
    }

    async fn ending(&mut self) -> Ending {
        let Some(done) = &mut self.done else {
            return Err("the kernel's thread has ended".to_owned());
        };
        let ending = done.await;
        self.done = None;
        ending.unwrap_or_else(|_| Err("the kernel's thread has ended".to_owned()))
    }
}

fn work_thread(
    scope: Scope,
    ledger: Ledger,
    needs: Needs,
    (mailbox, tally): (Arc<Mailbox>, Arc<Tally>),
    reached: oneshot::Sender<()>,
) -> Ending {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let kernel = Kernel::reach(needs)
            .await
            .map_err(|error| error.to_string())?;
        // Who started this may have given up.
        let _ = reached.send(());
        let state = Convergence::new(kernel, scope, ledger, tally);
        work(state, &mailbox).await
    })
}

async fn work(mut state: Convergence, mailbox: &Mailbox) -> Ending {
    let mut asked = Asked::default();
    let mut next_look = Instant::now() + SWEEP;
    let mut next_sweep = next_look;
    loop {
        tokio::select! {
            () = mailbox.filled() => {}
            () = tokio::time::sleep_until(next_look) => {}
        }
        let orders = mailbox.take();
        if orders.marks_changed || next_sweep <= Instant::now() {
            state.forget_marks();
        }
        if next_sweep <= Instant::now() {
            next_sweep = Instant::now() + SWEEP;
        }
        if let Some(reform) = orders.reform {
            state.reform(reform);
        }
        state.order(orders.desired, orders.announce);
        if orders.finish {
            // There is no later time for what was put off.
            state.insist();
        }
        asked.extend(orders.asked);
        let changes = state.converge(mailbox).await;
        let ending = state.ending();
        state.announce(mailbox).await;
        asked.tell(changes, &ending, mailbox.has_newer());
        if orders.finish || state.lost() {
            return ending;
        }
        next_look = match ending {
            Ok(()) => next_sweep,
            Err(_) => Instant::now() + RETRY,
        };
    }
}
