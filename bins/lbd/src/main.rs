//! lbd: one daemon that spreads reads over a primary and its replicas.
//!
//! This program only joins crates: `lbd-core` decides, the others each hold one corner of the
//! kernel or the network.

mod advice;
mod check;
mod cleanup;
mod cli;
mod control;
mod doctor;
mod failure;
mod file;
mod grants;
mod guardian;
mod import;
mod manual;
mod mysql;
mod outlook;
mod plan;
mod priority;
mod run;
mod runtime;
mod say;
mod service_manager;
mod signals;
mod status;
mod testament;
mod watch;

use std::process::ExitCode;

use clap::Parser;
use lbd_core::engine::Drain;

use cli::{Cli, Command};
use status::Form;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // The daemon is started as /proc/self/exe, and would be called `exe` in the lists of processes.
    let _ = nix::sys::prctl::set_name(c"lbd");
    let _logs = cli::start_logging(&cli.log);
    let result = match &cli.command {
        Command::Run(options) if options.guarded || options.no_guardian => run::run(options),
        Command::Run(_) => guardian::watch_over(),
        Command::Handover { runtime_dir } => control::client::hand_over(runtime_dir),
        Command::Reload { runtime_dir } => control::client::reload(runtime_dir),
        Command::Drain {
            node,
            maintenance,
            runtime_dir,
        } => {
            let how = match maintenance {
                true => Drain::Maintenance,
                false => Drain::Connections,
            };
            control::client::drain(runtime_dir, node, Some(how))
        }
        Command::Undrain { node, runtime_dir } => control::client::drain(runtime_dir, node, None),
        Command::Status {
            json,
            watch,
            runtime_dir,
        } => match (json, watch) {
            (false, false) => status::status(runtime_dir, Form::People),
            (true, false) => status::status(runtime_dir, Form::Pretty),
            (false, true) => watch::watch(runtime_dir, Form::People),
            (true, true) => watch::watch(runtime_dir, Form::Line),
        },
        Command::MysqlGrants {
            file,
            server_version,
            hide_password,
        } => grants::mysql_grants(file, server_version.as_deref(), *hide_password),
        Command::Cleanup { runtime_dir } => cleanup::clean_up(runtime_dir),
        Command::Check { file } => check::check(file),
        Command::Doctor(options) => doctor::doctor(options),
        Command::Plan(options) => plan::show(options),
        Command::Completions { shell } => manual::completions(*shell),
        Command::Man { directory } => manual::pages(directory),
        Command::Import(options) => import::import(options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}
