//! `lbd completions` and `lbd man`: what the command line says of itself, for shells and for man(1).

use std::io::Write;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::failure::Failure;

/// Prints what the shell is to read at its start.
pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "lbd", &mut script);
    let said = std::io::stdout().lock().write_all(&script);
    said.map_err(|error| Failure::Runtime(error.to_string()))
}

/// Writes `lbd.1`, and `lbd-COMMAND.1` for each command that is not hidden.
pub(crate) fn pages(directory: &Path) -> Result<(), Failure> {
    let written = clap_mangen::generate_to(Cli::command(), directory);
    written.map_err(|error| Failure::Runtime(format!("{}: {error}", directory.display())))
}
