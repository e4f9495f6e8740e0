//! A client that reads through the VIP at a steady rate, and what it saw.

mod attempt;
mod held;
pub mod mysql;
mod report;

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use attempt::{Attempt, Trouble};
pub use held::Held;
pub use report::Report;

use crate::failed::{Failed, Result};
use crate::host::Host;
use crate::lab::Lab;

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// The lab's line server: the answer is the server's name.
    Line,
    /// MySQL: logs in as `reader` without a password and selects `@@hostname`.
    Mysql,
}

/// What a client does: one new connection at each beat, whatever became of those before.
#[derive(Clone, Debug)]
pub struct Load {
    /// Where it connects.
    pub target: SocketAddrV4,
    /// What it speaks.
    pub language: Language,
    /// From one start to the next.
    pub every: Duration,
    /// How long one attempt may take in all.
    pub timeout: Duration,
    /// Source ports used in turn; none for the kernel's choice.
    pub source_ports: Vec<u16>,
    /// How many attempts in all; none for as many as there is time for.
    pub count: Option<u32>,
}

impl Load {
    /// A client of line servers: 50 attempts a second, each given 2 s.
    #[must_use]
    pub fn new(address: Ipv4Addr, port: u16) -> Self {
        Self {
            target: SocketAddrV4::new(address, port),
            language: Language::Line,
            every: Duration::from_millis(20),
            timeout: Duration::from_secs(2),
            source_ports: Vec::new(),
            count: None,
        }
    }

    /// The same at another pace.
    #[must_use]
    pub fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// The same in another language.
    #[must_use]
    pub fn speaking(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// The same from these source ports, used in turn again and again.
    #[must_use]
    pub fn from_ports(self, ports: impl IntoIterator<Item = u16>) -> Self {
        Self {
            source_ports: ports.into_iter().collect(),
            ..self
        }
    }

    /// Starts it on a host.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub fn start(self, lab: &Lab, host: &Host) -> Result<Running> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (to, until, origin) = (Arc::clone(&seen), Arc::clone(&stop), lab.origin());
        let thread = host.thread(move || self.run(origin, to, &until))?;
        Ok(Running {
            seen,
            stop,
            thread: Some(thread),
            origin,
            began: origin.elapsed(),
        })
    }

    /// Makes `count` attempts and tells what came of them.
    ///
    /// # Errors
    /// When its threads cannot be started.
    pub fn attempts(self, lab: &Lab, host: &Host, count: u32) -> Result<Report> {
        let load = Self {
            count: Some(count),
            ..self
        };
        let mut running = load.start(lab, host)?;
        running.join()?;
        running.stop()
    }

    /// One thread for all attempts: a thread for each would cost a guest of one processor dear.
    fn run(self, origin: Instant, to: Arc<Mutex<Vec<Attempt>>>, stop: &AtomicBool) -> Result {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let mut ports = self.source_ports.clone().into_iter().cycle();
            let mut attempts = tokio::task::JoinSet::new();
            let mut beat = tokio::time::interval(self.every);
            beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            let mut made = 0;
            while !stop.load(Ordering::Relaxed) && self.count != Some(made) {
                beat.tick().await;
                made += 1;
                let (load, port, to) = (self.clone(), ports.next(), Arc::clone(&to));
                attempts.spawn(async move {
                    let attempt = attempt::make(&load, port, origin).await;
                    to.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(attempt);
                });
                while attempts.try_join_next().is_some() {}
            }
            while attempts.join_next().await.is_some() {}
        });
        Ok(())
    }
}

/// A client at work.
#[derive(Debug)]
pub struct Running {
    seen: Arc<Mutex<Vec<Attempt>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result>>,
    origin: Instant,
    began: Duration,
}

impl Running {
    /// What it saw so far.
    #[must_use]
    pub fn so_far(&self) -> Report {
        self.since(self.began)
    }

    /// What it saw from a time on, up to now.
    #[must_use]
    pub fn since(&self, from: Duration) -> Report {
        let seen = self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Report::new(seen, self.began, self.origin.elapsed()).between(from, self.origin.elapsed())
    }

    /// Stops it, waits for the attempts under way, and tells what it saw.
    ///
    /// # Errors
    /// When its thread died.
    pub fn stop(mut self) -> Result<Report> {
        let ended = self.origin.elapsed();
        self.stop.store(true, Ordering::Relaxed);
        self.join()?;
        let seen = self
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Ok(Report::new(seen, self.began, ended))
    }

    fn join(&mut self) -> Result {
        match self.thread.take() {
            Some(thread) => thread
                .join()
                .map_err(|_| Failed::new("the client's thread panicked"))?,
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
