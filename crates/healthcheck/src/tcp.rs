//! One TCP connect: does something accept connections there?
//!
//! # What it does to a MySQL or MariaDB server
//! **Each of these probes counts towards the server's `max_connect_errors`**: the server sees a handshake
//! that was broken off. At the limit (100 by default) it answers every connection *from the probing
//! host* with error 1129, replication and applications on that host included, while a TCP
//! connect still succeeds, so that this probe stays green on a server that refuses everybody. Only a
//! successful login resets the count; `skip_name_resolve=ON` turns it off.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::{Alarm, Failure, Outcome, socket};

/// What ICMP's "destination host unknown" becomes (`include/uapi/asm-generic/errno.h`); the standard library has
/// no kind for it.
const EHOSTDOWN: i32 = 112;

/// How to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The address to connect from; else the kernel chooses. On a host that carries a virtual address
    /// this should be its own, or the probe may leave with the virtual one.
    pub source: Option<IpAddr>,
    /// The probe is over after this, whatever stage it is in.
    pub timeout: Duration,
}

impl Options {
    /// From whatever address, within `timeout`.
    pub fn new(timeout: Duration) -> Options {
        Options {
            source: None,
            timeout,
        }
    }
}

/// Connects to `target` and closes at once, normally: no lingering, no forced reset. (Where the server
/// has greeted by then, as MySQL does, the kernel answers the unread greeting with a reset.)
///
/// Always returns within the time-out. Needs a tokio runtime with IO and time enabled. Dropping the
/// future ends the attempt.
pub async fn probe(target: SocketAddr, options: &Options) -> Outcome {
    let begun = Instant::now();
    match tokio::time::timeout(options.timeout, connect(target, options.source)).await {
        Ok(Ok(_stream)) => Outcome::success(begun.elapsed()),
        Ok(Err(outcome)) => outcome,
        Err(_elapsed) => Outcome::Failure(Failure::TimedOut),
    }
}

/// A connection that stands, or what it means that there is none. That this host could not even ask (out of file
/// descriptors, an address that it does not have) says nothing of the server: an alarm.
pub(crate) async fn connect(
    target: SocketAddr,
    source: Option<IpAddr>,
) -> Result<TcpStream, Outcome> {
    let local = |what: String| Outcome::Alarm(Alarm::Other(what.into()));
    let socket = socket::open(target, source).map_err(local)?;
    socket.connect(target).await.map_err(|error| {
        if error
            .raw_os_error()
            .is_some_and(|code| LOCAL.contains(&code))
        {
            return local(format!("cannot ask {target} from this host: {error}"));
        }
        Outcome::Failure(failure(target, &error))
    })
}

/// What this host lacks, not the server (`include/uapi/asm-generic/errno*.h`): ENOMEM, ENFILE, EMFILE, EADDRNOTAVAIL, ENOBUFS.
const LOCAL: [i32; 5] = [12, 23, 24, 99, 105];

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the standard library's list of kinds grows"
)]
fn failure(target: SocketAddr, error: &io::Error) -> Failure {
    use io::ErrorKind as Kind;
    if error.raw_os_error() == Some(EHOSTDOWN) {
        return Failure::Unreachable;
    }
    match error.kind() {
        Kind::ConnectionRefused => Failure::Refused,
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => {
            Failure::Unreachable
        }
        Kind::TimedOut => Failure::TimedOut,
        Kind::ConnectionReset | Kind::ConnectionAborted => Failure::Reset,
        _ => Failure::Other(format!("cannot connect to {target}: {error}").into()),
    }
}
