//! Benchmarks: lbd beside other programs, in one run on one machine.

mod act;
mod codec;
mod cut;
mod figures;
mod health;
mod kernel;
mod machine;
mod owners;
mod page;
mod pair;
mod part;
mod program;
mod scale;
mod takeover;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::ensure;
use crate::failed::{Failed, Result};
use crate::ground::{self, Ended, Verdict};
use crate::runner::{job_of_ours, mariadb_data};
use crate::scenarios::Need;
use part::Part;
use program::Timing;

/// When a part of a benchmark that hangs is ended.
const LIMIT: Duration = Duration::from_secs(3 * 3600);
/// Pairs of each program that are measured at the same time where a run takes seconds.
const PAIRS: usize = 5;
/// The text of a part, in its folder.
const OUTPUT: &str = "measured.md";

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bench {
    /// VRRP: takeovers, the codec, memory and processor time.
    Vrrp,
    /// The kernel's IPVS table at full size: filled, kept, changed.
    Kernel,
    /// Health checks: thousands of them on time, and what a probe of MariaDB costs.
    Health,
}

/// How it is measured.
#[derive(Clone, Debug)]
pub struct Options {
    /// The daemon.
    pub lbd: PathBuf,
    /// Where logs are kept.
    pub results: PathBuf,
    /// How often each act is done to each program.
    pub runs: usize,
    /// The document that the tables are put into.
    pub page: Option<PathBuf>,
}

impl Bench {
    /// On the command line, and in the marks of the document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vrrp => "vrrp",
            Self::Kernel => "kernel",
            Self::Health => "health",
        }
    }

    const fn parts(self) -> &'static [Part] {
        match self {
            Self::Vrrp => &[Part::Vrrp],
            Self::Kernel => &[Part::Kernel],
            Self::Health => &[Part::HealthChecks, Part::HealthProbes],
        }
    }
}

/// Measures and prints the tables. Gives whether all went well.
///
/// # Errors
/// When something is missing on this machine, or the page cannot be written.
pub fn run(bench: Bench, options: &Options) -> Result<bool> {
    ensure!(
        nix::unistd::geteuid().is_root(),
        "the benchmark needs root: it makes network namespaces"
    );
    ensure!(
        options.lbd.is_file(),
        "there is no lbd at {}: build it, or name it with --lbd",
        options.lbd.display()
    );
    let parts = bench.parts();
    let mut needs = parts.iter().flat_map(|part| part.needs());
    if let Some(missing) = needs.find_map(|need| need.missing()) {
        return Err(Failed::new(missing));
    }
    let mut text = machine::facts(&options.lbd);
    for part in parts {
        let folder = options.results.join(format!("bench-{}", part.name()));
        let Some(measured) = run_part(*part, options, &folder)? else {
            println!(
                "the benchmark did not end well; logs are in {}",
                folder.display()
            );
            return Ok(false);
        };
        text.push_str(&measured);
    }
    println!("\n{text}");
    if let Some(page) = &options.page {
        page::put(page, bench.name(), &text)?;
        println!("written to {}", page.display());
    }
    Ok(true)
}

/// The text that the part wrote in its place; nothing where it did not end well.
fn run_part(part: Part, options: &Options, folder: &Path) -> Result<Option<String>> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    let folder = fs::canonicalize(folder)?;
    let runs = options.runs.to_string();
    let words = ["bench", "here", part.name(), "--runs", &runs];
    let mut job = job_of_ours(&words, part.kernel(), &folder)?;
    let mut set = |name: &str, path: &Path| {
        job.environment
            .insert(name.to_owned(), path.to_string_lossy().into_owned());
    };
    set("LBD_LAB_LBD", &options.lbd);
    if part.needs().contains(&Need::Mariadb) {
        set("LBD_LAB_MARIADB", &mariadb_data(&folder)?);
    }
    let place = ground::place_for(part.kernel()).map_err(Failed::new)?;
    let ended = ground::run_job(place, &job, &folder, LIMIT, true)?;
    if ended != Ended::With(Verdict::Exited(0)) {
        return Ok(None);
    }
    Ok(Some(fs::read_to_string(folder.join(OUTPUT))?))
}

/// The measuring of one part, in the place made for it.
///
/// # Errors
/// When there is no part of this name, or something did not come about.
pub fn run_here(part: &str, runs: usize) -> Result {
    let part = Part::named(part)
        .ok_or_else(|| Failed::new(format!("no benchmark has a part called {part}")))?;
    let results = std::env::var_os("LBD_LAB_RESULTS").map(PathBuf::from);
    let results = results.ok_or_else(|| Failed::new("LBD_LAB_RESULTS is not set"))?;
    fs::write(results.join(OUTPUT), part.measure(&results, runs)?)?;
    Ok(())
}

fn vrrp(results: &Path, runs: usize) -> Result<String> {
    let (began, load) = (Instant::now(), machine::load());
    println!("codec");
    let codec = codec::measure()?;
    let mut takeovers = String::new();
    for (timing, pairs) in [
        (Timing::SecondsV2, PAIRS.min(runs)),
        (Timing::Centiseconds, 1),
    ] {
        println!("takeovers: {}, {runs} runs", timing.words());
        let measured = takeover::measure(results, timing, runs, pairs)?;
        takeovers.push_str(&measured.text(timing));
        takeovers.push('\n');
    }
    println!("memory and processor time");
    let scale = scale::measure(results, &scale::SIZES)?;
    Ok(format!(
        "- {runs} runs of each act and program; all of it took {minutes:.0} minutes; load average of the \
         machine {load} before, {after} after\n\n\
         ## Takeover on the wire\n\nMedian (minimum to maximum).\n\n{takeovers}\
         ## Many virtual routers\n\nMaster of all of them, version 3, an advert each second.\n\n{scale}\n\
         ## Codec\n\n`vrrp-proto`, median of 500 batches.\n\n{codec}",
        minutes = began.elapsed().as_secs_f64() / 60.0,
        after = machine::load(),
    ))
}
