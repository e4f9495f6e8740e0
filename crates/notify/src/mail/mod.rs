//! Mail to operators.
//!
//! What happens within [`Settings::gather`] after the first change goes into one mail. A server that does not answer is tried
//! again, at first after [`Settings::retry`], then after twice as long each time, up to 64 times that; what happens meanwhile
//! waits for the next mail. At most [`CAPACITY`] lines wait: of more, the oldest are left out, and the mail says how many. A
//! server that refuses for good (a code from 500 on, RFC 5321, 4.2.1) is not asked again.
//!
//! Each receiver gets a mail of its own, so that one who is refused costs the others nothing.

mod letter;
mod password;
mod post;
mod transport;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

pub use letter::CAPACITY;
pub use post::{Delivery, Post};

use crate::signal::Shared;
use letter::Pouch;

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Not at all.
    None,
    /// By TLS, begun with STARTTLS (RFC 3207); a server that does not offer it gets no mail.
    StartTls,
    /// By TLS from the first octet on (RFC 8314, 3.3).
    Tls,
}

/// Who logs in to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The file whose first line is the password; read before each mail. Others must not be able to read or write it.
    pub password_file: PathBuf,
}

/// Where mail goes, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The sender's address.
    pub from: String,
    /// The receivers' addresses.
    pub to: Vec<String>,
    /// The server's name or address; an IPv6 address without brackets.
    pub host: String,
    /// The server's port.
    pub port: u16,
    /// The name to greet the server with.
    pub greet_as: String,
    /// How long a connection may take to stand, and each answer of the server after that.
    pub connect_timeout: Duration,
    /// How the connection is protected.
    pub encryption: Encryption,
    /// A file in PEM with the authorities that may have signed the server's certificate; none: the system's. Read before
    /// each mail.
    pub ca_file: Option<PathBuf>,
    /// Who logs in; none: nobody does.
    pub login: Option<Login>,
    /// What each subject begins with.
    pub subject: String,
    /// How long changes are gathered after the first.
    pub gather: Duration,
    /// When a server that did not answer is first tried again.
    pub retry: Duration,
}

/// Takes what is to be mailed.
#[derive(Debug)]
pub struct Mail {
    pouch: Shared<Pouch>,
}

impl Mail {
    /// A pouch for lines, and what carries it.
    #[must_use]
    pub fn new(settings: Settings) -> (Self, Post) {
        let pouch = Shared::new(Pouch::default());
        let post = Post::new(settings, pouch.clone());
        (Self { pouch }, post)
    }

    /// Has this line mailed. It happened at this time.
    pub fn tell(&self, at: SystemTime, line: impl Into<String>) {
        let line = line.into();
        self.pouch.with(|pouch| pouch.put(at, line));
        self.pouch.ring();
    }
}

/// Nothing more will come: what waits is mailed at once.
impl Drop for Mail {
    fn drop(&mut self) {
        self.pouch.close();
    }
}
