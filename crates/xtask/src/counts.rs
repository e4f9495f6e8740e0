//! Counting tests from what the test programs print.

use std::fmt;

/// How many tests came out how. Displayed as the plain closing line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    /// Those that were carried out.
    pub(crate) fn ran(self) -> u64 {
        self.passed + self.failed
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// Reads the closing line of one of cargo's test programs:
/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`.
pub(crate) fn cargo_result(line: &str) -> Option<Counts> {
    let (_verdict, numbers) = line
        .trim()
        .strip_prefix("test result: ")?
        .split_once(". ")?;
    read(numbers, ';', "ignored")
}

/// Reads the closing line of the lab: `12 passed, 0 failed, 1 skipped`.
pub(crate) fn lab_result(line: &str) -> Option<Counts> {
    let numbers = line.trim();
    numbers
        .starts_with(|first: char| first.is_ascii_digit())
        .then_some(())?;
    read(numbers, ',', "skipped")
}

fn read(numbers: &str, separator: char, skipped: &str) -> Option<Counts> {
    let mut parts = numbers.split(separator);
    let mut next = |word: &str| -> Option<u64> {
        let number = parts.next()?.trim().strip_suffix(word)?;
        number.trim_end().parse().ok()
    };
    Some(Counts {
        passed: next("passed")?,
        failed: next("failed")?,
        skipped: next(skipped)?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Counts, cargo_result, lab_result};

    const COUNTS: Counts = Counts {
        passed: 12,
        failed: 3,
        skipped: 4,
    };

    #[test]
    fn a_test_program_of_cargo_is_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 4 ignored; 0 measured; 1 filtered out; finished in 0.01s\r";
        assert_eq!(cargo_result(line), Some(COUNTS));
    }

    #[test]
    fn a_coloured_verdict_is_counted_too() {
        let line = "test result: \u{1b}[31mFAILED\u{1b}(B\u{1b}[m. 12 passed; 3 failed; 4 ignored; 0 measured";
        assert_eq!(cargo_result(line), Some(COUNTS));
    }

    #[test]
    fn the_closing_line_of_the_lab_is_counted_and_is_what_we_print() {
        assert_eq!(lab_result(&COUNTS.to_string()), Some(COUNTS));
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in [
            "",
            "test result:",
            "12 passed, 3 failed",
            "12 reads passed, 1 failed, 2 skipped",
            "x 1 passed, 2 failed, 3 skipped",
        ] {
            assert_eq!(cargo_result(line).or(lab_result(line)), None, "{line}");
        }
    }
}
