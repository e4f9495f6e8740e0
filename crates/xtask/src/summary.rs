//! What ran, what failed, what could not run and why.

use crate::counts::Counts;
use crate::stage::{Stage, Verdict};
use std::time::Duration;

/// A stage that is over.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) stage: Stage,
    pub(crate) verdict: Verdict,
    pub(crate) took: Duration,
    /// The tests inside it; empty for a stage that is one check.
    pub(crate) counts: Counts,
}

impl Report {
    /// The verdict in a word.
    pub(crate) const fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed(_) => "FAILED",
            Verdict::NotRun(_) => "not run",
        }
    }

    /// What this stage adds to the total: its tests, or itself where it has none or they don't show its failure.
    fn share(&self) -> Counts {
        let itself = match self.verdict {
            Verdict::Passed => Counts {
                passed: 1,
                ..Counts::default()
            },
            Verdict::Failed(_) => Counts {
                failed: 1,
                ..Counts::default()
            },
            Verdict::NotRun(_) => Counts {
                skipped: 1,
                ..Counts::default()
            },
        };
        let told = self.counts.failed > 0 || matches!(self.verdict, Verdict::Passed);
        if self.counts == Counts::default() {
            itself
        } else if told {
            self.counts
        } else {
            self.counts.plus(itself)
        }
    }

    fn remark(&self) -> String {
        let tests = if self.counts == Counts::default() {
            String::new()
        } else {
            self.counts.to_string()
        };
        match &self.verdict {
            Verdict::Passed => tests,
            Verdict::Failed(why) | Verdict::NotRun(why) if tests.is_empty() => why.clone(),
            Verdict::Failed(why) | Verdict::NotRun(why) => format!("{tests} ({why})"),
        }
    }
}

/// One line per stage.
pub(crate) fn table(reports: &[Report]) -> String {
    let mut text = format!(
        "\n{:<9}{:<9}{:>12}  {}\n",
        "stage", "result", "time", "tests, or why"
    );
    for report in reports {
        let (name, word) = (report.stage.name(), report.word());
        let line = format!(
            "{name:<9}{word:<9}{:>12}  {}",
            duration(report.took),
            report.remark()
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let time = reports.iter().map(|report| report.took).sum();
    text.push_str(&format!("{:<18}{:>12}\n", "all", duration(time)));
    text
}

/// All tests and checks together.
///
/// The ordinary tests skip those of the kernel stage; where that ran them, they are not counted as skipped as well.
pub(crate) fn total(reports: &[Report]) -> Counts {
    let sum = reports
        .iter()
        .fold(Counts::default(), |sum, report| sum.plus(report.share()));
    let of = |stage| {
        let report = reports.iter().find(|report| report.stage == stage);
        report.map_or_else(Counts::default, |report| report.counts)
    };
    let made_good = of(Stage::Kernel).ran().min(of(Stage::Tests).skipped);
    Counts {
        skipped: sum.skipped - made_good,
        ..sum
    }
}

/// `0.4 s`, `3 min 07 s`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f32())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::{Report, duration, table, total};
    use crate::counts::Counts;
    use crate::stage::{Stage, Verdict};
    use std::time::Duration;

    fn report(stage: Stage, verdict: Verdict, [passed, failed, skipped]: [u64; 3]) -> Report {
        let counts = Counts {
            passed,
            failed,
            skipped,
        };
        Report {
            stage,
            verdict,
            took: Duration::from_millis(1250),
            counts,
        }
    }

    fn why() -> String {
        "why".to_owned()
    }

    #[test]
    fn a_check_counts_once_and_tests_count_each() {
        let reports = [
            report(Stage::Fmt, Verdict::Passed, [0; 3]),
            report(Stage::Deny, Verdict::NotRun(why()), [0; 3]),
            report(Stage::Tests, Verdict::Failed(why()), [40, 2, 0]),
        ];
        assert_eq!(
            total(&reports).to_string(),
            "41 passed, 2 failed, 1 skipped"
        );
    }

    #[test]
    fn a_failure_that_no_test_shows_is_counted() {
        let reports = [report(Stage::Lab, Verdict::Failed(why()), [7, 0, 0])];
        assert_eq!(total(&reports).to_string(), "7 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn tests_that_the_kernel_stage_ran_are_not_skipped() {
        let reports = [
            report(Stage::Tests, Verdict::Passed, [40, 0, 12]),
            report(Stage::Kernel, Verdict::Passed, [11, 0, 0]),
        ];
        assert_eq!(
            total(&reports).to_string(),
            "51 passed, 0 failed, 1 skipped"
        );
    }

    #[test]
    fn the_table_says_why() {
        let reports = [report(Stage::Deny, Verdict::NotRun(why()), [0; 3])];
        assert!(
            table(&reports).contains("deny     not run         1.2 s  why\n"),
            "{}",
            table(&reports)
        );
    }

    #[test]
    fn long_times_are_in_minutes() {
        assert_eq!(duration(Duration::from_secs(187)), "3 min 07 s");
    }
}
