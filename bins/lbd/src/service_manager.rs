//! What the service manager is told of this service: sd_notify(3), datagrams to the socket in `NOTIFY_SOCKET`.
//!
//! It listens to the process that it started, and that is the guardian. So a daemon tells its guardian, over the
//! line between them, and only one without a guardian speaks for itself. No program that lbd starts is told where
//! the socket is: whoever can write there could say that a hung daemon lives.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tracing::warn;

/// The socket's path, or its name in the abstract space behind an `@`.
const SOCKET: &str = "NOTIFY_SOCKET";
/// Microseconds without a sign of life after which the service is ended (sd_watchdog_enabled(3)).
const PERIOD: &str = "WATCHDOG_USEC";
/// The process that is meant by that.
const WATCHED: &str = "WATCHDOG_PID";
/// All of the environment that is for the process that the service manager started, and for no other.
pub(crate) const VARIABLES: [&str; 3] = [SOCKET, PERIOD, WATCHED];
/// When what the service manager did not take is said again.
const AGAIN: Duration = Duration::from_secs(1);

/// What there is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum News {
    /// The engine runs and the control socket is open; or a reload is over, whatever came of it.
    Ready,
    /// The file is being read again.
    Reloading,
    /// The engine's loop turns.
    Alive,
    /// An orderly stop has begun.
    Stopping,
}

/// The way to the service manager, if there is one.
#[derive(Debug, Default)]
pub(crate) struct ServiceManager {
    to: Option<(UnixDatagram, SocketAddr)>,
    /// What it has not taken yet, and when that is said again. Of the service's states only the latest one counts.
    owed: Option<(News, Instant)>,
}

impl ServiceManager {
    /// The one that started this process.
    pub(crate) fn of_environment() -> Self {
        let Some(name) = std::env::var_os(SOCKET) else {
            return Self::default();
        };
        let to = reach(&name).inspect_err(|error| {
            warn!("cannot tell the service manager anything ({SOCKET}={name:?}): {error}");
        });
        Self {
            to: to.ok(),
            owed: None,
        }
    }

    /// Tells it at once. What it does not take is said again later by [`retry`](Self::retry), but for signs of life.
    pub(crate) fn tell(&mut self, news: News) {
        let Some((socket, name)) = &self.to else {
            return;
        };
        let sent = socket.send_to_addr(text(news).as_bytes(), name);
        if news != News::Alive {
            self.owed = sent.is_err().then(|| (news, Instant::now() + AGAIN));
        }
    }

    /// Waits until something is to be said again, and says it; for ever where there is nothing. Cancel-safe.
    pub(crate) async fn retry(&mut self) {
        match self.owed {
            Some((news, at)) => {
                tokio::time::sleep_until(at).await;
                self.tell(news);
            }
            None => std::future::pending().await,
        }
    }
}

/// How often it wants a sign of life of this process: twice in the time after which it would end the service. None
/// where it does not watch.
pub(crate) fn heartbeat() -> Option<Duration> {
    let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    let ours = std::env::var_os(WATCHED).is_none()
        || number(WATCHED) == Some(u64::from(std::process::id()));
    let period = number(PERIOD).filter(|period| ours && *period > 0)?;
    Some(Duration::from_micros(period) / 2)
}

fn reach(name: &OsStr) -> io::Result<(UnixDatagram, SocketAddr)> {
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    // Whoever has adverts to send waits for nobody.
    socket.set_nonblocking(true)?;
    Ok((socket, address))
}

fn text(news: News) -> String {
    match news {
        News::Ready => "READY=1".to_owned(),
        // With the time, so that an earlier reload's end is not taken for this one's.
        News::Reloading => format!("RELOADING=1\nMONOTONIC_USEC={}", monotonic().as_micros()),
        News::Alive => "WATCHDOG=1".to_owned(),
        News::Stopping => "STOPPING=1".to_owned(),
    }
}

fn monotonic() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from)
}
