//! What is wrong with a configuration file, and where.

use std::fmt;

use serde_yaml::Location;

/// One thing that is wrong, at its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, counted from 1; 0 when the problem has no place.
    pub line: u64,
    /// Column, counted from 1; 0 when the problem has no place.
    pub column: u64,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Problem {
    pub(super) fn at(location: Location, message: impl Into<String>) -> Self {
        Self {
            line: location.line(),
            column: location.column(),
            message: message.into(),
        }
    }
}

/// Everything that is wrong with a configuration file; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The problems, in the order of the file's sections.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// The problems as `file:line:column: what`, each with its line of the text under it.
    #[must_use]
    pub fn render(&self, file: &str, text: &str) -> String {
        let mut out = String::new();
        for problem in &self.problems {
            render_problem(&mut out, file, text, problem);
        }
        out
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            let separator = if n == 0 { "" } else { "; " };
            write!(
                f,
                "{separator}{}:{}: {}",
                problem.line, problem.column, problem.message
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

fn render_problem(out: &mut String, file: &str, text: &str, problem: &Problem) {
    if problem.line == 0 {
        out.push_str(&format!("{file}: {}\n", problem.message));
        return;
    }
    out.push_str(&format!(
        "{file}:{}:{}: {}\n",
        problem.line, problem.column, problem.message
    ));
    let index = usize::try_from(problem.line.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(line) = text.lines().nth(index) else {
        return;
    };
    let number = problem.line.to_string();
    let indent = usize::try_from(problem.column.saturating_sub(1))
        .unwrap_or(0)
        .min(line.chars().count());
    out.push_str(&format!("  {number} | {line}\n"));
    out.push_str(&format!(
        "  {} | {}^\n",
        " ".repeat(number.len()),
        " ".repeat(indent)
    ));
}
