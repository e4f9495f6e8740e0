//! Columns and rows into channels.

use std::time::Duration;

use super::{Channel, ChannelError, IoThread};
use crate::mysql::wire::ResultSet;

/// An answer whose columns or values are not what is known of any server. It never counts as healthy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// No column, or no row, of this name.
    #[error("the server's answer has no {0}")]
    Missing(&'static str),
    /// A value that is not known.
    #[error("the server's answer has {value:?} for {name}")]
    Value {
        /// Whose value.
        name: &'static str,
        /// The value.
        value: String,
    },
}

/// A column that matters: its name since MySQL 8.0.22, and that of MariaDB and before.
#[derive(Clone, Copy)]
struct Names(&'static str, &'static str);

const IO: Names = Names("Replica_IO_Running", "Slave_IO_Running");
const SQL: Names = Names("Replica_SQL_Running", "Slave_SQL_Running");
const LAG: Names = Names("Seconds_Behind_Source", "Seconds_Behind_Master");
const SOURCE: Names = Names("Source_Host", "Master_Host");
/// MySQL 5.6 and before have one channel, without a name.
const NAME: Names = Names("Channel_Name", "Connection_name");
const IO_CODE: Names = Names("Last_IO_Errno", "Last_IO_Errno");
const IO_TEXT: Names = Names("Last_IO_Error", "Last_IO_Error");
const SQL_CODE: Names = Names("Last_SQL_Errno", "Last_SQL_Errno");
const SQL_TEXT: Names = Names("Last_SQL_Error", "Last_SQL_Error");

/// The channels. The columns are looked at even where there are no rows: an answer to something else has no
/// rows of a replica either.
pub(super) fn channels(result: &ResultSet) -> Result<Vec<Channel>, LayoutError> {
    let columns = Columns::find(result)?;
    result.rows.iter().map(|row| columns.channel(row)).collect()
}

/// Where the columns are.
struct Columns {
    io: usize,
    sql: usize,
    lag: usize,
    source: usize,
    name: Option<usize>,
    io_error: (usize, usize),
    sql_error: (usize, usize),
}

impl Columns {
    fn find(result: &ResultSet) -> Result<Self, LayoutError> {
        let position = |name: &str| {
            let mut columns = result.columns.iter();
            columns.position(|column| column.eq_ignore_ascii_case(name))
        };
        let either = |Names(new, old): Names| position(new).or_else(|| position(old));
        let needed = |names: Names| either(names).ok_or(LayoutError::Missing(names.0));
        Ok(Self {
            io: needed(IO)?,
            sql: needed(SQL)?,
            lag: needed(LAG)?,
            source: needed(SOURCE)?,
            name: either(NAME),
            io_error: (needed(IO_CODE)?, needed(IO_TEXT)?),
            sql_error: (needed(SQL_CODE)?, needed(SQL_TEXT)?),
        })
    }

    fn channel(&self, row: &[Option<String>]) -> Result<Channel, LayoutError> {
        let value = |at: usize| row.get(at).and_then(Option::as_deref);
        let text = |at: usize| value(at).unwrap_or_default().to_owned();
        let error = |(code, text_at): (usize, usize), name| {
            let code = number(value(code), name)?.unwrap_or(0);
            let code = u32::try_from(code).unwrap_or(u32::MAX);
            let text = text(text_at);
            Ok((code != 0).then_some(ChannelError { code, text }))
        };
        Ok(Channel {
            name: self.name.map(text).unwrap_or_default(),
            source: text(self.source),
            io: io_thread(value(self.io))?,
            sql_running: sql_running(value(self.sql))?,
            lag: number(value(self.lag), LAG.0)?.map(Duration::from_secs),
            io_error: error(self.io_error, IO_CODE.0)?,
            sql_error: error(self.sql_error, SQL_CODE.0)?,
        })
    }
}

fn io_thread(value: Option<&str>) -> Result<IoThread, LayoutError> {
    match value.unwrap_or_default() {
        "Yes" => Ok(IoThread::Running),
        // MariaDB says Preparing before it connects.
        "Connecting" | "Preparing" => Ok(IoThread::Connecting),
        "No" => Ok(IoThread::Stopped),
        other => Err(unknown(IO.0, other)),
    }
}

fn sql_running(value: Option<&str>) -> Result<bool, LayoutError> {
    match value.unwrap_or_default() {
        "Yes" => Ok(true),
        "No" => Ok(false),
        other => Err(unknown(SQL.0, other)),
    }
}

fn number(value: Option<&str>, name: &'static str) -> Result<Option<u64>, LayoutError> {
    let read = |text: &str| text.parse().map_err(|_| unknown(name, text));
    value.map(read).transpose()
}

fn unknown(name: &'static str, value: &str) -> LayoutError {
    LayoutError::Value {
        name,
        value: value.chars().take(64).collect(),
    }
}
