//! The project's chores, behind the alias `cargo xtask`.
//!
//! ```text
//! cargo xtask setup            installs what is missing for the rest, and says why
//! cargo xtask demo             boots three database hosts and shows what lbd does for them
//! cargo xtask bench [NAME]     measures lbd beside keepalived; the tables go to docs/benchmarks.md
//! cargo xtask test             every check of the project, and a table of what ran
//! cargo xtask test STAGE...    only these, and what they need (setup, build)
//! ```
//!
//! It has no dependencies, so that the first `cargo xtask` of a fresh clone answers within seconds.
//!
//! Exit codes: 0 all ran and passed, 1 something failed, 2 a wrong command line, 3 nothing failed but something could not run.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program: printing is its output"
)]

mod bench;
mod cargo_tool;
mod checks;
mod counts;
mod demo;
mod fuzz;
mod host;
mod process;
mod project;
mod setup;
mod stage;
mod summary;
mod test;

use bench::Bench;
use project::Project;
use stage::Stage;
use std::process::ExitCode;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Job {
    /// Print the help.
    Help,
    /// Install what is missing.
    Setup,
    /// Show lbd at work.
    Demo,
    /// Measure.
    Bench(bench::Options),
    /// Run these stages, in this order, and what they need.
    Test(Vec<Stage>),
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let job = match parse(&arguments) {
        Ok(job) => job,
        Err(wrong) => {
            eprintln!("error: {wrong}\n\n{}", help());
            return ExitCode::from(2);
        }
    };
    match Project::find().and_then(|project| carry_out(job, &project)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(job: Job, project: &Project) -> Result<ExitCode, String> {
    match job {
        Job::Help => println!("{}", help()),
        Job::Setup => {
            setup::lab()?;
            cargo_tool::DENY.ensure(project)?;
            println!("setup: everything is there");
        }
        Job::Demo => return Err(demo::run(project)),
        Job::Bench(options) => bench::run(project, options)?,
        Job::Test(stages) => return Ok(test::run(project, &stages)),
    }
    Ok(ExitCode::SUCCESS)
}

fn parse(arguments: &[String]) -> Result<Job, String> {
    let Some((job, rest)) = arguments.split_first() else {
        return Err("which chore?".to_owned());
    };
    if rest.iter().any(|word| word == "--help" || word == "-h") {
        return Ok(Job::Help);
    }
    let alone = |job: Job| match rest.first() {
        None => Ok(job),
        Some(extra) => Err(format!("'{extra}' is one word too many")),
    };
    match job.as_str() {
        "help" | "--help" | "-h" => Ok(Job::Help),
        "setup" => alone(Job::Setup),
        "demo" => alone(Job::Demo),
        "bench" => Ok(Job::Bench(bench::parse(rest)?)),
        "test" => Ok(Job::Test(stages(rest)?)),
        unknown => Err(format!("there is no chore '{unknown}'")),
    }
}

/// The named stages with what they need, or all of them, in the order in which they run.
fn stages(names: &[String]) -> Result<Vec<Stage>, String> {
    if names.is_empty() {
        return Ok(Stage::ALL.to_vec());
    }
    let mut wanted = Vec::new();
    for name in names {
        let stage = Stage::ALL.into_iter().find(|stage| stage.name() == name);
        let stage = stage.ok_or_else(|| format!("there is no stage '{name}'"))?;
        wanted.extend_from_slice(stage.needs());
        wanted.push(stage);
    }
    let ordered = Stage::ALL
        .into_iter()
        .filter(|stage| wanted.contains(stage));
    Ok(ordered.collect())
}

fn help() -> String {
    let mut text = String::from(
        "usage: cargo xtask setup           install what is missing (Debian packages, cargo-deny)\n\
         \x20      cargo xtask demo            three database hosts, one VIP, and what lbd does for them\n\
         \x20      cargo xtask bench [NAME] [--runs N] all benchmarks, or one\n\
         \x20      cargo xtask test [STAGE...] all stages, or these and what they need\n\nstages:\n",
    );
    for stage in Stage::ALL {
        text.push_str(&format!("  {:<8}{}\n", stage.name(), stage.purpose()));
    }
    text.push_str("\nbenchmarks:\n");
    for bench in Bench::ALL {
        text.push_str(&format!("  {:<8}{}\n", bench.name(), bench.purpose()));
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Job, Stage, parse};

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_named_stage_brings_what_it_needs_in_running_order() {
        let job = parse(&words("test lab fmt")).unwrap();
        let expected = vec![Stage::Setup, Stage::Fmt, Stage::Build, Stage::Lab];
        assert_eq!(job, Job::Test(expected));
    }

    #[test]
    fn no_names_mean_every_stage() {
        assert_eq!(parse(&words("test")), Ok(Job::Test(Stage::ALL.to_vec())));
    }

    #[test]
    fn unknown_words_are_named() {
        assert!(parse(&words("tset")).unwrap_err().contains("'tset'"));
        assert!(parse(&words("test clipy")).unwrap_err().contains("'clipy'"));
        assert!(parse(&words("demo now")).unwrap_err().contains("'now'"));
        assert!(parse(&[]).is_err());
    }
}
