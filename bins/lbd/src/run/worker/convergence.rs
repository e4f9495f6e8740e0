//! From the desired state to the kernel: reads, plans, writes down, carries out, announces.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ipvs_netlink::Change;
use lbd_core::desired::{Desired, Marks, Vip};
use lbd_core::drift::{Drift, Fight};
use lbd_core::plan::{Actual, Corner, Scope, Step, plan, split_unguarded};
use netfilter_mark::ChainState;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::announcers::Announcers;
use super::mailbox::Mailbox;
use super::tally::{Tally, count};
use super::{Ending, Reform};
use crate::run::kernel::{Kernel, change_of_ipvs};
use crate::run::ledger::Ledger;

/// Of many changes of IPVS at once, so many are told one by one.
const TOLD: usize = 32;
/// So many of them are made ready at a time: thousands of servers need no second and third list of themselves.
const AT_ONCE: usize = 512;

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
    drift: Drift,
    origin: Instant,
    /// Whether it was looked for what could break the marks.
    surveyed: bool,
    /// Whether mark rules may be left in a backend that an earlier file or daemon used.
    left_elsewhere: bool,
    /// What failed last time.
    failures: Vec<String>,
    /// What was last said of all that is wrong, so that it is not said again every second.
    said: BTreeSet<String>,
    /// Whether the kernel can no longer be reached: only a new daemon can help.
    lost: bool,
    tally: Arc<Tally>,
}

impl Convergence {
    pub(super) fn new(kernel: Kernel, scope: Scope, ledger: Ledger, tally: Arc<Tally>) -> Self {
        Self {
            kernel,
            scope,
            ledger,
            desired: None,
            announce: BTreeSet::new(),
            announcers: Announcers::default(),
            marks: None,
            drift: Drift::default(),
            origin: Instant::now(),
            left_elsewhere: true,
            surveyed: false,
            failures: Vec::new(),
            said: BTreeSet::new(),
            lost: false,
            tally,
        }
    }

    pub(super) fn order(&mut self, desired: Option<Desired>, announce: BTreeSet<(String, IpAddr)>) {
        if let Some(new) = desired {
            match &self.desired {
                Some(old) => self.drift.order(old, &new),
                None => self.drift.renew(),
            }
            self.desired = Some(new);
        }
        self.announce.extend(announce);
    }

    /// Goes over to another file.
    pub(super) fn reform(&mut self, reform: Reform) {
        reform.in_force.keep();
        self.drift.renew();
        self.scope = reform.scope;
        self.marks = None;
        self.left_elsewhere = true;
        self.surveyed = false;
        self.kernel.reform(reform.needs);
    }

    /// Makes the next look at the kernel include the mark chain.
    pub(super) fn forget_marks(&mut self) {
        self.marks = None;
    }

    /// Whether there is no use in going on.
    pub(super) fn lost(&self) -> bool {
        self.lost
    }

    /// Whether all is as it should be, or else what is not. What another program keeps changing is not told here.
    pub(super) fn ending(&self) -> Ending {
        match self.failures.is_empty() {
            true => Ok(()),
            false => Err(self.failures.join("; ")),
        }
    }

    /// Puts everything right once more, also what is being fought over.
    pub(super) fn insist(&mut self) {
        self.drift.renew();
    }

    /// Brings the kernel to the desired state, and counts the changes that this took.
    pub(super) async fn converge(&mut self, mailbox: &Mailbox) -> usize {
        let Some(desired) = self.desired.clone() else {
            return 0;
        };
        self.drift.begin(self.origin.elapsed());
        let mut failures = Vec::new();
        let done = self.try_converge(&desired, mailbox, &mut failures).await;
        self.tally.note(|kernel| kernel.changes += count(done));
        // Not before the rules stand in the backend that is used now; whatever else is wrong.
        let stand = !matches!(desired.marks, Marks::AsIs) && self.drift.is_settled(Corner::Marks);
        // Another host that has taken a role over does not wait for it.
        let mut addresses = desired.addresses.iter();
        let role_lost = addresses.any(|vip| is_let_go(vip, mailbox));
        if self.left_elsewhere && stand && !role_lost {
            match self.kernel.clear_other_backends() {
                Ok(()) => self.left_elsewhere = false,
                Err(error) => failures.push(format!(
                    "mark rules may be left where they are not looked after: {error}"
                )),
            }
        }
        self.survey(&desired, stand);
        self.failures = failures;
        self.complain();
        done
    }

    /// Says what is wrong where that has changed: what failed, and what another program keeps changing.
    fn complain(&mut self) {
        let fights = self.drift.fights(self.origin.elapsed());
        self.tally.note(|kernel| {
            kernel.failing = count(self.failures.len());
            kernel.fights = count(fights.len());
        });
        let names = fights.iter().map(|fight| fight.thing.clone());
        let wrong: BTreeSet<String> = self.failures.iter().cloned().chain(names).collect();
        if wrong == self.said {
            return;
        }
        let fights = fights.iter().map(Fight::to_string);
        let text: Vec<String> = self.failures.iter().cloned().chain(fights).collect();
        match text.is_empty() {
            true => info!("the kernel is as it should be again"),
            false => error!(
                "the kernel is not as it should be, trying again: {}",
                text.join("; ")
            ),
        }
        self.said = wrong;
    }

    /// One failure does not keep the rest from being done: an address without its service still
    /// serves, from this host alone, and one that is to go must go.
    async fn try_converge(
        &mut self,
        desired: &Desired,
        mailbox: &Mailbox,
        failures: &mut Vec<String>,
    ) -> usize {
        let scope = self.scope.clone().union(&self.ledger.scope());
        let mut done = self.let_go(desired, &scope, failures).await;
        let known = self.marks.take();
        let actual = match self.kernel.read(desired, &scope, known, failures).await {
            Ok(actual) => actual,
            Err(error) => {
                self.lost = error.is_for_good();
                failures.push(error.to_string());
                return done.len();
            }
        };
        let steps = self.allowed(plan(desired, &actual, &scope));
        let steps = self.write_down(steps, failures);
        self.marks = actual.marks.clone();
        let known = actual.marks.is_some();
        self.carry_out_guarded(steps, desired, known, mailbox, &mut done, failures)
            .await;
        if let Err(error) = self.ledger.settle(&done, &actual, desired) {
            failures.push(error.to_string());
        }
        self.drift.settle(&actual);
        done.len()
    }

    /// Takes the addresses of a lost role off before anything else is looked at: reading the mark chain takes a
    /// process, and another host has the role already. One that has another prefix length than it should is none of them.
    async fn let_go(
        &mut self,
        desired: &Desired,
        scope: &Scope,
        failures: &mut Vec<String>,
    ) -> Vec<Step> {
        let addresses = match self.kernel.addresses().await {
            Ok(addresses) => addresses,
            // Said by the look at everything that follows.
            Err(_) => return Vec::new(),
        };
        let known = Actual {
            sysctl_changes: Vec::new(),
            addresses,
            services: None,
            sync: None,
            marks: None,
        };
        let mut steps = plan(desired, &known, scope);
        steps.retain(|step| {
            matches!(step, Step::RemoveAddress(vip) if !desired.has_address(&vip.interface, vip.address.addr()))
        });
        let mut done = Vec::new();
        for step in self.allowed(steps) {
            self.carry_out_one(step, &mut done, failures).await;
        }
        done
    }

    /// Where nothing new was asked for, the steps put right what others changed: not without end.
    fn allowed(&mut self, steps: Vec<Step>) -> Vec<Step> {
        let allowed = self.drift.allow(self.origin.elapsed(), steps);
        let repairs = allowed.iter().filter(|each| each.repair.is_some());
        let repairs = count(repairs.count());
        self.tally.note(|kernel| kernel.repairs += repairs);
        for (step, count) in allowed.iter().filter_map(|a| Some((&a.step, a.repair?))) {
            warn!(
                count,
                "changed by another program, putting it right: {step}"
            );
        }
        allowed.into_iter().map(|allowed| allowed.step).collect()
    }

    /// Carries out the steps; the guard comes before what it guards. `known` is whether the mark rules could be read.
    async fn carry_out_guarded(
        &mut self,
        mut steps: Vec<Step>,
        desired: &Desired,
        known: bool,
        mailbox: &Mailbox,
        done: &mut Vec<Step>,
        failures: &mut Vec<String>,
    ) {
        let is_marks = |step: &Step| matches!(step, Step::SetMarks(_));
        let marks = steps.iter().position(is_marks);
        let guarded = steps.split_off(marks.map_or(0, |place| place + 1));
        self.carry_out(&steps, mailbox, done, failures).await;
        let stand = match marks {
            Some(_) => done.iter().any(is_marks),
            None => known,
        };
        let guarded = self.keep_guarded(guarded, desired, stand, failures);
        self.carry_out(&guarded, mailbox, done, failures).await;
    }

    /// Carries out the steps, those that follow each other in IPVS together, and notes those that were done.
    async fn carry_out(
        &mut self,
        steps: &[Step],
        mailbox: &Mailbox,
        done: &mut Vec<Step>,
        failures: &mut Vec<String>,
    ) {
        for run in steps.chunk_by(|one, next| is_of_ipvs(one) && is_of_ipvs(next)) {
            match run {
                [step] if !is_of_ipvs(step) => {
                    if is_for_a_lost_role(step, mailbox) {
                        self.drift.failed(step);
                        continue;
                    }
                    self.carry_out_one(step.clone(), done, failures).await;
                }
                changes => self.carry_out_batch(changes, done, failures).await,
            }
        }
    }

    async fn carry_out_batch(
        &mut self,
        batch: &[Step],
        done: &mut Vec<Step>,
        failures: &mut Vec<String>,
    ) {
        let mut place = 0;
        for steps in batch.chunks(AT_ONCE) {
            let changes: Vec<Change> = steps.iter().filter_map(change_of_ipvs).collect();
            let results = match self.kernel.apply_ipvs(&changes).await {
                Ok(results) => results,
                Err(error) => {
                    let left = batch.iter().skip(place);
                    left.for_each(|step| self.drift.failed(step));
                    return failures.push(error.to_string());
                }
            };
            for (step, result) in steps.iter().zip(results) {
                match result {
                    Ok(()) => {
                        if place < TOLD {
                            info!("{step}");
                        }
                        done.push(step.clone());
                    }
                    Err(error) => self.fail(step, &error.to_string(), failures),
                }
                place += 1;
            }
        }
        if batch.len() > TOLD {
            info!("and {} more changes of IPVS", batch.len() - TOLD);
        }
    }

    async fn carry_out_one(
        &mut self,
        step: Step,
        done: &mut Vec<Step>,
        failures: &mut Vec<String>,
    ) {
        if matches!(step, Step::SetMarks(_) | Step::RemoveMarks) {
            self.marks = None;
        }
        match self.kernel.apply(&step).await {
            Ok(()) => {
                info!("{step}");
                if let Step::AddAddress(vip) = &step
                    && attracts(vip)
                {
                    self.announce
                        .insert((vip.interface.clone(), vip.address.addr()));
                }
                done.push(step);
            }
            Err(error) => self.fail(&step, &error.to_string(), failures),
        }
    }

    fn fail(&mut self, step: &Step, why: &str, failures: &mut Vec<String>) {
        self.drift.failed(step);
        failures.push(format!("{step}: {why}"));
    }

    /// Looks once, with the first rules of a file, for what could break the marks, and tells it.
    fn survey(&mut self, desired: &Desired, stand: bool) {
        let Marks::Exactly(rules) = &desired.marks else {
            return;
        };
        if self.surveyed || !stand {
            return;
        }
        self.surveyed = true;
        let Some(backend) = self.kernel.marks() else {
            return;
        };
        let rules = rules.clone();
        // It takes a handful of processes, and nobody waits for it.
        let look = move || match netfilter_mark::survey(&backend, &rules) {
            Ok(findings) => findings.iter().for_each(|finding| warn!("{finding}")),
            Err(error) => warn!("cannot look for what could break the marks: {error}"),
        };
        let thread = std::thread::Builder::new().name("survey".to_owned());
        if let Err(error) = thread.spawn(look) {
            warn!("cannot look for what could break the marks: {error}");
        }
    }

    /// Writes down what the steps will make, and gives those that may be carried out.
    fn write_down(&mut self, steps: Vec<Step>, failures: &mut Vec<String>) -> Vec<Step> {
        let (steps, unwritten) = self.ledger.announce(steps);
        if let Some(unwritten) = unwritten {
            let kept_back = unwritten.kept_back.iter();
            kept_back.for_each(|step| self.drift.failed(step));
            failures.push(unwritten.to_string());
        }
        steps
    }

    /// Leaves out what must not be made while the mark rules with their guard do not stand.
    fn keep_guarded(
        &mut self,
        steps: Vec<Step>,
        desired: &Desired,
        stand: bool,
        failures: &mut Vec<String>,
    ) -> Vec<Step> {
        if stand {
            return steps;
        }
        let (steps, waiting) = split_unguarded(desired, steps);
        waiting.iter().for_each(|step| self.drift.failed(step));
        if !waiting.is_empty() {
            failures.push(format!(
                "{} changes of IPVS wait for the mark rules: without their guard, frames could go in circles",
                waiting.len()
            ));
        }
        steps
    }

    /// Tells the network who holds the addresses that were ordered or came up since, unless they were
    /// taken off again in the meantime. One that is wanted but not there yet is announced
    /// when it has come. One that is not in a newer desired state that waits is not announced: the role is lost.
    pub(super) async fn announce(&mut self, mailbox: &Mailbox) {
        if self.announce.is_empty() {
            return;
        }
        let held = match self.kernel.addresses().await {
            Ok(held) => held,
            Err(error) => return warn!("cannot announce: {error}"),
        };
        for (interface, address) in std::mem::take(&mut self.announce) {
            if mailbox.lets_go_of(&interface, address) {
                self.announce.insert((interface, address));
                continue;
            }
            let there = held
                .iter()
                .any(|vip| vip.interface == interface && vip.address.addr() == address);
            if !there {
                continue;
            }
            match self.try_announce(&interface, address).await {
                Ok(()) => self.tally.note(|kernel| kernel.announcements += 1),
                Err(error) => warn!("cannot announce {address} on {interface}: {error}"),
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

/// Whether an address draws traffic to this host.
fn attracts(vip: &Vip) -> bool {
    vip.interface != "lo"
}

/// Whether a step draws traffic for a role that is lost already. Other news are no reason to leave it out: where they come
/// faster than the kernel is brought to where it should be, it would never be done.
fn is_for_a_lost_role(step: &Step, mailbox: &Mailbox) -> bool {
    let Step::AddAddress(vip) = step else {
        return false;
    };
    attracts(vip) && is_let_go(vip, mailbox)
}

fn is_let_go(vip: &Vip, mailbox: &Mailbox) -> bool {
    mailbox.lets_go_of(&vip.interface, vip.address.addr())
}

fn is_of_ipvs(step: &Step) -> bool {
    change_of_ipvs(step).is_some()
}
