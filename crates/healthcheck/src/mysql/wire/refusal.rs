//! The server's errors.

use core::fmt;

use super::reader::Reader;
use super::{ERROR, WireError, printable};

/// An error that the server reported.
///
/// ```text
/// 0xff | code (2 octets) | ['#' | SQLSTATE (5 octets)] | text
/// ```
///
/// One that comes in place of the greeting (1040, 1129, 1130) has no SQLSTATE: the server does not know yet
/// what the client understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerError {
    /// The number, as in the server's list of errors.
    pub code: u16,
    /// The SQLSTATE, if the error carries one.
    pub state: Option<String>,
    /// The server's words, in its language; control characters replaced, at most 512 characters.
    pub text: String,
}

impl ServerError {
    /// Reads an error; `None` if the packet is something else.
    ///
    /// # Errors
    /// [`WireError::Malformed`] when it ends before its code.
    pub fn read(payload: &[u8]) -> Result<Option<Self>, WireError> {
        let mut reader = Reader::new(payload);
        if reader.u8() != Some(ERROR) {
            return Ok(None);
        }
        let code = reader
            .u16()
            .ok_or(WireError::Malformed("an error without a code"))?;
        let mut after = reader;
        let state: Option<[u8; 5]> = match after.array::<6>() {
            Some([b'#', state @ ..]) => Some(state),
            Some(_) | None => None,
        };
        let text = if state.is_some() { after } else { reader };
        Ok(Some(Self {
            code,
            state: state.map(|state| printable(&state)),
            text: printable(text.rest()),
        }))
    }
}

impl core::error::Error for ServerError {}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {}", self.code)?;
        if let Some(state) = &self.state {
            write!(f, " ({state})")?;
        }
        write!(f, ": {}", self.text)
    }
}
