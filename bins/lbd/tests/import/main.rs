//! `lbd import` on the files of `testdata/keepalived`: what it prints, what it says, and what keepalived says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cases;
mod checks;
mod command_line;
mod goldens;
mod reference;
mod same_values;
mod second_opinion;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where the files are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/keepalived")
}

/// `lbd import` in the folder of the files.
fn import(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lbd"));
    command.arg("import").args(arguments).current_dir(folder());
    command.output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}
