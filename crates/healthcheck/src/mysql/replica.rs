//! The state of replication, read by the names of columns.
//!
//! | server | statement | columns |
//! |---|---|---|
//! | MySQL before 8.0.22 | `SHOW SLAVE STATUS` | `Slave_*`, `Master_*`, `Seconds_Behind_Master` |
//! | MySQL 8.0.22 and later | `SHOW REPLICA STATUS` | `Replica_*`, `Source_*`, `Seconds_Behind_Source` |
//! | MariaDB | `SHOW ALL SLAVES STATUS` | as the first, and `Connection_name` |
//!
//! After MySQL's reference manual ([`SHOW REPLICA STATUS`]) and MariaDB's ([`SHOW REPLICA STATUS`][MariaDB]). A layout
//! without one of the columns that matter is an error: what cannot be judged never passes.
//!
//! The channels that MySQL's Group Replication makes for itself are read like all others. Its recovery channel stands still
//! most of the time, so a member of a group reads as not replicating.
//!
//! [`SHOW REPLICA STATUS`]: https://dev.mysql.com/doc/refman/8.4/en/show-replica-status.html
//! [MariaDB]: https://mariadb.com/kb/en/show-replica-status/

mod heartbeat;
mod status;

use core::fmt;
use std::time::Duration;

pub use heartbeat::{Heartbeat, HeartbeatError};
pub use status::LayoutError;

use super::wire::ResultSet;
use super::{Flavour, Version};

/// What to look at, beyond the server's own state of replication.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplicaOptions {
    /// A table whose age is the lag, which is better than the server's own word: that counts from what has
    /// *arrived*, and says 0 while nothing arrives.
    pub heartbeat: Option<Heartbeat>,
}

/// The statement that shows the state of replication.
#[must_use]
pub fn statement(version: &Version) -> &'static str {
    match version.flavour {
        Flavour::MariaDb => "SHOW ALL SLAVES STATUS",
        Flavour::MySql if version.number >= (8, 0, 22) => "SHOW REPLICA STATUS",
        Flavour::MySql => "SHOW SLAVE STATUS",
    }
}

/// The statement that shows whether writes are refused. Needs no right, and works with every version.
pub(super) const READ_ONLY: &str =
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only')";

/// What a server is to replication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replication {
    /// Whom it replicates from; `None`: from nobody. A primary is such a server, and a replica
    /// whose replication was reset, which must not serve. The caller knows which of them it expects.
    pub replica: Option<ReplicaStatus>,
    /// Whether it refuses writes.
    pub read_only: ReadOnly,
}

impl Replication {
    /// The role that the server shows by itself.
    #[must_use]
    pub fn role(&self) -> Role {
        match (&self.replica, self.read_only.read_only) {
            (Some(_), _) => Role::Replica,
            (None, false) => Role::Primary,
            (None, true) => Role::Neither,
        }
    }
}

/// The role of a server in replication, as it shows by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It replicates from nobody and takes writes.
    Primary,
    /// It replicates from somebody; whether it takes writes is another matter.
    Replica,
    /// It replicates from nobody and refuses writes: a replica whose replication was reset, or a primary that was
    /// stopped from taking writes.
    Neither,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
            Self::Neither => "read-only and not replicating",
        })
    }
}

/// Whether a server refuses writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadOnly {
    /// From users without special rights.
    pub read_only: bool,
    /// From those too; `None` where the server has no such setting (MariaDB, MySQL before 5.7.8).
    pub super_read_only: Option<bool>,
}

impl ReadOnly {
    /// Reads the answer to [`READ_ONLY`].
    pub(super) fn read(result: &ResultSet) -> Result<Self, LayoutError> {
        let value = |name: &str| {
            let mut rows = result.rows.iter();
            let of_name = rows.find(|row| {
                row.first()
                    .is_some_and(|first| first.as_deref() == Some(name))
            });
            let value = of_name
                .and_then(|row| row.get(1))
                .and_then(Option::as_deref);
            // MariaDB 12 has values beyond ON (NO_LOCK, NO_LOCK_NO_ADMIN), each of them stricter.
            value.map(|value| !value.eq_ignore_ascii_case("OFF") && value != "0")
        };
        Ok(Self {
            read_only: value("read_only").ok_or(LayoutError::Missing("read_only"))?,
            super_read_only: value("super_read_only"),
        })
    }
}

/// The state of a replica: each of its channels, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaStatus {
    /// One for each source (MySQL: channel, MariaDB: named connection).
    pub channels: Vec<Channel>,
    /// The age of the heartbeat table, if there is one.
    pub heartbeat: Option<Duration>,
}

/// Replication from one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its name; that of the default one is empty.
    pub name: String,
    /// The source's host name or address.
    pub source: String,
    /// The thread that fetches.
    pub io: IoThread,
    /// Whether the thread that applies runs.
    pub sql_running: bool,
    /// How far it is behind by the server's own word; `None` is NULL: not replicating.
    pub lag: Option<Duration>,
    /// Why fetching failed last, if it did.
    pub io_error: Option<ChannelError>,
    /// Why applying failed last, if it did.
    pub sql_error: Option<ChannelError>,
}

/// The thread of a replica that fetches from the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IoThread {
    /// It is connected.
    Running,
    /// It tries to connect: nothing arrives, and a lag of 0 means nothing.
    Connecting,
    /// It does not run.
    Stopped,
}

/// The last error of a replica's thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelError {
    /// As in the server's list of errors.
    pub code: u32,
    /// The server's words.
    pub text: String,
}

impl Channel {
    /// Whether it fetches and applies.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.io == IoThread::Running && self.sql_running
    }
}

impl ReplicaStatus {
    /// Reads the answer to [`statement`]; `None` for one without rows: no replica.
    ///
    /// # Errors
    /// When a column that matters is missing, or holds what is not known.
    pub fn read(result: &ResultSet) -> Result<Option<Self>, LayoutError> {
        let channels = status::channels(result)?;
        Ok((!channels.is_empty()).then_some(Self {
            channels,
            heartbeat: None,
        }))
    }

    /// Whether every channel fetches and applies.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.channels.iter().all(Channel::is_running)
    }

    /// Whether it applies what it has and tries to reach a source that does not answer: nobody has stopped it.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        let alive = |channel: &Channel| channel.sql_running && channel.io != IoThread::Stopped;
        self.channels.iter().all(alive) && !self.is_running()
    }

    /// How far it is behind: the heartbeat's age where there is a heartbeat, else the **maximum** over the
    /// channels. `None`: it is not replicating, and how old its data are is not known.
    #[must_use]
    pub fn lag(&self) -> Option<Duration> {
        if !self.is_running() {
            return None;
        }
        let lags: Option<Vec<Duration>> = self.channels.iter().map(|channel| channel.lag).collect();
        let slowest = lags?.into_iter().max()?;
        Some(self.heartbeat.unwrap_or(slowest))
    }
}

impl fmt::Display for ReplicaStatus {
    /// One sentence: how far behind, or which channel does not run and why.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(lag) = self.lag() {
            return write!(f, "replicating, {:.1} s behind", lag.as_secs_f64());
        }
        f.write_str("not replicating: ")?;
        let mut stuck = self
            .channels
            .iter()
            .filter(|channel| !channel.is_running() || channel.lag.is_none());
        match stuck.next() {
            Some(channel) => channel.fmt(f),
            None => f.write_str("no channel"),
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.name.is_empty() {
            write!(f, "channel {}, ", self.name)?;
        }
        write!(f, "from {}: ", self.source)?;
        let (what, error) = match (self.io, self.sql_running) {
            (IoThread::Stopped, _) => ("the IO thread is stopped", &self.io_error),
            (IoThread::Connecting, _) => ("the IO thread is connecting", &self.io_error),
            (IoThread::Running, false) => ("the SQL thread is stopped", &self.sql_error),
            (IoThread::Running, true) if self.lag.is_none() => ("the lag is not known", &None),
            (IoThread::Running, true) => ("running", &None),
        };
        f.write_str(what)?;
        match error {
            Some(error) => write!(f, " (error {}: {})", error.code, error.text),
            None => Ok(()),
        }
    }
}
