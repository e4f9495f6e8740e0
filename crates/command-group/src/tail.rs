//! The last line of what a command writes.

use std::io::{self, ErrorKind};

/// What is kept of a line, in octets.
const LINE: usize = 200;

/// What is read in one go, so that a command which writes without end cannot hold up the daemon.
const AT_ONCE: usize = 64 * 1024;

/// The last line that is not blank, and the one that is not complete yet.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    last: Vec<u8>,
    current: Vec<u8>,
}

impl Tail {
    fn take(&mut self, octets: &[u8]) {
        for octet in octets {
            match octet {
                b'\n' => self.end_line(),
                octet if self.current.len() < LINE => self.current.push(*octet),
                _ => {}
            }
        }
    }

    fn end_line(&mut self) {
        let line = core::mem::take(&mut self.current);
        if !line.trim_ascii().is_empty() {
            self.last = line;
        }
    }

    /// Takes what `read` gives without waiting, up to a bound. False once there is nothing more to come.
    pub(crate) fn take_what_is_there(
        &mut self,
        mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> bool {
        let mut buffer = [0; 4096];
        for _ in 0..AT_ONCE / buffer.len() {
            match read(&mut buffer) {
                Ok(0) => return false,
                Ok(length) => self.take(buffer.get(..length).unwrap_or_default()),
                Err(error) => {
                    let kind = error.kind();
                    return kind == ErrorKind::WouldBlock || kind == ErrorKind::Interrupted;
                }
            }
        }
        true
    }

    /// The last line, printable.
    pub(crate) fn last_line(&mut self) -> String {
        self.end_line();
        String::from_utf8_lossy(self.last.trim_ascii())
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .collect()
    }
}
