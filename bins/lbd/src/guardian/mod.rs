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
mod signals;
mod stand_in;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::failure::Failure;
use crate::service_manager::ServiceManager;
use crate::signals::Wish;
use crate::testament::Clause;
use child::{Child, Ended};
use signals::Signals;
use stand_in::StandIn;

/// Deaths within [`SPELL`] after which no new daemon is started.
const DEATHS: usize = 5;
/// The time over which deaths are counted.
const SPELL: Duration = Duration::from_secs(60);
/// How long the guardian sends adverts for a daemon that does not come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs the daemon, again and again, until it ends by itself.
pub(crate) fn watch_over() -> Result<(), Failure> {
    let runtime = crate::runtime::of_one_thread()?;
    crate::priority::raise();
    runtime.block_on(async {
        let mut stand_in = StandIn::default();
        let result = guard(&mut stand_in).await;
        // However it ends: no role is left behind without a daemon.
        stand_in.resign().await;
        result
    })
}

async fn guard(stand_in: &mut StandIn) -> Result<(), Failure> {
    // Before the first daemon: a wish to stop must not get lost between two of them.
    let mut signals = Signals::listen()?;
    let mut manager = ServiceManager::of_environment();
    let mut deaths = VecDeque::new();
    let mut revived = false;
    loop {
        let mut child = Child::start(&stand_in.routers(), revived)?;
        match attend(&mut child, &mut signals, stand_in, &mut manager).await? {
            Ended::Orderly => return Ok(()),
            Ended::Failed(code) => return Err(Failure::Daemon(code)),
            Ended::Killed(how) if signals.stopping() => {
                return Err(Failure::Runtime(format!(
                    "the daemon died ({how}) while it was to stop; its services and marks may be left"
                )));
            }
            Ended::Killed(how) => error!("the daemon died ({how})"),
        }
        if too_many(&mut deaths) {
            return Err(Failure::Runtime(format!(
                "the daemon died {DEATHS} times within {SPELL:?}; giving up"
            )));
        }
        info!("starting it again; sending its adverts in the meantime");
        revived = true;
    }
}

/// Waits for the daemon's end, and does its work until it has taken over.
async fn attend(
    child: &mut Child,
    signals: &mut Signals,
    stand_in: &mut StandIn,
    manager: &mut ServiceManager,
) -> Result<Ended, Failure> {
    let give_up = Instant::now() + PATIENCE;
    if signals.stopping() {
        child.stop().await;
    }
    loop {
        tokio::select! {
            biased;
            () = stand_in.due() => stand_in.send(),
            wish = signals.next() => match wish {
                Wish::Stop(_) => child.stop().await,
                Wish::Reload => child.reload(),
            },
            clause = child.clause() => match clause {
                Some(Clause::Hold(role)) => stand_in.hold(role),
                Some(Clause::Release(router)) => stand_in.release(router),
                Some(Clause::News(news)) => manager.tell(news),
                None => return end(child, signals, stand_in).await,
            },
            () = manager.retry() => {}
            () = tokio::time::sleep_until(give_up), if stand_in.is_active() => {
                warn!("the daemon has not taken its role back within {PATIENCE:?}; starting another one without it");
                stand_in.resign_unclaimed().await;
                // Should it come to after all, it would take the role without an election.
                child.kill();
            }
        }
    }
}

/// The end of a daemon that has hung up. A wish to stop may come meanwhile, or be waiting.
async fn end(
    child: &mut Child,
    signals: &mut Signals,
    stand_in: &mut StandIn,
) -> Result<Ended, Failure> {
    if !signals.stopping() {
        // Roles that it still has are kept from now on: its end is only seen when the kernel has closed all of its
        // sockets, and for a packet socket that alone can take tens of milliseconds.
        stand_in.begin();
    }
    let ended = loop {
        tokio::select! {
            biased;
            () = stand_in.due() => stand_in.send(),
            ended = child.end() => break ended,
            _ = signals.next() => {}
        }
    };
    signals.look().await;
    ended.map_err(|error| Failure::Runtime(format!("the guardian: {error}")))
}

fn too_many(deaths: &mut VecDeque<Instant>) -> bool {
    let now = Instant::now();
    deaths.push_back(now);
    while deaths.front().is_some_and(|first| now - *first > SPELL) {
        deaths.pop_front();
    }
    deaths.len() >= DEATHS
}
