//! From the desired state to the kernel: reads, plans, writes down, carries out, announces.

use std::collections::BTreeSet;
use std::net::IpAddr;

use lbd_core::desired::Desired;
use lbd_core::plan::{Actual, Scope, Step, plan};
use netfilter_mark::ChainState;
use tracing::{error, info, warn};

use super::announcers::Announcers;
use super::mailbox::Mailbox;
use crate::run::kernel::Kernel;
use crate::run::ledger::Ledger;

pub(super) struct Convergence {
    kernel: Kernel,
    /// What the file names.
    scope: Scope,
    ledger: Ledger,
    desired: Option<Desired>,
    announce: BTreeSet<(String, IpAddr)>,
    announcers: Announcers,
    /// The mark chain as last seen: reading it costs a process.
    marks: Option<ChainState>,
    /// What failed last time, so that it is not said again every second.
    complaint: Option<String>,
    /// Whether the kernel can no longer be reached: only a new daemon can help.
    lost: bool,
}

impl Convergence {
    pub(super) fn new(kernel: Kernel, scope: Scope, ledger: Ledger) -> Self {
        Self {
            kernel,
            scope,
            ledger,
            desired: None,
            announce: BTreeSet::new(),
            announcers: Announcers::default(),
            marks: None,
            complaint: None,
            lost: false,
        }
    }

    pub(super) fn order(&mut self, desired: Option<Desired>, announce: BTreeSet<(String, IpAddr)>) {
        if desired.is_some() {
            self.desired = desired;
        }
        self.announce.extend(announce);
    }

    /// Makes the next look at the kernel include the mark chain.
    pub(super) fn forget_marks(&mut self) {
        self.marks = None;
    }

    /// Whether there is no use in going on.
    pub(super) fn lost(&self) -> bool {
        self.lost
    }

    /// What is not as it should be.
    pub(super) fn ending(&self) -> Result<(), String> {
        match &self.complaint {
            Some(complaint) => Err(complaint.clone()),
            None => Ok(()),
        }
    }

    /// Brings the kernel to the desired state; false when something failed.
    pub(super) async fn converge(&mut self, mailbox: &Mailbox) -> bool {
        let Some(desired) = self.desired.clone() else {
            return true;
        };
        let failures = self.try_converge(&desired, mailbox).await;
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

    /// One failure does not keep the rest from being done: an address without its service still
    /// serves, from this host alone, and one that is to go must go.
    async fn try_converge(&mut self, desired: &Desired, mailbox: &Mailbox) -> Vec<String> {
        let mut failures = Vec::new();
        let scope = self.scope.clone().union(&self.ledger.scope());
        self.let_go(desired, &scope, &mut failures).await;
        let known = self.marks.take();
        let actual = match self
            .kernel
            .read(desired, &scope, known, &mut failures)
            .await
        {
            Ok(actual) => actual,
            Err(error) => {
                self.lost = error.is_for_good();
                failures.push(error.to_string());
                return failures;
            }
        };
        let steps = plan(desired, &actual, &scope);
        self.write_down(|ledger| ledger.announce(&steps), &mut failures);
        self.marks = actual.marks.clone();
        let mut done = Vec::new();
        for step in steps {
            if attracts(&step) && mailbox.has_newer() {
                break;
            }
            self.carry_out(step, &mut done, &mut failures).await;
        }
        self.write_down(
            |ledger| ledger.settle(&done, &actual, desired),
            &mut failures,
        );
        failures
    }

    /// Takes the addresses of a lost role off before anything else is looked at: reading the mark chain takes a
    /// process, and another host has the role already.
    async fn let_go(&mut self, desired: &Desired, scope: &Scope, failures: &mut Vec<String>) {
        let addresses = match self.kernel.addresses().await {
            Ok(addresses) => addresses,
            // Said by the look at everything that follows.
            Err(_) => return,
        };
        let known = Actual {
            sysctl_changes: Vec::new(),
            addresses,
            services: None,
            marks: None,
        };
        let steps = plan(desired, &known, scope);
        for step in steps {
            if matches!(step, Step::RemoveAddress(_)) {
                self.carry_out(step, &mut Vec::new(), failures).await;
            }
        }
    }

    async fn carry_out(&mut self, step: Step, done: &mut Vec<Step>, failures: &mut Vec<String>) {
        if matches!(step, Step::SetMarks(_) | Step::RemoveMarks) {
            self.marks = None;
        }
        match self.kernel.apply(&step).await {
            Ok(()) => {
                info!("{step}");
                if let Step::AddAddress(vip) = &step
                    && attracts(&step)
                {
                    self.announce
                        .insert((vip.interface.clone(), vip.address.addr()));
                }
                done.push(step);
            }
            Err(error) => failures.push(format!("{step}: {error}")),
        }
    }

    fn write_down(
        &mut self,
        entry: impl FnOnce(&mut Ledger) -> std::io::Result<()>,
        failures: &mut Vec<String>,
    ) {
        if let Err(error) = entry(&mut self.ledger) {
            failures.push(format!("cannot write down what is lbd's: {error}"));
        }
    }

    /// Tells the network who holds the addresses that were ordered or came up since, unless they were
    /// taken off again in the meantime. One that is wanted but not there yet is announced
    /// when it has come.
    pub(super) async fn announce(&mut self) {
        if self.announce.is_empty() {
            return;
        }
        let held = match self.kernel.addresses().await {
            Ok(held) => held,
            Err(error) => return warn!("cannot announce: {error}"),
        };
        for (interface, address) in std::mem::take(&mut self.announce) {
            let there = held
                .iter()
                .any(|vip| vip.interface == interface && vip.address.addr() == address);
            if !there {
                continue;
            }
            if let Err(error) = self.try_announce(&interface, address).await {
                warn!("cannot announce {address} on {interface}: {error}");
            }
        }
    }

    async fn try_announce(&mut self, interface: &str, address: IpAddr) -> Result<(), String> {
        let link = self
            .kernel
            .link(interface)
            .await
            .map_err(|e| e.to_string())?;
        self.announcers.announce(&link, address)
    }
}

/// Whether a step draws traffic to this host. It must not be done for a role that is lost already.
fn attracts(step: &Step) -> bool {
    matches!(step, Step::AddAddress(vip) if vip.interface != "lo")
}
