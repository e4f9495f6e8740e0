//! Cargo's own tools that the project uses: found, or built once.

use crate::{process, project::Project};
use std::process::Stdio;

/// A subcommand of cargo.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    /// What follows `cargo `.
    name: &'static str,
    /// Pinned, so that the same rules and inputs mean the same everywhere.
    version: &'static str,
    /// How long it takes to build.
    patience: &'static str,
}

/// Checks licences, sources and bans.
pub(crate) const DENY: Tool = Tool {
    name: "deny",
    version: "0.20.2",
    patience: "about 4 minutes",
};

/// Builds and runs the fuzz targets.
pub(crate) const FUZZ: Tool = Tool {
    name: "fuzz",
    version: "0.13.2",
    patience: "about a minute",
};

impl Tool {
    /// Makes it work: whichever version is installed will do, else the pinned one is built.
    pub(crate) fn ensure(self, project: &Project) -> Result<(), String> {
        let Self {
            name,
            version,
            patience,
        } = self;
        let mut probe = project.cargo(&format!("{name} --version"));
        probe.stdin(Stdio::null()).stderr(Stdio::null());
        if let Ok(output) = probe.output()
            && output.status.success()
        {
            print!("setup: found {}", String::from_utf8_lossy(&output.stdout));
            return Ok(());
        }
        println!(
            "setup: building cargo-{name} {version}: {patience} on two cores, once per machine"
        );
        let words = format!("install cargo-{name} --locked --version {version}");
        process::run(&mut project.cargo(&words))
            .map_err(|why| format!("cargo-{name} {version} could not be installed: {why}"))
    }
}
