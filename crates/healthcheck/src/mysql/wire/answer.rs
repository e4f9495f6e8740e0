//! The answer to a command.

use super::reader::Reader;
use super::{ERROR, MAX_PAYLOAD, OK, ServerError, WireError, printable};

/// What the server answered to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done; there are no rows.
    Ok,
    /// Rows, maybe none.
    Rows(ResultSet),
    /// It could not, and says why.
    Error(ServerError),
}

/// Rows as text, as `COM_QUERY` gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultSet {
    /// The names of the columns, in order.
    pub columns: Vec<String>,
    /// The rows, each with a value for each column; `None` is NULL. Not UTF-8 comes with replacement characters.
    pub rows: Vec<Vec<Option<String>>>,
}

impl ResultSet {
    /// The value of the first row's first column: `None` without a row, or if it is NULL.
    #[must_use]
    pub fn scalar(&self) -> Option<&str> {
        self.rows.first()?.first()?.as_deref()
    }
}

/// Puts an answer together from its packets.
///
/// ```text
/// OK | error | number of columns, that many definitions, EOF, rows, EOF or error
/// ```
///
/// That is the form without `CLIENT_DEPRECATE_EOF`.
#[derive(Clone, Debug, Default)]
pub struct AnswerReader {
    state: State,
    octets: usize,
    result: ResultSet,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    First,
    Columns {
        left: usize,
    },
    EndOfColumns,
    Rows,
}

impl AnswerReader {
    /// A reader that waits for the first packet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next payload; gives the answer when it is complete.
    ///
    /// # Errors
    /// [`WireError::Malformed`] for what is no answer (also a demand for a local file, and several results at
    /// once, which were not asked for), [`WireError::TooLarge`] for more than [`MAX_PAYLOAD`] in all.
    pub fn take(&mut self, payload: &[u8]) -> Result<Option<Answer>, WireError> {
        // An empty value still takes memory.
        self.octets = self.octets.saturating_add(payload.len()).saturating_add(32);
        if self.octets > MAX_PAYLOAD {
            return Err(WireError::TooLarge {
                announced: self.octets,
                limit: MAX_PAYLOAD,
            });
        }
        if payload.first() == Some(&ERROR) {
            return Ok(ServerError::read(payload)?.map(Answer::Error));
        }
        match self.state {
            State::First => self.first(payload),
            State::Columns { left } => self.column(payload, left),
            State::EndOfColumns => self.end_of_columns(payload),
            State::Rows => self.row(payload),
        }
    }

    fn first(&mut self, payload: &[u8]) -> Result<Option<Answer>, WireError> {
        const LOCAL_FILE: u8 = 0xfb;
        const MOST_COLUMNS: u64 = 4096;
        match payload.first() {
            Some(&OK) => return Ok(Some(Answer::Ok)),
            Some(&LOCAL_FILE) => {
                return Err(WireError::Malformed(
                    "the server asks for a file of this host",
                ));
            }
            Some(_) | None => {}
        }
        let columns = Reader::new(payload)
            .integer()
            .filter(|columns| (1..=MOST_COLUMNS).contains(columns))
            .and_then(|columns| usize::try_from(columns).ok());
        let Some(left) = columns else {
            return Err(WireError::Malformed(
                "the answer is neither OK nor an error nor rows",
            ));
        };
        self.state = State::Columns { left };
        Ok(None)
    }

    /// `catalog, schema, table, original table, name, ...`, each a string with its length.
    fn column(&mut self, payload: &[u8], left: usize) -> Result<Option<Answer>, WireError> {
        let mut reader = Reader::new(payload);
        let name = (0..4)
            .try_for_each(|_| reader.string().map(|_| ()))
            .and_then(|()| reader.string());
        let name = name.ok_or(WireError::Malformed("a column definition cut short"))?;
        self.result.columns.push(printable(name));
        let left = left.saturating_sub(1);
        self.state = match left {
            0 => State::EndOfColumns,
            left => State::Columns { left },
        };
        Ok(None)
    }

    fn end_of_columns(&mut self, payload: &[u8]) -> Result<Option<Answer>, WireError> {
        if end(payload).is_none() {
            return Err(WireError::Malformed("no end after the column definitions"));
        }
        self.state = State::Rows;
        Ok(None)
    }

    fn row(&mut self, payload: &[u8]) -> Result<Option<Answer>, WireError> {
        const MORE_RESULTS: u16 = 0x0008;
        if let Some(status) = end(payload) {
            if status & MORE_RESULTS != 0 {
                return Err(WireError::Malformed("several results to one statement"));
            }
            return Ok(Some(Answer::Rows(core::mem::take(&mut self.result))));
        }
        let mut reader = Reader::new(payload);
        let row: Option<Vec<_>> = (0..self.result.columns.len())
            .map(|_| reader.string_or_null())
            .collect();
        let row = row.ok_or(WireError::Malformed("a row cut short"))?;
        if !reader.rest().is_empty() {
            return Err(WireError::Malformed("a row with more values than columns"));
        }
        // Strings and options are far larger than empty values on the wire.
        self.octets = self.octets.saturating_add(row.len().saturating_mul(24));
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let row = row.into_iter().map(|value| value.map(text)).collect();
        self.result.rows.push(row);
        Ok(None)
    }
}

/// The status flags, if this is an EOF packet: `0xfe | warnings (2) | status (2)`. A row may begin with 0xfe
/// too, but is longer then.
fn end(payload: &[u8]) -> Option<u16> {
    let mut reader = Reader::new(payload);
    if reader.u8()? != 0xfe || payload.len() >= 9 {
        return None;
    }
    let _warnings = reader.u16()?;
    reader.u16()
}
