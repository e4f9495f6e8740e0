//! `lbd status --watch`: the status again and again.

use std::io::{IsTerminal, stdout};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::failure::Failure;
use crate::say::say;
use crate::status::{Form, shown};

/// From one look to the next.
const PAUSE: Duration = Duration::from_secs(1);
/// Cursor to the upper left corner, and the screen from there on cleared (ECMA-48: CUP, ED): without the flicker of clearing it first.
const ANEW: &str = "\u{1b}[H\u{1b}[J";

/// Shows it until it is interrupted. A terminal shows the newest one, a file or pipe gets them one after another. A daemon that is being
/// restarted is waited for; one that does not answer at the beginning is an error.
pub(crate) fn watch(runtime_dir: &Path, form: Form) -> Result<(), Failure> {
    let screen = stdout().is_terminal();
    let mut next = shown(runtime_dir, form)?;
    loop {
        match (screen, form) {
            (true, Form::People) => say(&format!("{ANEW}{next}"))?,
            (false, Form::People) => say(&format!("{next}\n"))?,
            (_, Form::Line | Form::Pretty) => say(&next)?,
        }
        sleep(PAUSE);
        next = loop {
            match (shown(runtime_dir, form), form) {
                (Ok(shown), _) => break shown,
                (Err(failure), Form::People) => break failure.to_string(),
                // No line is to be what is no status.
                (Err(_), Form::Line | Form::Pretty) => sleep(PAUSE),
            }
        };
    }
}
