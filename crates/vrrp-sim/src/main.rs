//! Runs many LANs, or tells the history of one.

use core::time::Duration;
use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;

use clap::Parser;
use vrrp_sim::{Failure, Kind, Options, Summary, replay, run};

/// Simulates LANs of VRRP routers and judges how they elect their master.
///
/// A failure prints its seed and everything that happened in it.
#[derive(Parser)]
struct Args {
    /// How many LANs.
    #[arg(long, default_value_t = 300_000)]
    runs: u64,
    /// The first one's seed; the others follow it.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Threads (default: one for each processor).
    #[arg(long)]
    threads: Option<u64>,
    /// Only this LAN, with its history.
    #[arg(long, conflicts_with_all = ["runs", "from", "threads"])]
    seed: Option<u64>,
}

fn main() -> io::Result<ExitCode> {
    let args = Args::parse();
    let out = &mut io::stdout().lock();
    match args.seed {
        Some(seed) => one(out, seed),
        None => many(out, &args),
    }
}

fn one(out: &mut impl Write, seed: u64) -> io::Result<ExitCode> {
    let (result, history) = replay(seed, Options::default());
    write!(out, "{history}")?;
    match result {
        Ok(summary) => {
            writeln!(out, "{summary:#?}")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(violation) => {
            writeln!(out, "FAILED: {violation}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn many(out: &mut impl Write, args: &Args) -> io::Result<ExitCode> {
    let threads = args.threads.filter(|threads| *threads > 0);
    let threads = threads.unwrap_or_else(processors);
    // How fast it is, is the one thing here that no seed decides.
    #[allow(clippy::disallowed_methods, clippy::disallowed_types)]
    let started = std::time::Instant::now();
    let totals = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|first| scope.spawn(move || every(args, first, threads)))
            .collect();
        let mut totals = Totals::default();
        for worker in workers {
            match worker.join() {
                Ok(theirs) => totals.add(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        totals
    });
    report(out, &totals, started.elapsed())?;
    match totals.failure {
        None => Ok(ExitCode::SUCCESS),
        Some(failure) => {
            writeln!(out, "FAILED: seed {}: {failure}", failure.seed)?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn processors() -> u64 {
    let processors = thread::available_parallelism().ok();
    processors
        .and_then(|count| u64::try_from(count.get()).ok())
        .unwrap_or(1)
}

/// Every n-th run from the `first` on, up to a failure.
fn every(args: &Args, first: u64, n: u64) -> Totals {
    let mut totals = Totals::default();
    let mut index = first;
    while index < args.runs {
        match run(args.from.wrapping_add(index), Options::default()) {
            Ok(summary) => totals.count(&summary),
            Err(failure) => {
                totals.failure = Some(failure);
                break;
            }
        }
        index = index.saturating_add(n);
    }
    totals
}

/// Sums over runs.
#[derive(Default)]
struct Totals {
    runs: u64,
    kinds: [u64; Kind::ALL.len()],
    events: usize,
    adverts: usize,
    timed: usize,
    owner: usize,
    told: usize,
    yielded: usize,
    /// The longest settling, in thousandths of its bound.
    slowest: u128,
    failure: Option<Failure>,
}

impl Totals {
    fn count(&mut self, summary: &Summary) {
        self.runs += 1;
        for (kind, count) in Kind::ALL.iter().zip(&mut self.kinds) {
            *count += u64::from(*kind == summary.kind);
        }
        self.events += summary.events;
        self.adverts += summary.adverts;
        self.timed += summary.takeovers.timed;
        self.owner += summary.takeovers.owner;
        self.told += summary.takeovers.told;
        self.yielded += summary.takeovers.yielded;
        let bound = summary.bound.as_nanos().max(1);
        self.slowest = self.slowest.max(summary.settled.as_nanos() * 1000 / bound);
    }

    fn add(&mut self, theirs: Self) {
        self.runs += theirs.runs;
        for (ours, theirs) in self.kinds.iter_mut().zip(theirs.kinds) {
            *ours += theirs;
        }
        self.events += theirs.events;
        self.adverts += theirs.adverts;
        self.timed += theirs.timed;
        self.owner += theirs.owner;
        self.told += theirs.told;
        self.yielded += theirs.yielded;
        self.slowest = self.slowest.max(theirs.slowest);
        self.failure = self.failure.take().or(theirs.failure);
    }
}

fn report(out: &mut impl Write, totals: &Totals, took: Duration) -> io::Result<()> {
    let millis = took.as_millis().max(1);
    let each_second = u128::from(totals.runs) * 1000 / millis;
    writeln!(
        out,
        "{} runs in {:.1} s: {each_second} runs/s",
        totals.runs,
        took.as_secs_f64()
    )?;
    for (kind, count) in Kind::ALL.iter().zip(totals.kinds) {
        writeln!(out, "  {kind:?}: {count}")?;
    }
    writeln!(
        out,
        "  {} events, {} adverts sent",
        totals.events, totals.adverts
    )?;
    writeln!(
        out,
        "  takeovers: {} by a timer, {} by an owner's start, {} told to; {} masters yielded",
        totals.timed, totals.owner, totals.told, totals.yielded
    )?;
    writeln!(
        out,
        "  the slowest LAN took {}.{} % of its bound to settle",
        totals.slowest / 10,
        totals.slowest % 10
    )
}
