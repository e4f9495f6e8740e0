//! Two directors of one program on a switch of their own.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::act::{self, Act, Seen};
use super::owners::{self, Owned, Watch};
use super::program::{Program, Timing};
use crate::daemon::Daemon;
use crate::ensure;
use crate::failed::{Failed, Result};
use crate::host::Host;
use crate::lab::Lab;

/// The virtual address.
pub(super) const VIP: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 100);
const ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 9, 0, 1), Ipv4Addr::new(10, 9, 0, 2)];
/// How long the preferred director may take to become the only owner of the address again.
const PATIENCE: Duration = Duration::from_secs(30);

/// Held by whoever starts processes or measures milliseconds, so that pairs do not disturb each other.
pub(super) type Quiet = Mutex<()>;

pub(super) struct Pair {
    pub(super) lab: Lab,
    pub(super) program: Program,
    timing: Timing,
    directors: Vec<Host>,
    daemons: Vec<Daemon>,
}

/// What came of one act.
pub(super) struct Run {
    pub(super) seen: Seen,
    /// Only where the host lives on.
    pub(super) owned: Option<Owned>,
    /// How often the other one had taken over before anything was done.
    pub(super) unasked: usize,
}

impl Pair {
    /// Starts both; `name` tells this pair from the others.
    pub(super) fn start(
        results: &Path,
        name: &str,
        program: Program,
        timing: Timing,
    ) -> Result<Self> {
        let mut lab = Lab::new(&results.join(name))?;
        let mut directors = Vec::new();
        for (letter, address) in ["a", "b"].into_iter().zip(ADDRESSES) {
            directors.push(lab.add_host(&format!("{name}{letter}"), address)?);
        }
        let mut pair = Self {
            lab,
            program,
            timing,
            directors,
            daemons: Vec::new(),
        };
        for index in 0..2 {
            let daemon = pair.start_daemon(index)?;
            pair.daemons.push(daemon);
        }
        Ok(pair)
    }

    fn start_daemon(&self, index: usize) -> Result<Daemon> {
        self.program
            .start(self.timing, &self.directors, index, &[VIP])
    }

    /// The preferred director.
    pub(super) fn first(&self) -> Result<&Host> {
        self.directors
            .first()
            .ok_or_else(|| Failed::new("a pair without hosts"))
    }

    pub(super) fn first_daemon(&mut self) -> Result<&mut Daemon> {
        self.daemons
            .first_mut()
            .ok_or_else(|| Failed::new("a pair without daemons"))
    }

    /// Does `act` to the preferred master, `phase` (0 to 1) of an interval after a moment of no meaning, looks, and
    /// brings everything back.
    pub(super) fn run(&mut self, act: Act, phase: f64, quiet: &Quiet) -> Result<Run> {
        let mut unasked = 0;
        loop {
            self.settle()?;
            if let Some((seen, owned)) = self.observe(act, phase, quiet)? {
                self.repair(act, quiet)?;
                return Ok(Run {
                    seen,
                    owned,
                    unasked,
                });
            }
            unasked += 1;
            ensure!(
                unasked < 20,
                "the backup takes over again and again with nothing done"
            );
        }
    }

    /// Waits until the preferred director alone holds the address.
    fn settle(&self) -> Result {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut held = Vec::new();
            for host in &self.directors {
                held.push(owners::count(host, |address| address == VIP)?);
            }
            if held == [1, 0] {
                return Ok(());
            }
            ensure!(
                Instant::now() < until,
                "{}: after {PATIENCE:?} the address is on {held:?} of the two hosts; logs in {}",
                self.program.name(),
                self.lab.results().display()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Nothing where the backup took over before anything was done.
    fn observe(
        &mut self,
        act: Act,
        phase: f64,
        quiet: &Quiet,
    ) -> Result<Option<(Seen, Option<Owned>)>> {
        let names: Vec<String> = self
            .directors
            .iter()
            .map(|host| host.name().to_owned())
            .collect();
        let [first, second] = names.as_slice() else {
            return Err(Failed::new("a pair is two"));
        };
        let interval = self.timing.interval();
        let capture = self.lab.capture()?;
        std::thread::sleep(
            Duration::from_millis(400) + interval.mul_f64(1.1) + interval.mul_f64(phase),
        );

        let mut guard = Some(quiet.lock().unwrap_or_else(PoisonError::into_inner));
        let watch = if act.leaves_the_host() {
            let every = (interval / 4).min(Duration::from_millis(10));
            Some(Watch::start(&self.directors, VIP, every)?)
        } else {
            None
        };
        std::thread::sleep(Duration::from_millis(20));
        let unasked = capture
            .frames()
            .iter()
            .any(|frame| frame.from_host && frame.port == *second && frame.advert().is_some());
        if unasked {
            return Ok(None);
        }
        let moment = act.perform(self)?;
        if act == Act::HostDies && interval >= Duration::from_secs(1) {
            // Seconds will pass, and others may work in the meantime.
            guard = None;
        }
        let at = moment.duration_since(self.lab.origin());
        let read = || act::read(&capture.frames(), [first, second], at, self.timing);
        let until = moment + act.window(self.timing);
        while Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
            if watch.is_none() && read().announced.is_some() {
                break;
            }
            if watch.is_some() && moment.elapsed() > Duration::from_millis(100) {
                guard = None;
            }
        }
        drop(guard);
        let owned = watch.map(|watch| watch.finish(moment)).transpose()?;
        Ok(Some((read(), owned)))
    }

    /// Starts what died.
    fn repair(&mut self, act: Act, quiet: &Quiet) -> Result {
        match act {
            Act::KillDaemon => return Ok(()),
            Act::HostDies | Act::Terminate | Act::KillAll => {}
        }
        self.first_daemon()?.wait(Duration::from_secs(10))?;
        let _quiet = quiet.lock().unwrap_or_else(PoisonError::into_inner);
        if act == Act::HostDies {
            self.first()?.boot()?;
        }
        let daemon = self.start_daemon(0)?;
        *self.first_daemon()? = daemon;
        Ok(())
    }
}
