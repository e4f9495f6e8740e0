//! Whom to probe, and how deep.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

#[cfg(feature = "mysql-tls")]
use super::Tls;
use super::replica::ReplicaOptions;
use super::wire::MAX_PAYLOAD;
use super::{Password, PublicKey};

/// How deep a probe looks. Each level includes the login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    /// The server answers `COM_PING`.
    Ping,
    /// The statement does not fail; what it gives is not looked at. One statement, and one that
    /// changes nothing.
    Query(String),
    /// The state of replication and of `read_only` can be read. What it *is* stands in the report and is not
    /// judged.
    Replica(ReplicaOptions),
}

/// How to probe one server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The server.
    pub target: SocketAddr,
    /// The address to connect from; else the kernel chooses. On a host that carries a virtual address
    /// this should be its own, or the probe may leave with the virtual one.
    pub source: Option<IpAddr>,
    /// The user's name.
    pub user: String,
    /// The user's password.
    pub password: Password,
    /// How deep to look.
    pub level: Level,
    /// A session that is older than this is replaced: the next probe logs in anew. Zero: every probe does.
    /// Default 30 s.
    pub fresh_login: Duration,
    /// The server's RSA key, for `caching_sha2_password` without TLS; else the server is asked for it.
    pub public_key: Option<PublicKey>,
    /// Whether to encrypt the connection. Default: off.
    #[cfg(feature = "mysql-tls")]
    pub tls: Tls,
}

/// Settings that no server could be probed with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No user name that a server knows: 1 to 128 octets without NUL.
    #[error("{0:?} is no user name: it has to have 1 to 128 octets and no NUL")]
    User(String),
    /// A statement that is empty or does not fit a packet.
    #[error("the statement of a query check is {0} octets long; it has to have 1 to {MAX_PAYLOAD}")]
    Statement(usize),
}

impl Settings {
    /// A ping of `target` as `user`, with the defaults said at each field.
    #[must_use]
    pub fn new(target: SocketAddr, user: impl Into<String>, password: Password) -> Self {
        const FRESH_LOGIN: Duration = Duration::from_secs(30);
        Self {
            target,
            source: None,
            user: user.into(),
            password,
            level: Level::Ping,
            fresh_login: FRESH_LOGIN,
            public_key: None,
            #[cfg(feature = "mysql-tls")]
            tls: Tls::Off,
        }
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        const LONGEST_USER: usize = 128;
        if !(1..=LONGEST_USER).contains(&self.user.len()) || self.user.contains('\0') {
            return Err(SettingsError::User(self.user.clone()));
        }
        match &self.level {
            // One octet is the command.
            Level::Query(statement) if !(1..MAX_PAYLOAD).contains(&statement.len()) => {
                Err(SettingsError::Statement(statement.len()))
            }
            Level::Ping | Level::Query(_) | Level::Replica(_) => Ok(()),
        }
    }
}
