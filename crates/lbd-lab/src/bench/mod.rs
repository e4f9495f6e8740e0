//! Benchmarks: lbd beside other programs, in one run on one machine.

mod act;
mod codec;
mod cut;
mod figures;
mod kernel;
mod machine;
mod owners;
mod page;
mod pair;
mod program;
mod scale;
mod takeover;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::ensure;
use crate::failed::{Failed, Result};
use crate::ground::{self, Ended, Kernel, Verdict};
use crate::runner::job_of_ours;
use crate::scenarios::Need;
use program::Timing;

/// When a benchmark that hangs is ended.
const LIMIT: Duration = Duration::from_secs(3600);
/// Pairs of each program that are measured at the same time where a run takes seconds.
const PAIRS: usize = 5;
/// The benchmark's own text, in its folder.
const OUTPUT: &str = "measured.md";

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bench {
    /// VRRP: takeovers, the codec, memory and processor time.
    Vrrp,
    /// The kernel's IPVS table at full size: filled, kept, changed.
    Kernel,
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
        }
    }

    const fn kernel(self) -> Kernel {
        match self {
            Self::Vrrp => Kernel::Any,
            Self::Kernel => Kernel::WithIpvs,
        }
    }

    /// Other people's programs that it measures.
    const fn needs(self) -> &'static [Need] {
        match self {
            Self::Vrrp => &[Need::Keepalived],
            Self::Kernel => &[Need::Keepalived, Need::Ipvsadm],
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
    if let Some(missing) = bench.needs().iter().find_map(|need| need.missing()) {
        return Err(Failed::new(missing));
    }
    let folder = options.results.join(format!("bench-{}", bench.name()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let folder = fs::canonicalize(folder)?;
    let runs = options.runs.to_string();
    let words = ["bench", "here", bench.name(), "--runs", &runs];
    let mut job = job_of_ours(&words, bench.kernel(), &folder)?;
    job.environment.insert(
        "LBD_LAB_LBD".to_owned(),
        options.lbd.to_string_lossy().into_owned(),
    );
    let place = ground::place_for(bench.kernel()).map_err(Failed::new)?;
    let ended = ground::run_job(place, &job, &folder, LIMIT, true)?;
    if ended != Ended::With(Verdict::Exited(0)) {
        println!(
            "the benchmark did not end well; logs are in {}",
            folder.display()
        );
        return Ok(false);
    }
    let measured = fs::read_to_string(folder.join(OUTPUT))?;
    let text = format!("{}{measured}", machine::facts(&options.lbd));
    println!("\n{text}");
    if let Some(page) = &options.page {
        page::put(page, bench.name(), &text)?;
        println!("written to {}", page.display());
    }
    Ok(true)
}

/// The measuring, in the place made for it.
///
/// # Errors
/// When something did not come about.
pub fn run_here(bench: Bench, runs: usize) -> Result {
    let results = std::env::var_os("LBD_LAB_RESULTS").map(PathBuf::from);
    let results = results.ok_or_else(|| Failed::new("LBD_LAB_RESULTS is not set"))?;
    let text = match bench {
        Bench::Vrrp => vrrp(&results, runs)?,
        Bench::Kernel => kernel::measure(&results, runs)?,
    };
    fs::write(results.join(OUTPUT), text)?;
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
