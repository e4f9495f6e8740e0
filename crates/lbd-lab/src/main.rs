//! `lbd-lab`: whole clusters on a real kernel.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command line: its output is what it is for

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use lbd_lab::bench;
use lbd_lab::demo;
use lbd_lab::ground::init::{self, Side};
use lbd_lab::ground::{self, Ended, Job, Kernel, Verdict};
use lbd_lab::runner::{self, Options};
use lbd_lab::scenarios::SCENARIOS;

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Do,
}

#[derive(Subcommand)]
enum Do {
    /// Runs a command where the kernel has IPVS; carries its output and exit status back.
    Exec {
        /// Seconds until it is killed.
        #[arg(long, default_value_t = 600)]
        limit: u64,
        /// Runs on the machine's own kernel, whether it has IPVS or not.
        #[arg(long)]
        any_kernel: bool,
        /// The command.
        #[arg(trailing_var_arg = true, required = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Runs scenarios, all of them or those whose names are given, wholly or in part.
    Run {
        /// Their names.
        names: Vec<String>,
        /// How many at a time.
        #[arg(long, default_value_t = 2)]
        jobs: usize,
        /// The daemon under test; beside this program when left out.
        #[arg(long)]
        lbd: Option<PathBuf>,
        /// Where logs, captures and tables are kept.
        #[arg(long, default_value = "target/lab")]
        results: PathBuf,
    },
    /// Lists the scenarios.
    List,
    /// Shows a person what lbd does: three MariaDB servers, and what happens when things die.
    Demo {
        /// The daemon; beside this program when left out.
        #[arg(long)]
        lbd: Option<PathBuf>,
        /// Where logs are kept.
        #[arg(long, default_value = "target/lab")]
        results: PathBuf,
    },
    /// Measures lbd beside other programs.
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
    /// (internal) The demo in the place made for it.
    #[command(hide = true)]
    DemoHere,
    /// Answers each connection with a name: the lab's own server.
    Serve {
        /// The name.
        #[arg(long)]
        name: String,
        /// The TCP port.
        #[arg(long)]
        port: u16,
    },
    /// (internal) Runs a scenario in the place made for it.
    #[command(hide = true)]
    Guest {
        /// Its name.
        scenario: String,
    },
    /// (internal) The first process in new namespaces.
    #[command(hide = true)]
    Init {
        /// The job's folder.
        folder: PathBuf,
    },
}

#[derive(Subcommand)]
enum Bench {
    /// VRRP: takeovers on the wire, memory, processor time, codec.
    Vrrp(BenchOptions),
    /// The kernel's IPVS table with 10 000 destinations: filled, kept, changed.
    Kernel(BenchOptions),
    /// Health checks: 10 000 of them on time beside keepalived, and what a probe of MariaDB costs.
    Health(BenchOptions),
    /// (internal) A part of one in the place made for it.
    #[command(hide = true)]
    Here {
        /// Which part.
        name: String,
        #[arg(long)]
        runs: usize,
    },
}

#[derive(Args)]
struct BenchOptions {
    /// How often each thing is done to each program.
    #[arg(long, default_value_t = 20)]
    runs: usize,
    /// The daemon; beside this program when left out.
    #[arg(long)]
    lbd: Option<PathBuf>,
    /// Where logs are kept.
    #[arg(long, default_value = "target/lab")]
    results: PathBuf,
    /// The document that the tables are put into.
    #[arg(long)]
    page: Option<PathBuf>,
}

fn main() -> ExitCode {
    if let Some((side, folder)) = init::guest() {
        return report(init::run(side, &folder).map(|()| ExitCode::SUCCESS));
    }
    report(match Arguments::parse().command {
        Do::Exec {
            limit,
            any_kernel,
            command,
        } => exec(
            command,
            Duration::from_secs(limit),
            if any_kernel {
                Kernel::Any
            } else {
                Kernel::WithIpvs
            },
        ),
        Do::Run {
            names,
            jobs,
            lbd,
            results,
        } => {
            let lbd = lbd
                .or_else(beside_us)
                .and_then(|lbd| std::path::absolute(lbd).ok());
            verdict(runner::run(&Options {
                names,
                jobs,
                lbd,
                results,
            }))
        }
        Do::List => {
            for scenario in SCENARIOS {
                println!("{:<28} {}", scenario.name, scenario.sentence);
            }
            Ok(ExitCode::SUCCESS)
        }
        Do::Demo { lbd, results } => {
            let lbd = lbd.or_else(beside_us).unwrap_or_default();
            verdict(
                std::path::absolute(lbd)
                    .map_err(Into::into)
                    .and_then(|lbd| demo::show(&lbd, &results)),
            )
        }
        Do::Bench { what } => measure(what),
        Do::DemoHere => verdict(demo::run_here().map(|()| true)),
        Do::Serve { name, port } => lbd_lab::serve::serve(&name, port).map(|()| ExitCode::SUCCESS),
        Do::Guest { scenario } => verdict(runner::run_here(&scenario).map(|()| true)),
        Do::Init { folder } => init::run(Side::Namespaces, &folder).map(|()| ExitCode::SUCCESS),
    })
}

fn measure(what: Bench) -> std::io::Result<ExitCode> {
    let (bench, options) = match what {
        Bench::Vrrp(options) => (bench::Bench::Vrrp, options),
        Bench::Kernel(options) => (bench::Bench::Kernel, options),
        Bench::Health(options) => (bench::Bench::Health, options),
        Bench::Here { name, runs } => {
            return verdict(bench::run_here(&name, runs).map(|()| true));
        }
    };
    let lbd = options.lbd.or_else(beside_us).unwrap_or_default();
    let options = bench::Options {
        lbd: std::path::absolute(lbd)?,
        results: options.results,
        runs: options.runs,
        page: options.page,
    };
    verdict(bench::run(bench, &options))
}

fn report(result: std::io::Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        eprintln!("lbd-lab: {error}");
        ExitCode::from(2)
    })
}

/// The daemon that was built together with this program.
fn beside_us() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.with_file_name("lbd"))
}

fn verdict(result: lbd_lab::failed::Result<bool>) -> std::io::Result<ExitCode> {
    Ok(match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failed) => {
            println!("{failed}");
            ExitCode::FAILURE
        }
    })
}

fn exec(command: Vec<String>, limit: Duration, kernel: Kernel) -> std::io::Result<ExitCode> {
    let place = ground::place_for(kernel).map_err(std::io::Error::other)?;
    let folder = tempfile::Builder::new().prefix("lbd-lab-").tempdir()?;
    let job = Job::here(command, kernel.has_ipvs())?;
    let ended = ground::run_job(place, &job, folder.path(), limit, true)?;
    Ok(match ended {
        Ended::With(Verdict::Exited(code)) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Ended::With(Verdict::Signalled(signal)) => {
            eprintln!("lbd-lab: the command was ended by signal {signal}");
            ExitCode::from(u8::try_from(128 + signal).unwrap_or(1))
        }
        Ended::TimedOut => {
            eprintln!("lbd-lab: killed after {} s", limit.as_secs());
            ExitCode::from(124)
        }
        Ended::NoVerdict => {
            eprintln!("lbd-lab: the guest ended without a verdict; its console said:");
            eprintln!(
                "{}",
                std::fs::read_to_string(folder.path().join("console.log"))?
            );
            ExitCode::from(2)
        }
    })
}
