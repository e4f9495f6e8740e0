//! What a probe found.

use core::fmt;
use core::time::Duration;

/// How one probe ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server answered as it should.
    Success {
        /// From the start of the probe to the answer.
        took: Duration,
        /// What the probe learned besides; nothing from a probe that only connects.
        measured: Measured,
    },
    /// The server lives and keeps its connections, but takes no new ones (MySQL's error 1040, "Too many
    /// connections").
    Busy,
    /// The server lives, but an operator has to act before a probe can say more. What that means for the
    /// verdict is [`Policy::alarms`](crate::Policy::alarms).
    Alarm(Alarm),
    /// It did not answer as it should, or could not be asked.
    Failure(Failure),
}

impl Outcome {
    /// A success with nothing measured.
    pub fn success(took: Duration) -> Outcome {
        Outcome::Success {
            took,
            measured: Measured::default(),
        }
    }
}

/// What a successful probe learned of the server, as far as it could.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// How far the server is behind its primary; the largest over all its channels. `None`: not
    /// measured. (A replica whose replication is stopped is a [`Failure`], never a lag.)
    pub lag: Option<Duration>,
    /// The part that the server plays in replication.
    pub role: Role,
    /// Whether it refuses writes (`read_only`); `None`: not asked.
    pub read_only: Option<bool>,
    /// It is a replica that does not reach its source: what it has may be old, and how old is not known. When a
    /// primary dies this is all of its replicas, so it is no failure.
    pub cut_off: bool,
    /// The weight that the check asks for in place of the configured one, as an exec check may.
    pub weight: Option<u32>,
}

/// The part that a server plays in replication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Nobody asked, or the answer does not tell.
    #[default]
    Unknown,
    /// It follows another server.
    Replica,
    /// It follows nobody.
    Primary,
}

/// Why an operator has to act, though the server lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// The server refuses everything from the probing host until its host cache is flushed (MySQL's error
    /// 1129). Other hosts may be served well.
    HostBlocked,
    /// The server does not take the probe's name and password (MySQL's error 1045).
    AccessDenied,
    /// Anything else, in words, with what to do.
    Other(Box<str>),
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Alarm::HostBlocked => {
                "the server blocks this host: flush its host cache (FLUSH HOSTS, or TRUNCATE TABLE \
                 performance_schema.host_cache)"
            }
            Alarm::AccessDenied => "access denied: correct the probe's user and password",
            Alarm::Other(what) => what,
        })
    }
}

/// Why a probe failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The host lives and says that nothing listens there (`ECONNREFUSED`).
    Refused,
    /// No way to the host: no route, no neighbour, or a router's word (`EHOSTUNREACH`, `ENETUNREACH`,
    /// `EHOSTDOWN`, `ENETDOWN`).
    Unreachable,
    /// No answer by the probe's deadline.
    TimedOut,
    /// The connection was cut off (`ECONNRESET`, `ECONNABORTED`, `EPIPE`).
    Reset,
    /// No result by the deadline and its grace: the probe itself got lost.
    Lost,
    /// The server, or the check that asked it, answered, but not as it should: what it said.
    Wrong(Box<str>),
    /// An [`Alarm`] that the policy counts as a failure.
    Alarm(Alarm),
    /// Anything else, in words.
    Other(Box<str>),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Failure::Refused => "connection refused",
            Failure::Unreachable => "host unreachable",
            Failure::TimedOut => "timed out",
            Failure::Reset => "connection reset",
            Failure::Lost => "the probe never reported",
            Failure::Alarm(alarm) => return alarm.fmt(f),
            Failure::Wrong(what) | Failure::Other(what) => what,
        })
    }
}
