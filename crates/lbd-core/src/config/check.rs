//! Health checks as the file has them: data alone; the probes themselves are the daemon's.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use healthcheck::Policy;

/// How a real server's health is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// Interval, time-out, retries.
    pub policy: Policy,
    /// The port, when it is not the service's.
    pub port: Option<u16>,
    /// What is asked.
    pub probe: Probe,
}

impl HealthCheck {
    /// Where a server with this address is checked, for a service on `port`.
    #[must_use]
    pub fn target(&self, server: IpAddr, port: u16) -> SocketAddr {
        SocketAddr::new(server, self.port.unwrap_or(port))
    }

    /// Whether it tells a primary from a replica, and how far that is behind.
    #[must_use]
    pub fn measures_replication(&self) -> bool {
        matches!(&self.probe, Probe::Mysql(mysql) if matches!(mysql.level, MysqlLevel::Replica { .. }))
    }
}

/// What a check asks a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Whether a TCP connection stands.
    Tcp,
    /// Whether MySQL or MariaDB lets the probe in and answers.
    Mysql(MysqlProbe),
    /// What a command says.
    Exec(ExecProbe),
    /// What a web server says.
    Http(HttpProbe),
}

/// A login, and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MysqlProbe {
    /// The user's name.
    pub user: String,
    /// Where the password is.
    pub password: PasswordSource,
    /// How deep to look.
    pub level: MysqlLevel,
    /// After so long the kept session is replaced by a new login.
    pub fresh_login: Duration,
    /// Whether the connection is encrypted.
    pub tls: MysqlTls,
}

/// Where a password is; never in the file, which every host and many people read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PasswordSource {
    /// There is none.
    #[default]
    Empty,
    /// In a file that only its owner can read.
    File(PathBuf),
    /// In a credential of the service manager, by its name.
    Credential(String),
}

/// How deep a MySQL probe looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MysqlLevel {
    /// The server answers a ping.
    Ping,
    /// A statement does not fail.
    Query(String),
    /// The state of replication.
    Replica {
        /// A heartbeat table, as `DATABASE.TABLE`, whose age is the lag.
        heartbeat: Option<String>,
        /// Whether a replica that takes writes counts as down.
        require_read_only: bool,
    },
}

/// Whether a MySQL probe encrypts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MysqlTls {
    /// No.
    #[default]
    Off,
    /// If the server can.
    Preferred,
    /// Or it fails; with a file of authorities, the server's certificate must be of one of them.
    Required(Option<PathBuf>),
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecProbe {
    /// Program and arguments; never a shell line.
    pub command: Vec<String>,
    /// Whether exit codes from 2 are weights.
    pub dynamic: bool,
}

/// A request over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpProbe {
    /// Path and query.
    pub path: String,
    /// The `Host` header.
    pub host: Option<String>,
    /// Statuses that say that the server is well, as in `200-299,401`.
    pub statuses: Option<String>,
    /// A text that the answer has to contain.
    pub contains: Option<String>,
    /// Whether to ask over TLS, and whom to believe then.
    pub tls: Option<HttpTrust>,
}

/// Whose certificates an HTTPS check believes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpTrust {
    /// Those of the system's authorities.
    System,
    /// Those of the authorities in this file.
    Authorities(PathBuf),
    /// Anybody's.
    Anybody,
}
