//! What a client saw, counted.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use super::attempt::{Attempt, Trouble};
use crate::failed::Result;

/// Attempts of a span of time.
#[derive(Clone, Debug)]
pub struct Report {
    /// In the order in which they began.
    pub attempts: Vec<Attempt>,
    from: Duration,
    to: Duration,
}

impl Report {
    pub(super) fn new(mut attempts: Vec<Attempt>, from: Duration, to: Duration) -> Self {
        attempts.sort_by_key(|attempt| attempt.at);
        Self { attempts, from, to }
    }

    /// Those that began in a span of the lab's time.
    #[must_use]
    pub fn between(&self, from: Duration, to: Duration) -> Self {
        let attempts = self
            .attempts
            .iter()
            .filter(|attempt| (from..to).contains(&attempt.at))
            .cloned()
            .collect();
        Self { attempts, from, to }
    }

    /// Those that began at or after a time.
    #[must_use]
    pub fn after(&self, from: Duration) -> Self {
        self.between(from, self.to.max(from))
    }

    /// Keeps every attempt as a line of `at,took,result` (times in seconds).
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&self, path: &Path) -> Result {
        let mut file = BufWriter::new(File::create(path)?);
        for attempt in &self.attempts {
            let result = attempt
                .result
                .as_ref()
                .map_or_else(|trouble| format!("failed: {trouble}"), Clone::clone);
            let (at, took) = (attempt.at.as_secs_f64(), attempt.took.as_secs_f64());
            writeln!(file, "{at:.3},{took:.3},{result}")?;
        }
        Ok(file.flush()?)
    }

    /// Answers per server.
    #[must_use]
    pub fn per_server(&self) -> BTreeMap<String, usize> {
        let mut servers = BTreeMap::new();
        for name in self
            .attempts
            .iter()
            .filter_map(|attempt| attempt.result.as_ref().ok())
        {
            *servers.entry(name.clone()).or_default() += 1;
        }
        servers
    }

    /// Answers of one server.
    #[must_use]
    pub fn of(&self, server: &str) -> usize {
        self.per_server().get(server).copied().unwrap_or_default()
    }

    /// All answers.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.attempts
            .iter()
            .filter(|attempt| attempt.result.is_ok())
            .count()
    }

    /// All failures.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.attempts.len() - self.answered()
    }

    /// Failures by their kind.
    #[must_use]
    pub fn troubles(&self) -> BTreeMap<Trouble, usize> {
        let mut kinds = BTreeMap::new();
        for trouble in self
            .attempts
            .iter()
            .filter_map(|attempt| attempt.result.as_ref().err())
        {
            *kinds.entry(trouble.clone()).or_default() += 1;
        }
        kinds
    }

    /// The longest time between two answers, the ends of the span counting as such.
    #[must_use]
    pub fn longest_silence(&self) -> Duration {
        let mut times: Vec<Duration> = self
            .attempts
            .iter()
            .filter(|attempt| attempt.result.is_ok())
            .map(|attempt| attempt.at + attempt.took)
            .chain([self.from, self.to])
            .collect();
        times.sort();
        times
            .windows(2)
            .filter_map(|pair| Some(pair.last()?.saturating_sub(*pair.first()?)))
            .max()
            .unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<_> = self
            .per_server()
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        write!(f, "{} answered ({})", self.answered(), servers.join(", "))?;
        if self.failed() > 0 {
            let kinds: Vec<_> = self
                .troubles()
                .iter()
                .map(|(kind, count)| format!("{count} {kind}"))
                .collect();
            write!(f, ", {} failed ({})", self.failed(), kinds.join(", "))?;
        }
        write!(
            f,
            ", longest silence {:.2} s",
            self.longest_silence().as_secs_f64()
        )
    }
}
