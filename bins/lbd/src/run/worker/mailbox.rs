//! What the engine wants of the worker: at most one order of each kind.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lbd_core::desired::Desired;
use tokio::sync::{Notify, oneshot};

use super::{Outcome, Reform};

#[derive(Debug, Default)]
pub(super) struct Orders {
    pub(super) reform: Option<Reform>,
    pub(super) desired: Option<Desired>,
    pub(super) announce: BTreeSet<(String, IpAddr)>,
    /// Whoever wants to know what came of the orders so far.
    pub(super) asked: Vec<oneshot::Sender<Outcome>>,
    /// The mark chain may have been changed by somebody.
    pub(super) marks_changed: bool,
    pub(super) finish: bool,
}

#[derive(Debug, Default)]
pub(super) struct Mailbox {
    orders: Mutex<Orders>,
    mail: Notify,
}

impl Mailbox {
    /// Puts an order in.
    pub(super) fn order(&self, change: impl FnOnce(&mut Orders)) {
        change(&mut self.orders());
        self.mail.notify_one();
    }

    /// Waits for orders.
    pub(super) async fn filled(&self) {
        self.mail.notified().await;
    }

    /// Takes the orders out.
    pub(super) fn take(&self) -> Orders {
        std::mem::take(&mut *self.orders())
    }

    /// Whether a newer desired state waits.
    pub(super) fn has_newer(&self) -> bool {
        self.orders().desired.is_some()
    }

    /// Whether a newer desired state waits in which this address is not on this interface any more.
    pub(super) fn lets_go_of(&self, interface: &str, address: IpAddr) -> bool {
        let orders = self.orders();
        let newer = orders.desired.as_ref();
        newer.is_some_and(|newer| !newer.has_address(interface, address))
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
