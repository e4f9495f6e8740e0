//! cargo-deny: found, or built once.

use crate::{process, project::Project};
use std::process::Stdio;

/// Pinned, so that the same `deny.toml` means the same everywhere.
const VERSION: &str = "0.20.2";

/// Makes `cargo deny` work: whichever version is installed will do, else the pinned one is built.
pub(crate) fn ensure(project: &Project) -> Result<(), String> {
    let mut probe = project.cargo("deny --version");
    probe.stdin(Stdio::null()).stderr(Stdio::null());
    if let Ok(output) = probe.output()
        && output.status.success()
    {
        print!("setup: found {}", String::from_utf8_lossy(&output.stdout));
        return Ok(());
    }
    println!(
        "setup: building cargo-deny {VERSION}: about 4 minutes on two cores, once per machine"
    );
    let words = format!("install cargo-deny --locked --version {VERSION}");
    process::run(&mut project.cargo(&words))
        .map_err(|why| format!("cargo-deny {VERSION} could not be installed: {why}"))
}
