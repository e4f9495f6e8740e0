//! What was found, for people and for programs.

use std::fmt;

use serde::Serialize;

/// One thing that makes such a cluster fail, or will.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// Which family it is of: one word for programs.
    pub(super) about: &'static str,
    /// What was found, and what comes of it.
    pub(super) what: String,
    /// What to do, where the other does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
}

impl Finding {
    pub(super) fn new(
        about: &'static str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            about,
            what: what.into(),
            remedy: Some(remedy.into()),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}.", self.about, self.what)?;
        match &self.remedy {
            Some(remedy) => write!(f, " {remedy}."),
            None => Ok(()),
        }
    }
}

/// All that was found, and what could not be looked at.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    /// What is wrong.
    pub(super) findings: Vec<Finding>,
    /// What nothing can be said of, and why.
    pub(super) not_known: Vec<String>,
}

impl Report {
    /// Keeps what was read, or why it could not be.
    pub(super) fn read<T, E: fmt::Display>(
        &mut self,
        what: &str,
        result: Result<T, E>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.not_known.push(format!("{what}: {error}"));
                None
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}\n")?;
        }
        for what in &self.not_known {
            writeln!(f, "not known: {what}.\n")?;
        }
        match self.findings.len() {
            0 => write!(f, "nothing was found"),
            1 => write!(f, "1 finding"),
            count => write!(f, "{count} findings"),
        }
    }
}
