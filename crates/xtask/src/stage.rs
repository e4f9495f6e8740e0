//! The stages of `cargo xtask test`: what each runs, and what must be there first.

use crate::counts::{Counts, cargo_result, lab_result};
use crate::project::Project;
use crate::{cargo_tool, checks, fuzz, host, process, setup};
use std::process::Command;

/// One check of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Setup,
    Fmt,
    Size,
    Docs,
    Layers,
    Build,
    Clippy,
    Rustdoc,
    Deny,
    Tests,
    Fuzz,
    Kernel,
    Lab,
}

/// How a stage came out.
#[derive(Debug)]
pub(crate) enum Verdict {
    Passed,
    /// It ran and found something.
    Failed(String),
    /// It could not run, for this reason.
    NotRun(String),
}

impl From<Result<(), String>> for Verdict {
    fn from(result: Result<(), String>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Passed)
    }
}

impl Stage {
    /// In the order in which they run: quick ones first, each after what it needs.
    pub(crate) const ALL: [Self; 13] = [
        Self::Setup,
        Self::Fmt,
        Self::Size,
        Self::Docs,
        Self::Layers,
        Self::Build,
        Self::Clippy,
        Self::Rustdoc,
        Self::Deny,
        Self::Tests,
        Self::Fuzz,
        Self::Kernel,
        Self::Lab,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Fmt => "fmt",
            Self::Size => "size",
            Self::Docs => "docs",
            Self::Layers => "layers",
            Self::Build => "build",
            Self::Clippy => "clippy",
            Self::Rustdoc => "rustdoc",
            Self::Deny => "deny",
            Self::Tests => "tests",
            Self::Fuzz => "fuzz",
            Self::Kernel => "kernel",
            Self::Lab => "lab",
        }
    }

    pub(crate) const fn purpose(self) -> &'static str {
        match self {
            Self::Setup => "the Debian packages that the tests need are there",
            Self::Fmt => "the code is formatted",
            Self::Size => "no source file has more than 500 lines, tests not counted",
            Self::Docs => "links between the documents lead somewhere",
            Self::Layers => "the pure crates do not reach the runtime",
            Self::Build => "everything compiles: libraries, programs, tests, examples",
            Self::Clippy => "no lint of the workspace fires",
            Self::Rustdoc => "the API's documentation has no warnings",
            Self::Deny => "dependencies: licences, sources, bans (offline: no advisories)",
            Self::Tests => "unit, property and documentation tests",
            Self::Fuzz => "the fuzz targets, two minutes for all",
            Self::Kernel => "the ignored tests that need IPVS, run where a kernel has it",
            Self::Lab => "whole clusters on a real kernel",
        }
    }

    /// What has to run before, even if only this stage is asked for.
    pub(crate) const fn needs(self) -> &'static [Self] {
        match self {
            Self::Tests => &[Self::Setup],
            Self::Kernel | Self::Lab => &[Self::Setup, Self::Build],
            Self::Setup
            | Self::Fmt
            | Self::Size
            | Self::Docs
            | Self::Layers
            | Self::Build
            | Self::Clippy
            | Self::Rustdoc
            | Self::Fuzz
            | Self::Deny => &[],
        }
    }

    /// Which stages' failures leave nothing to learn from this one.
    pub(crate) const fn blockers(self) -> &'static [Self] {
        match self {
            Self::Clippy | Self::Rustdoc | Self::Tests => &[Self::Build],
            Self::Kernel | Self::Lab => &[Self::Setup, Self::Build],
            Self::Setup
            | Self::Fmt
            | Self::Size
            | Self::Docs
            | Self::Layers
            | Self::Build
            | Self::Fuzz
            | Self::Deny => &[],
        }
    }

    /// Carries it out. The counts are those of the tests inside; they stay empty for a stage that is one check.
    pub(crate) fn run(self, project: &Project, counts: &mut Counts) -> Verdict {
        let cargo = |words| Verdict::from(process::run(&mut project.cargo(words)));
        match self {
            Self::Setup => setup::lab().into(),
            Self::Fmt => formatted(project).into(),
            Self::Size => checks::size(project).into(),
            Self::Docs => checks::links(project).into(),
            Self::Layers => checks::layers(project).into(),
            Self::Build => cargo("build --workspace --all-targets"),
            Self::Clippy => cargo("clippy --workspace --all-targets -- -D warnings"),
            Self::Rustdoc => {
                let mut command = project.cargo("doc --workspace --no-deps");
                process::run(command.env("RUSTDOCFLAGS", "-D warnings")).into()
            }
            Self::Deny => deny(project),
            // --no-fail-fast: one red crate must not hide the others.
            Self::Tests => {
                let mut tests = project.cargo("test --workspace --no-fail-fast");
                count(&mut tests, cargo_result, counts).into()
            }
            Self::Fuzz => fuzz::run(project),
            Self::Kernel => kernel(project, counts),
            Self::Lab => lab(project, counts),
        }
    }
}

/// The project, and the fuzz targets, which are workspaces of their own.
fn formatted(project: &Project) -> Result<(), String> {
    process::run(&mut project.cargo("fmt --all --check"))?;
    for fuzzed in fuzz::FUZZED {
        let words = format!("fmt --check --manifest-path {}", fuzzed.manifest());
        process::run(&mut project.cargo(&words))?;
    }
    Ok(())
}

fn deny(project: &Project) -> Verdict {
    // Offline, cargo-deny reads every crate of the lock file, also those of other systems that no build fetched.
    let ready = cargo_tool::DENY
        .ensure(project)
        .and_then(|()| process::run(&mut project.cargo("fetch")));
    match ready {
        Ok(()) => {
            // Without the graphs, which fill screens; `cargo deny check bans` alone shows who brings what.
            let words = "deny --offline check --hide-inclusion-graph bans licenses sources";
            process::run(&mut project.cargo(words)).into()
        }
        Err(why) => Verdict::NotRun(why),
    }
}

/// Tests marked `#[ignore]` in a `tests/kernel.rs`: cargo starts each such program through `lbd-lab exec`.
fn kernel(project: &Project, counts: &mut Counts) -> Verdict {
    if !host::is_root() {
        return Verdict::NotRun("needs root".to_owned());
    }
    let Some(triple) = host_triple(project) else {
        return Verdict::NotRun("`rustc -vV` tells no host".to_owned());
    };
    let lab = project.binary("lbd-lab");
    // As a list and not through CARGO_TARGET_..._RUNNER, which cargo splits at blanks: paths may have some.
    let runner = format!("target.{triple}.runner=[{lab:?}, \"exec\", \"--\"]");
    let mut command = project.cargo("test --workspace --no-fail-fast --test kernel --config");
    command.arg(runner).args(["--", "--ignored"]);
    something(count(&mut command, cargo_result, counts), *counts)
}

fn lab(project: &Project, counts: &mut Counts) -> Verdict {
    if !host::is_root() {
        return Verdict::NotRun("needs root".to_owned());
    }
    let mut command = Command::new(project.binary("lbd-lab"));
    command.args(["run", "--lbd"]).arg(project.binary("lbd"));
    command
        .arg("--results")
        .arg(project.lab_results())
        .current_dir(project.root());
    something(count(&mut command, lab_result, counts), *counts)
}

/// A good end that ran nothing is no good end.
fn something(ended: Result<(), String>, counts: Counts) -> Verdict {
    match ended {
        Ok(()) if counts.ran() == 0 => Verdict::Failed("it ran no test".to_owned()),
        ended => ended.into(),
    }
}

fn count(
    command: &mut Command,
    read: fn(&str) -> Option<Counts>,
    counts: &mut Counts,
) -> Result<(), String> {
    process::tee(command, |line| {
        if let Some(more) = read(line) {
            *counts = counts.plus(more);
        }
    })
}

fn host_triple(project: &Project) -> Option<String> {
    let mut command = Command::new("rustc");
    let output = command
        .arg("-vV")
        .current_dir(project.root())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
}
