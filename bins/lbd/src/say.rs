//! What a command answers.

use std::io::{self, Write};

use crate::failure::Failure;

/// Writes a line to standard output.
pub(crate) fn say(what: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{what}").map_err(|error| Failure::Runtime(error.to_string()))
}
