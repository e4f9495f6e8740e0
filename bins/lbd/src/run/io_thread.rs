//! The thread that carries out probes and all else that waits for the network, apart from the engine's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::failure::Failure;

/// From one sign of life to the next.
const BEAT: Duration = Duration::from_millis(100);
/// Without a sign of life for so long it is held up.
const HELD_UP: Duration = Duration::from_millis(500);
/// After so long that is not believed any more: what cannot be judged then counts against the servers.
const GONE: Duration = Duration::from_secs(60);

/// So many files may be open, if the host lets it: each server takes one, and the usual 1024 are not many.
const FILES: u64 = 65_536;

/// Raises the limit of open files. Where that is not granted, probes find out.
pub(super) fn make_room() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let wanted = hard.min(FILES).max(soft);
        let _ = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard);
    }
}

/// Starts it.
pub(super) fn start() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("io")
        .enable_all()
        .build()
        .map_err(|error| Failure::Runtime(format!("cannot start a thread: {error}")))
}

/// Signs of life of the thread: a host that is too busy to run it is no reason to take servers out.
#[derive(Debug)]
pub(super) struct Pulse {
    begun: Instant,
    /// Milliseconds after that.
    latest: Arc<AtomicU64>,
}

impl Pulse {
    pub(super) fn start(io: &Runtime) -> Self {
        let begun = Instant::now();
        let latest = Arc::new(AtomicU64::new(0));
        let beat = Arc::clone(&latest);
        io.spawn(async move {
            loop {
                beat.store(millis(begun.elapsed()), Ordering::Relaxed);
                tokio::time::sleep(BEAT).await;
            }
        });
        Self { begun, latest }
    }

    pub(super) fn is_held_up(&self) -> bool {
        let latest = Duration::from_millis(self.latest.load(Ordering::Relaxed));
        let silent = self.begun.elapsed().saturating_sub(latest);
        (HELD_UP..GONE).contains(&silent)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_does_not_run_is_held_up_until_it_does() {
        let io = start().unwrap();
        let pulse = Pulse::start(&io);
        assert!(!pulse.is_held_up());
        io.spawn(async { std::thread::sleep(Duration::from_secs(2)) });
        std::thread::sleep(Duration::from_secs(1));
        assert!(pulse.is_held_up());
        std::thread::sleep(Duration::from_secs(2));
        assert!(!pulse.is_held_up());
        io.shutdown_background();
    }
}
