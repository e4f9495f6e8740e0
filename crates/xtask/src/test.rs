//! `cargo xtask test`: all stages, whatever came of the earlier ones, and then the table.

use crate::counts::Counts;
use crate::project::Project;
use crate::stage::{Stage, Verdict};
use crate::summary::{self, Report};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Runs the stages, prints the summary and the closing line.
pub(crate) fn run(project: &Project, stages: &[Stage]) -> ExitCode {
    let mut reports: Vec<Report> = Vec::new();
    for &stage in stages {
        let report = match blocker(stage, &reports) {
            Some(earlier) => not_run(stage, format!("{} did not pass", earlier.name())),
            None => carry_out(stage, project),
        };
        reports.push(report);
    }
    print!("{}", summary::table(&reports));
    println!("\n{}", summary::total(&reports));
    exit_code(&reports)
}

fn carry_out(stage: Stage, project: &Project) -> Report {
    println!("\n== {}: {}", stage.name(), stage.purpose());
    let start = Instant::now();
    let mut counts = Counts::default();
    let verdict = stage.run(project, &mut counts);
    let report = Report {
        stage,
        verdict,
        took: start.elapsed(),
        counts,
    };
    println!(
        "== {}: {} after {}",
        stage.name(),
        report.word(),
        summary::duration(report.took)
    );
    report
}

fn not_run(stage: Stage, why: String) -> Report {
    Report {
        stage,
        verdict: Verdict::NotRun(why),
        took: Duration::ZERO,
        counts: Counts::default(),
    }
}

/// The first earlier stage without which this one would only fail again.
fn blocker(stage: Stage, reports: &[Report]) -> Option<Stage> {
    let bad = |report: &&Report| !matches!(report.verdict, Verdict::Passed);
    let mut bad_stages = reports.iter().filter(bad).map(|report| report.stage);
    bad_stages.find(|earlier| stage.blockers().contains(earlier))
}

fn exit_code(reports: &[Report]) -> ExitCode {
    let any = |wanted: fn(&Verdict) -> bool| reports.iter().any(|report| wanted(&report.verdict));
    if any(|verdict| matches!(verdict, Verdict::Failed(_))) {
        ExitCode::FAILURE
    } else if any(|verdict| matches!(verdict, Verdict::NotRun(_))) {
        ExitCode::from(3)
    } else {
        ExitCode::SUCCESS
    }
}
