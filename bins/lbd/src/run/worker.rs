//! The thread that holds the kernel to the desired state.
//!
//! Orders wait in a mailbox of fixed size: a newer desired state takes an older one's place, so the
//! engine never waits and nothing piles up. Every few seconds the worker looks again by itself,
//! which repairs what others changed and retries what failed.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lbd_core::desired::Desired;
use lbd_core::plan::{Scope, Step, plan};
use netfilter_mark::ChainState;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use tracing::{debug, error, info, warn};
use vrrp_net::Announcer;

use super::kernel::{Kernel, KernelError};
use super::ledger::Ledger;
use crate::failure::Failure;

/// How often the kernel is looked at again without any cause.
const SWEEP: Duration = Duration::from_secs(5);
/// How soon it is looked at again after something failed.
const RETRY: Duration = Duration::from_secs(1);
/// Gratuitous ARPs sent at once, as many as keepalived sends.
const ANNOUNCEMENTS: u32 = 5;

#[derive(Debug, Default)]
struct Orders {
    desired: Option<Desired>,
    announce: BTreeSet<(String, IpAddr)>,
    finish: bool,
}

#[derive(Debug, Default)]
struct Mailbox {
    orders: Mutex<Orders>,
    mail: Notify,
}

/// The engine's side of the worker.
#[derive(Debug)]
pub(super) struct Worker {
    mailbox: Arc<Mailbox>,
    done: oneshot::Receiver<()>,
}

impl Worker {
    /// Starts the thread.
    pub(super) fn start(scope: Scope, ledger: Ledger, needs: Needs) -> Result<Self, Failure> {
        let mailbox = Arc::new(Mailbox::default());
        let (finished, done) = oneshot::channel();
        let theirs = Arc::clone(&mailbox);
        std::thread::Builder::new()
            .name("kernel".to_owned())
            .spawn(move || {
                work_thread(scope, ledger, needs, &theirs);
                // The daemon may be gone already.
                let _ = finished.send(());
            })
            .map_err(|error| Failure::Runtime(format!("cannot start a thread: {error}")))?;
        Ok(Self { mailbox, done })
    }

    pub(super) fn converge(&self, desired: Desired) {
        self.order(|orders| orders.desired = Some(desired));
    }

    pub(super) fn announce(&self, interface: &str, addresses: &[IpAddr]) {
        let announcements = addresses
            .iter()
            .map(|address| (interface.to_owned(), *address));
        self.order(|orders| orders.announce.extend(announcements));
    }

    /// Waits until everything ordered so far is done, and ends the thread.
    pub(super) async fn finish(self, patience: Duration) {
        self.order(|orders| orders.finish = true);
        if tokio::time::timeout(patience, self.done).await.is_err() {
            warn!("the kernel did not follow within {patience:?}; leaving it as it is");
        }
    }

    fn order(&self, change: impl FnOnce(&mut Orders)) {
        change(
            &mut self
                .mailbox
                .orders
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        self.mailbox.mail.notify_one();
    }
}

/// Which corners of the kernel the roles need.
#[derive(Debug)]
pub(super) struct Needs {
    pub(super) ipvs: bool,
    pub(super) marks: Option<netfilter_mark::Iptables>,
}

fn work_thread(scope: Scope, ledger: Ledger, needs: Needs, mailbox: &Mailbox) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(work(scope, ledger, needs, mailbox)),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = result {
        error!("the kernel cannot be reached: {error}");
    }
}

async fn work(scope: Scope, ledger: Ledger, needs: Needs, mailbox: &Mailbox) -> Result<(), String> {
    let network = vip_netlink::Netlink::connect()
        .await
        .map_err(|e| e.to_string())?;
    let ipvs = match needs.ipvs {
        true => Some(
            ipvs_netlink::Client::connect()
                .await
                .map_err(|e| e.to_string())?,
        ),
        false => None,
    };
    let mut state = Convergence {
        kernel: Kernel {
            network,
            ipvs,
            marks: needs.marks,
        },
        scope,
        ledger,
        desired: None,
        marks: None,
        complaint: None,
    };
    let mut look_again = Instant::now() + SWEEP;
    loop {
        tokio::select! {
            () = mailbox.mail.notified() => {}
            () = tokio::time::sleep_until(look_again) => state.marks = None,
        }
        let orders = std::mem::take(
            &mut *mailbox
                .orders
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        if let Some(desired) = orders.desired {
            state.desired = Some(desired);
        }
        let well = state.converge().await;
        look_again = Instant::now() + if well { SWEEP } else { RETRY };
        for (interface, address) in &orders.announce {
            state.announce(interface, *address).await;
        }
        if orders.finish {
            return Ok(());
        }
    }
}

struct Convergence {
    kernel: Kernel,
    scope: Scope,
    ledger: Ledger,
    desired: Option<Desired>,
    /// The mark chain as last seen; forgotten at every sweep.
    marks: Option<ChainState>,
    /// What failed last time, so that it is not said again every second.
    complaint: Option<String>,
}

impl Convergence {
    /// Brings the kernel to the desired state; false when something failed.
    async fn converge(&mut self) -> bool {
        let Some(desired) = self.desired.clone() else {
            return true;
        };
        let mut failures = Vec::new();
        if let Err(error) = self.try_converge(&desired, &mut failures).await {
            failures.push(error.to_string());
        }
        let complaint = (!failures.is_empty()).then(|| failures.join("; "));
        if complaint != self.complaint {
            match &complaint {
                Some(text) => error!("the kernel is not as it should be, trying again: {text}"),
                None => info!("the kernel is as it should be again"),
            }
            self.complaint = complaint;
        }
        self.complaint.is_none()
    }

    /// One failed step does not keep the others from being done: an address without its service
    /// still serves, from this host alone.
    async fn try_converge(
        &mut self,
        desired: &Desired,
        failures: &mut Vec<String>,
    ) -> Result<(), KernelError> {
        let actual = self.kernel.read(desired, self.marks.take()).await?;
        let scope = self.scope.clone().union(&self.ledger.scope());
        let steps = plan(desired, &actual, &scope);
        self.marks = Some(actual.marks);
        if let Err(error) = self.ledger.announce(&steps) {
            failures.push(format!("cannot write down what is lbd's: {error}"));
        }
        let mut done = Vec::new();
        for step in steps {
            if matches!(step, Step::SetMarks(_) | Step::RemoveMarks) {
                self.marks = None;
            }
            match self.kernel.apply(&step).await {
                Ok(()) => {
                    info!("{step}");
                    done.push(step);
                }
                Err(error) => failures.push(format!("{step}: {error}")),
            }
        }
        if let Err(error) = self.ledger.settle(&done) {
            failures.push(format!("cannot write down what is lbd's: {error}"));
        }
        Ok(())
    }

    /// Says who holds an address, unless it was taken off again in the meantime.
    async fn announce(&self, interface: &str, address: IpAddr) {
        if let Err(error) = self.try_announce(interface, address).await {
            warn!("cannot announce {address} on {interface}: {error}");
        }
    }

    async fn try_announce(&self, interface: &str, address: IpAddr) -> Result<(), String> {
        let held = self.kernel.holds(interface, address).await;
        if !held.map_err(|e| e.to_string())? {
            debug!("{address} is not on {interface} (any more): not announced");
            return Ok(());
        }
        let (index, mac) = self
            .kernel
            .link(interface)
            .await
            .map_err(|e| e.to_string())?;
        let Some(mac) = mac else {
            return Ok(());
        };
        let announcer = Announcer::open(index, mac.0).map_err(|e| e.to_string())?;
        for _ in 0..ANNOUNCEMENTS {
            announcer.announce(address).map_err(|e| e.to_string())?;
        }
        Ok(())
    }
}
