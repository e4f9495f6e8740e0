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
    },
    /// It did not, or could not be asked.
    Failure(Failure),
}

/// Why a probe failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The host lives and says that nothing listens there (`ECONNREFUSED`).
    Refused,
    /// No way to the host: no route, no neighbour, or a router's word (`EHOSTUNREACH`, `ENETUNREACH`).
    Unreachable,
    /// No answer by the probe's deadline.
    TimedOut,
    /// The connection was cut off (`ECONNRESET`, `ECONNABORTED`).
    Reset,
    /// No result by the deadline and its grace: the probe itself got lost.
    Lost,
    /// Anything else, in words; also what is wrong on the probing side, such as a source address it
    /// does not have.
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
            Failure::Other(what) => what,
        })
    }
}
