//! How a probe failed, and what to do about it.

use core::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::replica::LayoutError;
use super::wire::{LoginError, ServerError, WireError};

/// A failed probe.
///
/// Displayed, it is one sentence for an operator: which server, what failed, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{target}: {reason} ({stage})")]
pub struct Fault {
    /// The server.
    pub target: SocketAddr,
    /// Where in the probe it was found.
    pub stage: Stage,
    /// What it is.
    pub reason: Reason,
    /// From the start of the probe to this.
    pub took: Duration,
}

/// How far a probe had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Waiting for the TCP connection.
    Connect,
    /// Connected, waiting for the server's greeting.
    Greeting,
    /// Greeted, setting up TLS.
    Tls,
    /// Proving the password.
    Login,
    /// Logged in, waiting for an answer.
    Query,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "while connecting",
            Self::Greeting => "while waiting for the greeting",
            Self::Tls => "while setting up TLS",
            Self::Login => "while logging in",
            Self::Query => "while waiting for an answer",
        })
    }
}

/// What a fault says of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// It does not serve, as far as can be seen.
    Down,
    /// It lives, and takes no *new* connections: those that it has go on.
    Busy,
    /// It lives and serves others; the probe is not let in or cannot judge. Nothing gets better until an
    /// operator acts.
    Alarm,
}

/// Why a probe failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The host lives, and nothing listens (`ECONNREFUSED`).
    #[error(
        "connection refused: the server does not run, or does not listen on this address and port"
    )]
    Refused,
    /// No way to the host (`EHOSTUNREACH`, `ENETUNREACH`).
    #[error("host unreachable: it is down, or there is no route to it")]
    Unreachable,
    /// Not done by the deadline, or the host's kernel acknowledges nothing any more.
    #[error("timed out: the server hangs, is overloaded, or packets are dropped on the way")]
    TimedOut,
    /// The connection was cut off (`ECONNRESET`, `EPIPE`).
    #[error(
        "connection reset: the server or something on the way cut it off; look into the server's log"
    )]
    Reset,
    /// The server closed the connection without a word.
    #[error("closed by the server without a word: it is stopping, or crashed; look into its log")]
    Closed,
    /// 1040: as many connections as `max_connections` allows.
    #[error("busy: {0}; raise max_connections, or find out who holds the connections")]
    TooManyConnections(ServerError),
    /// 1203, 1226: the probing user has as many connections as it may.
    #[error(
        "the probing user's limit is reached: {0}; raise its MAX_USER_CONNECTIONS and limits per hour"
    )]
    UserLimit(ServerError),
    /// 1129: the server refuses everything from this host after too many broken handshakes.
    #[error(
        "this host is blocked: {0}; run FLUSH HOSTS there (MySQL 8.4: TRUNCATE TABLE performance_schema.host_cache), find \
         what connects from here without logging in, or set skip_name_resolve=ON"
    )]
    HostBlocked(ServerError),
    /// 1130: no user at all may log in from this host.
    #[error(
        "no user may log in from this host: {0}; create the probing user for this host's address"
    )]
    HostNotAllowed(ServerError),
    /// 1045, 1698, and kin: wrong user, password or host, or the account is locked or expired.
    #[error(
        "login refused: {0}; check the probing user, its host pattern, its password, and whether it has to use TLS"
    )]
    AccessDenied(ServerError),
    /// 1142, 1143, 1227, and kin: logged in, and may not do what the probe does.
    #[error("a right is missing: {0}; give the probing user the grants that its level needs")]
    MissingPrivilege(ServerError),
    /// 1053: it is stopping.
    #[error("{0}; it will be back, or not, when it has been started again")]
    ShuttingDown(ServerError),
    /// Any other error of the server.
    #[error("the server reports {0}; look it up in the server's list of errors, and in its log")]
    Server(ServerError),
    /// What came is not MySQL's protocol.
    #[error(
        "not MySQL's protocol: {0}; is it the right port, and no proxy of another kind before it?"
    )]
    NotMySql(WireError),
    /// More than is kept of an answer.
    #[error(
        "the answer is too large: {0}; a query check should ask for less, and a server does not greet so"
    )]
    TooLarge(WireError),
    /// The server wants a kind of login that is not supported.
    #[error(
        "{0}, which is not supported here; create the probing user with mysql_native_password (MariaDB) or \
         caching_sha2_password (MySQL)"
    )]
    UnsupportedAuth(LoginError),
    /// The RSA key of the server, for `caching_sha2_password` without TLS.
    #[error("{0}; check the server's caching_sha2_password_public_key_path, or use TLS")]
    ServerKey(LoginError),
    /// 3159: the server takes no login without TLS. (MariaDB says 1045 to that.)
    #[error(
        "the server wants TLS: {0}; switch TLS on for this probe, or require_secure_transport off there"
    )]
    TlsRequired(ServerError),
    /// The probe wants TLS, and the server has none.
    #[error("the server offers no TLS, which this probe requires; give it ssl_cert and ssl_key")]
    TlsNotOffered,
    /// TLS failed, in words.
    #[error(
        "TLS failed: {0}; check the server's certificate and the authority that this probe trusts"
    )]
    TlsFailed(String),
    /// An answer about replication that cannot be judged.
    #[error("replication cannot be judged: {0}; this server's version may be unknown here")]
    UnknownLayout(LayoutError),
    /// The heartbeat table has no row with a time.
    #[error(
        "the heartbeat table {0} holds no time; does pt-heartbeat --update run against the primary?"
    )]
    NoHeartbeat(String),
    /// Something on the probing side, such as a source address that it does not have.
    #[error("the probe itself failed: {0}; this is on the probing host")]
    Local(String),
}

impl Fault {
    /// What it says of the server.
    #[must_use]
    pub fn class(&self) -> Class {
        self.reason.class()
    }
}

impl Reason {
    /// What it says of the server.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Refused
            | Self::Unreachable
            | Self::TimedOut
            | Self::Reset
            | Self::Closed
            | Self::ShuttingDown(_)
            | Self::Server(_)
            | Self::NotMySql(_)
            | Self::TooLarge(_)
            | Self::NoHeartbeat(_) => Class::Down,
            Self::TooManyConnections(_) => Class::Busy,
            Self::UserLimit(_)
            | Self::HostBlocked(_)
            | Self::HostNotAllowed(_)
            | Self::AccessDenied(_)
            | Self::MissingPrivilege(_)
            | Self::UnsupportedAuth(_)
            | Self::ServerKey(_)
            | Self::TlsRequired(_)
            | Self::TlsNotOffered
            | Self::TlsFailed(_)
            | Self::UnknownLayout(_)
            | Self::Local(_) => Class::Alarm,
        }
    }
}

impl From<ServerError> for Reason {
    /// By code: [MySQL's list], [MariaDB's list].
    ///
    /// [MySQL's list]: https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
    /// [MariaDB's list]: https://mariadb.com/kb/en/mariadb-error-code-reference/
    fn from(error: ServerError) -> Self {
        match error.code {
            1040 => Self::TooManyConnections(error),
            1203 | 1226 => Self::UserLimit(error),
            1129 => Self::HostBlocked(error),
            1130 => Self::HostNotAllowed(error),
            // Wrong password or user; locked (3118 MySQL, 4151 MariaDB); expired (1820, 1862).
            1045 | 1698 | 1820 | 1862 | 3118 | 4151 => Self::AccessDenied(error),
            // Database, table, column, something special, routine.
            1044 | 1142 | 1143 | 1227 | 1370 => Self::MissingPrivilege(error),
            1053 => Self::ShuttingDown(error),
            3159 => Self::TlsRequired(error),
            _ => Self::Server(error),
        }
    }
}

impl From<WireError> for Reason {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Malformed(_) | WireError::OutOfSequence { .. } => Self::NotMySql(error),
            WireError::TooLarge { .. } => Self::TooLarge(error),
        }
    }
}

impl From<LoginError> for Reason {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Server(error) => error.into(),
            LoginError::Wire(error) => error.into(),
            LoginError::Plugin(_) => Self::UnsupportedAuth(error),
            LoginError::Key(_) => Self::ServerKey(error),
            LoginError::TlsNotOffered => Self::TlsNotOffered,
            LoginError::NotTrusted(_) => Self::TlsFailed(error.to_string()),
        }
    }
}

impl From<LayoutError> for Reason {
    fn from(error: LayoutError) -> Self {
        Self::UnknownLayout(error)
    }
}

impl From<io::Error> for Reason {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the standard library's list of kinds grows"
    )]
    fn from(error: io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::ConnectionRefused => Self::Refused,
            Kind::HostUnreachable | Kind::NetworkUnreachable => Self::Unreachable,
            Kind::TimedOut => Self::TimedOut,
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => Self::Reset,
            Kind::UnexpectedEof => Self::Closed,
            // What TLS calls a peer that does not keep to it.
            Kind::InvalidData => Self::TlsFailed(error.to_string()),
            _ => Self::Local(error.to_string()),
        }
    }
}

impl From<Fault> for crate::Failure {
    fn from(fault: Fault) -> Self {
        match fault.reason {
            Reason::Refused => Self::Refused,
            Reason::Unreachable => Self::Unreachable,
            Reason::TimedOut => Self::TimedOut,
            Reason::Reset => Self::Reset,
            Reason::Closed
            | Reason::TooManyConnections(_)
            | Reason::UserLimit(_)
            | Reason::HostBlocked(_)
            | Reason::HostNotAllowed(_)
            | Reason::AccessDenied(_)
            | Reason::MissingPrivilege(_)
            | Reason::ShuttingDown(_)
            | Reason::Server(_)
            | Reason::NotMySql(_)
            | Reason::TooLarge(_)
            | Reason::UnsupportedAuth(_)
            | Reason::ServerKey(_)
            | Reason::TlsRequired(_)
            | Reason::TlsNotOffered
            | Reason::TlsFailed(_)
            | Reason::UnknownLayout(_)
            | Reason::NoHeartbeat(_)
            | Reason::Local(_) => Self::Other(fault.to_string().into()),
        }
    }
}
