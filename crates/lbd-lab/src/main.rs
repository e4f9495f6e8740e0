//! `lbd-lab`: whole clusters on a real kernel.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command line: its output is what it is for

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use lbd_lab::ground::init::{self, Side};
use lbd_lab::ground::{self, Ended, Job, Kernel, Verdict};

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
    /// (internal) The first process in new namespaces.
    #[command(hide = true)]
    Init {
        /// The job's folder.
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    if let Some(folder) = init::guest_folder() {
        return report(init::run(Side::Guest, &folder).map(|()| ExitCode::SUCCESS));
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
        Do::Init { folder } => init::run(Side::Namespaces, &folder).map(|()| ExitCode::SUCCESS),
    })
}

fn report(result: std::io::Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        eprintln!("lbd-lab: {error}");
        ExitCode::from(2)
    })
}

fn exec(command: Vec<String>, limit: Duration, kernel: Kernel) -> std::io::Result<ExitCode> {
    let place = ground::place_for(kernel).map_err(std::io::Error::other)?;
    let folder = tempfile::Builder::new().prefix("lbd-lab-").tempdir()?;
    let job = Job::here(command, kernel == Kernel::WithIpvs)?;
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
