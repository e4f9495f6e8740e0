//! The guardian: a small process that outlives the daemon.
//!
//! A daemon that is killed, panics or runs out of memory leaves the kernel as it was: the address
//! on the NIC, the service, the marks. Traffic flows on; only the adverts stop, and a backup
//! would take over while the address is still here. So the guardian sends the adverts itself for
//! the moment that a new daemon takes to start, and the new one goes on as master. When there can be no
//! new daemon, the guardian resigns and takes the addresses off the NIC.
//!
//! It knows nothing of the configuration: the daemon writes down, whenever a role changes, the very
//! packets to send. The line between them tells each that the other is gone; a daemon without
//! guardian stops in an orderly way.

mod child;
mod stand_in;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::failure::Failure;
use child::{Child, Ended};
use stand_in::StandIn;

/// Deaths within [`SPELL`] after which no new daemon is started.
const DEATHS: usize = 5;
/// The time over which deaths are counted.
const SPELL: Duration = Duration::from_secs(60);
/// How long the guardian sends adverts for a daemon that does not come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs the daemon, again and again, until it ends by itself.
pub(crate) fn watch_over() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Runtime(format!("cannot start: {error}")))?;
    crate::priority::raise();
    runtime.block_on(guard())
}

async fn guard() -> Result<(), Failure> {
    let mut stand_in = StandIn::default();
    let mut deaths = VecDeque::new();
    loop {
        let child = Child::start(&stand_in.routers())?;
        let ended = attend(child, &mut stand_in).await?;
        match ended {
            Ended::Orderly => return Ok(()),
            Ended::Failed(code) => {
                stand_in.resign().await;
                return Err(Failure::Daemon(code));
            }
            Ended::Killed(how) => {
                error!("the daemon died ({how})");
                if too_many(&mut deaths) {
                    stand_in.resign().await;
                    return Err(Failure::Runtime(format!(
                        "the daemon died {DEATHS} times within {SPELL:?}; giving up"
                    )));
                }
                info!("starting it again; sending its adverts in the meantime");
                stand_in.begin();
            }
        }
    }
}

/// Waits for the daemon's end, and does its work until it has taken over.
async fn attend(mut child: Child, stand_in: &mut StandIn) -> Result<Ended, Failure> {
    let complain = |error: std::io::Error| Failure::Runtime(format!("the guardian: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(complain)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(complain)?;
    let mut quit = signal(SignalKind::quit()).map_err(complain)?;
    // The daemon says what it makes of it; by default it would end the guardian.
    let mut hang_up = signal(SignalKind::hangup()).map_err(complain)?;
    let give_up = Instant::now() + PATIENCE;
    loop {
        tokio::select! {
            biased;
            () = stand_in.due() => stand_in.send(),
            clause = child.clause() => match clause {
                Some(clause) => stand_in.inherit(clause),
                None => return child.end().await.map_err(complain),
            },
            _ = terminate.recv() => child.stop(),
            _ = interrupt.recv() => child.stop(),
            _ = quit.recv() => child.stop(),
            _ = hang_up.recv() => child.hang_up(),
            () = tokio::time::sleep_until(give_up), if stand_in.is_active() => {
                warn!("the daemon has not taken its role back within {PATIENCE:?}");
                stand_in.resign_unclaimed().await;
            }
        }
    }
}

fn too_many(deaths: &mut VecDeque<Instant>) -> bool {
    let now = Instant::now();
    deaths.push_back(now);
    while deaths.front().is_some_and(|first| now - *first > SPELL) {
        deaths.pop_front();
    }
    deaths.len() >= DEATHS
}
