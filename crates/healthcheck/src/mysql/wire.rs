//! The client's side of the protocol, pure: octets in, octets out, no socket and no clock.
//!
//! As much of it as a probe needs: the greeting, the login with its plugins, `COM_PING`, `COM_QUERY` with text
//! results, `COM_QUIT`. Layouts are those of MySQL's [client/server protocol] and MariaDB's [page on it]; all
//! integers are little-endian.
//!
//! ```text
//! packet:  length of the payload (3 octets) | sequence (1 octet) | payload
//! ```
//!
//! Whatever a peer sends, nothing here panics, and no more than [`MAX_PAYLOAD`] octets of a packet and of a whole
//! answer are kept.
//!
//! [client/server protocol]: https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
//! [page on it]: https://mariadb.com/kb/en/clientserver-protocol/

mod answer;
mod error;
mod frame;
mod greeting;
mod login;
mod reader;
mod refusal;
mod response;

pub use answer::{Answer, AnswerReader, ResultSet};
pub use error::WireError;
pub use frame::{Frames, MAX_PAYLOAD, Packet, frame};
pub use greeting::{Greeting, Opening};
pub use login::{Credentials, Login, LoginError, Step};
pub use refusal::ServerError;
pub use response::ssl_request;

/// Ends the session in an orderly way; the server answers by closing. Without it the server counts
/// `Aborted_clients`.
pub const COM_QUIT: u8 = 0x01;

/// A statement, as text to the end of the packet.
pub const COM_QUERY: u8 = 0x03;

/// Is answered by OK as soon as the session's thread gets to it. Needs no right.
pub const COM_PING: u8 = 0x0e;

/// The first octet of a packet that is an error.
const ERROR: u8 = 0xff;

/// The first octet of a packet that says OK.
const OK: u8 = 0x00;

/// Text of a peer as it may be shown: no control characters, not without end.
fn printable(text: &[u8]) -> String {
    const MOST: usize = 512;
    String::from_utf8_lossy(text)
        .chars()
        .take(MOST)
        .map(|char| if char.is_control() { '\u{fffd}' } else { char })
        .collect()
}
