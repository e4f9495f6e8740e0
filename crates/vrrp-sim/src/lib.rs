//! A whole LAN of VRRP routers, simulated.
//!
//! Development only. Each seed is one LAN: two to eight [`vrrp_proto::Router`]s with the real octets
//! between them, clocks that drift, timers that fire late, hosts that pause, die and come back,
//! packets that get lost, damaged, doubled, delayed past each other and cut off one-way; starts,
//! stops, faults, handovers and changes of priority. Time is virtual, and the seed decides
//! everything: a failure replays.
//!
//! ```
//! use vrrp_sim::{Options, run};
//!
//! for seed in 0..20 {
//!     if let Err(failure) = run(seed, Options::default()) {
//!         panic!("{failure}"); // with the seed and everything that happened
//!     }
//! }
//! ```
//!
//! # What is checked
//! **At every step**, from what the router heard by its own clock (`watch`): no backup takes over
//! while adverts arrive or before its skew is over; its timer is never later than the RFC has it; a
//! master yields to a better one, and only to a better one; a resignation is said; a promotion is
//! advert, state, announcement; bad packets are refused, good ones are not.
//!
//! **Once all troubles are over** (`bounds`, `verdict`): there is a master within the quickest
//! router's master-down time; exactly one, and the right one, within the slowest one's; nobody takes
//! or leaves the role twice; the last announcement on the wire is the master's, and every host of
//! the LAN believes it. If no router is left, nobody is master.
//!
//! # What it does not know
//! Routers of one virtual router agree on the interval, as the RFCs ask for. The kernel's side (ARP
//! answers, addresses) is for tests on a real one.

mod bounds;
mod clock;
mod defect;
mod host;
mod plan;
mod random;
mod record;
mod scenario;
mod verdict;
mod violation;
mod watch;
mod world;

pub use defect::Defect;
pub use record::Takeovers;
pub use scenario::Kind;
pub use violation::Violation;

use core::fmt;
use core::time::Duration;

use thiserror::Error;

use scenario::Scenario;
use world::World;

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// A rule that all routers break.
    pub defect: Defect,
    /// Whether to judge every step, or only how the LAN settles.
    pub steps: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            defect: Defect::None,
            steps: true,
        }
    }
}

/// What a run was like.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    /// What went wrong in it.
    pub kind: Kind,
    /// Packets, timers and troubles.
    pub events: usize,
    /// Adverts sent.
    pub adverts: usize,
    /// How often routers became master.
    pub takeovers: Takeovers,
    /// How long the LAN took to settle once calm had come.
    pub settled: Duration,
    /// How long it might have taken.
    pub bound: Duration,
}

/// A run in which a rule was broken.
#[derive(Clone, Debug, Error)]
#[error("{violation}\n{history}replay: cargo run --release -p vrrp-sim -- --seed {seed}")]
pub struct Failure {
    /// Replays it, with the same options.
    pub seed: u64,
    /// The rule.
    pub violation: Violation,
    /// The LAN and everything that happened.
    pub history: String,
}

/// Runs one seed. A failing one is run again to tell its history.
///
/// # Errors
/// The first broken rule.
pub fn run(seed: u64, options: Options) -> Result<Summary, Failure> {
    once(seed, options, Trace::Off).0.map_err(|_| {
        let (violation, history) = replay(seed, options);
        Failure {
            seed,
            violation: violation.err().unwrap_or(Violation::Irreproducible),
            history,
        }
    })
}

/// Runs one seed and tells its history.
pub fn replay(seed: u64, options: Options) -> (Result<Summary, Violation>, String) {
    once(seed, options, Trace::On(String::new()))
}

fn once(seed: u64, options: Options, trace: Trace) -> (Result<Summary, Violation>, String) {
    let scenario = Scenario::new(seed);
    let mut world = World::new(&scenario, options, trace);
    let result = world.run();
    let history = match &world.trace {
        Trace::Off => String::new(),
        Trace::On(lines) => format!("{scenario}{lines}"),
    };
    let record = &world.record;
    let summary = Summary {
        kind: scenario.kind,
        events: record.events,
        adverts: record.adverts,
        takeovers: record.takeovers,
        settled: Duration::from_nanos(record.settled.0),
        bound: Duration::from_nanos(record.settled.1),
    };
    (result.map(|()| summary), history)
}

/// Everything that happened, if somebody wants to know.
enum Trace {
    Off,
    On(String),
}

impl Trace {
    fn note(&mut self, now: clock::Nanos, line: impl FnOnce() -> String) {
        if let Self::On(lines) = self {
            let at = Duration::from_nanos(now).as_secs_f64();
            // Writing to a string does not fail.
            let _ = fmt::Write::write_fmt(lines, format_args!("{at:>14.6} s  {}\n", line()));
        }
    }
}
