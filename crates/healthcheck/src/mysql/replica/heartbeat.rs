//! A table that the primary writes the time into.

use core::fmt;
use std::time::Duration;

/// A heartbeat table, as [pt-heartbeat] fills it with `--utc`: one row for each server that writes, with the time as
/// `2026-11-25T10:00:00.001250`. The lag is how old the newest is, by the asked server's clock in UTC; a time
/// in the future is no lag.
///
/// [pt-heartbeat]: https://docs.percona.com/percona-toolkit/pt-heartbeat.html
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    database: String,
    table: String,
    column: String,
}

/// Why a heartbeat table is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeartbeatError {
    /// No `DATABASE.TABLE`.
    #[error("{0:?} is no heartbeat table: write DATABASE.TABLE, such as percona.heartbeat")]
    Table(String),
    /// An identifier that no server accepts.
    #[error("{0:?} is no identifier: 1 to 64 characters, no control characters")]
    Identifier(String),
}

impl Heartbeat {
    /// pt-heartbeat's name for the column with the time.
    pub const COLUMN: &'static str = "ts";

    /// `table` is `DATABASE.TABLE`; `column` is [`Heartbeat::COLUMN`] if not given.
    ///
    /// # Errors
    /// When one of the three is no identifier.
    pub fn new(table: &str, column: Option<&str>) -> Result<Self, HeartbeatError> {
        let (database, name) = table
            .split_once('.')
            .ok_or_else(|| HeartbeatError::Table(table.to_owned()))?;
        Ok(Self {
            database: identifier(database)?,
            table: identifier(name)?,
            column: identifier(column.unwrap_or(Self::COLUMN))?,
        })
    }

    /// The statement that gives its age in microseconds, or NULL when there is none.
    pub(in crate::mysql) fn statement(&self) -> String {
        let column = quoted(&self.column);
        format!("SELECT TIMESTAMPDIFF(MICROSECOND, MAX({column}), UTC_TIMESTAMP(6)) FROM {self}")
    }

    /// Reads the answer to it.
    pub(in crate::mysql) fn read(age: Option<&str>) -> Option<Duration> {
        let microseconds: i64 = age?.parse().ok()?;
        Some(Duration::from_micros(
            u64::try_from(microseconds).unwrap_or(0),
        ))
    }
}

impl fmt::Display for Heartbeat {
    /// The table, quoted as in a statement.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", quoted(&self.database), quoted(&self.table))
    }
}

fn identifier(text: &str) -> Result<String, HeartbeatError> {
    let length = text.chars().count();
    match (1..=64).contains(&length) && !text.contains(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(HeartbeatError::Identifier(text.to_owned())),
    }
}

fn quoted(identifier: &str) -> String {
    format!("`{}`", identifier.replace('`', "``"))
}
