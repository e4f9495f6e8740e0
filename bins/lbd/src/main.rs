//! lbd: one daemon that spreads reads over a primary and its replicas.
//!
//! This program only joins crates: `lbd-core` decides, the others each hold one corner of the
//! kernel or the network.

mod check;
mod cli;
mod failure;
mod file;
mod run;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli::start_logging(&cli.log);
    let result = match &cli.command {
        Command::Run(options) => run::run(options),
        Command::Check { file } => check::check(file),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}
