//! Probes, one after the other, for a few seconds.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use super::way::Way;
use crate::failed::{Failed, Result};
use crate::host::Host;

/// How long each way is measured at a time.
pub(super) const SPAN: Duration = Duration::from_secs(3);

/// What one turn showed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) probes: u32,
    /// Seconds.
    pub(super) span: f64,
    /// Seconds of processor time, of this process and of the commands that it ran. The server's is not in it.
    pub(super) processor: f64,
}

/// From this host. Nothing else may run in this process meanwhile.
pub(super) fn measure(host: &Host, way: Way, target: SocketAddr) -> Result<Cost> {
    let thread = host.thread(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(turn(way, target))
    })?;
    thread
        .join()
        .map_err(|_| Failed::new("the thread that probes panicked"))?
        .map_err(|error| error.while_doing(way.words()))
}

async fn turn(way: Way, target: SocketAddr) -> Result<Cost> {
    let mut looking = way.looking(target)?;
    // Not timed: it brings everything into memory, and a session about.
    looking.look().await?;
    let (before, began) = (processor_seconds()?, Instant::now());
    let mut probes = 0;
    while began.elapsed() < SPAN {
        looking.look().await?;
        probes += 1;
    }
    let cost = Cost {
        probes,
        span: began.elapsed().as_secs_f64(),
        processor: processor_seconds()? - before,
    };
    looking.end().await;
    Ok(cost)
}

/// Of this process and of its children that have ended.
fn processor_seconds() -> Result<f64> {
    let mut microseconds = 0;
    for who in [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN] {
        let used = getrusage(who)?;
        microseconds += (used.user_time() + used.system_time()).num_microseconds();
    }
    Ok(Duration::from_micros(u64::try_from(microseconds)?).as_secs_f64())
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            probes,
            span,
            processor,
        } = self;
        write!(
            f,
            "{probes} probes in {span:.2} s, {processor:.3} s of processor time"
        )
    }
}
