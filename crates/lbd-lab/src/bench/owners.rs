//! Which of two hosts hold the virtual address, looked at without starting a process.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::ifaddrs::getifaddrs;

use crate::failed::{Failed, Result};
use crate::host::Host;

/// How many IPv4 addresses that fit are on the host's `eth0`.
pub(super) fn count(
    host: &Host,
    fits: impl Fn(Ipv4Addr) -> bool + Send + 'static,
) -> Result<usize> {
    let thread = host.thread(move || here(&fits))?;
    thread
        .join()
        .map_err(|_| Failed::new("the thread that looks at addresses panicked"))?
}

/// The same in the calling thread's namespace.
fn here(fits: &dyn Fn(Ipv4Addr) -> bool) -> Result<usize> {
    let address = |entry: nix::ifaddrs::InterfaceAddress| {
        let address = entry.address?.as_sockaddr_in()?.ip();
        (entry.interface_name == "eth0" && fits(address)).then_some(())
    };
    Ok(getifaddrs()?.filter_map(address).count())
}

/// From when on a host has the address, or has it not.
type Changes = Vec<(Instant, bool)>;

/// Looks at two hosts every few milliseconds.
#[derive(Debug)]
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<Changes>>>,
}

/// How long the address was on no host and on both, since `since`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Owned {
    pub(super) by_none: Duration,
    pub(super) by_both: Duration,
    /// On both when the watch ended.
    pub(super) both_at_the_end: bool,
}

impl Watch {
    pub(super) fn start(hosts: &[Host], address: Ipv4Addr, every: Duration) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for host in hosts {
            let stop = Arc::clone(&stop);
            threads.push(host.thread(move || {
                let mut changes = Changes::new();
                while !stop.load(Ordering::Relaxed) {
                    let holds = here(&|found| found == address)? > 0;
                    if changes.last().map(|(_, before)| *before) != Some(holds) {
                        changes.push((Instant::now(), holds));
                    }
                    std::thread::sleep(every);
                }
                Ok(changes)
            })?);
        }
        Ok(Self { stop, threads })
    }

    pub(super) fn finish(self, since: Instant) -> Result<Owned> {
        self.stop.store(true, Ordering::Relaxed);
        let mut events = Vec::new();
        for (host, thread) in self.threads.into_iter().enumerate() {
            let changes = thread
                .join()
                .map_err(|_| Failed::new("the thread that watches addresses panicked"))??;
            events.extend(changes.into_iter().map(|(at, holds)| (at, host, holds)));
        }
        events.sort_by_key(|(at, ..)| *at);
        Ok(sum_up(&events, since, Instant::now()))
    }
}

fn sum_up(events: &[(Instant, usize, bool)], since: Instant, end: Instant) -> Owned {
    let mut owned = Owned::default();
    let mut held = [false; 2];
    for (position, (at, host, holds)) in events.iter().enumerate() {
        if let Some(slot) = held.get_mut(*host) {
            *slot = *holds;
        }
        let until = events.get(position + 1).map_or(end, |(next, ..)| *next);
        let time = until.saturating_duration_since((*at).max(since));
        match held {
            [false, false] => owned.by_none += time,
            [true, true] => owned.by_both += time,
            [true, false] | [false, true] => {}
        }
    }
    owned.both_at_the_end = held == [true, true];
    owned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_no_owner_and_with_two_are_added_up() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let events = [
            (at(0), 0, true),
            (at(1), 1, false),
            (at(100), 1, true),
            (at(130), 0, false),
            (at(150), 1, false),
            (at(200), 0, true),
        ];
        let owned = sum_up(&events, at(10), at(300));
        assert_eq!(owned.by_both, Duration::from_millis(30));
        assert_eq!(owned.by_none, Duration::from_millis(50));
        assert!(!owned.both_at_the_end);
    }
}
