//! The engine's timer.
//!
//! The runtime's own timers count whole milliseconds and round up: most of a millisecond late, which a
//! takeover need not be. This one is the kernel's (`timerfd_create(2)`), good to some microseconds.

use std::io;

use nix::sys::timer::{Expiration, TimerSetTimeFlags};
use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};
use tokio::time::Instant;

use super::readable::Readable;

#[derive(Debug)]
pub(super) struct Alarm {
    timer: Readable<TimerFd>,
    /// What the kernel's timer is set to.
    set: Option<Instant>,
}

impl Alarm {
    pub(super) fn new() -> io::Result<Self> {
        let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        Ok(Self {
            timer: Readable::new(timer)?,
            set: None,
        })
    }

    /// Waits until `deadline`; for ever where there is none. Cancel-safe.
    pub(super) async fn until(&mut self, deadline: Option<Instant>) {
        let Some(deadline) = deadline else {
            return std::future::pending().await;
        };
        // Should the kernel refuse, a late timer is better than none.
        if self.try_until(deadline).await.is_err() {
            tokio::time::sleep_until(deadline).await;
        }
    }

    async fn try_until(&mut self, deadline: Instant) -> io::Result<()> {
        loop {
            let wait = deadline.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return Ok(());
            }
            if self.set != Some(deadline) {
                let expiration = Expiration::OneShot(wait.into());
                self.timer
                    .get()
                    .set(expiration, TimerSetTimeFlags::empty())?;
                self.set = Some(deadline);
            }
            self.timer.wait().await?;
            // It may have been the end of an earlier setting; one more setting does no harm.
            self.set = None;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::time::Duration;

    fn block_on(test: impl Future<Output = ()>) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap().block_on(test);
    }

    #[test]
    fn a_deadline_is_never_early_and_may_be_moved_both_ways() {
        block_on(async {
            let mut alarm = Alarm::new().unwrap();
            let start = Instant::now();
            let far = start + Duration::from_secs(60);
            let near = start + Duration::from_micros(1300);
            for _ in 0..2 {
                let set_far = alarm.until(Some(far));
                let early = tokio::time::timeout(Duration::from_millis(5), set_far).await;
                assert!(early.is_err(), "a minute passed within 5 ms");
            }
            alarm.until(Some(near)).await;
            assert!(Instant::now() >= near);
            for _ in 0..50 {
                let next = Instant::now() + Duration::from_micros(700);
                alarm.until(Some(next)).await;
                assert!(Instant::now() >= next);
            }
        });
    }

    #[test]
    fn an_alarm_that_went_off_unheard_does_not_ring_for_the_next_deadline() {
        block_on(async {
            let mut alarm = Alarm::new().unwrap();
            let soon = Instant::now() + Duration::from_millis(100);
            let unheard = alarm.until(Some(soon));
            let cancelled = tokio::time::timeout(Duration::ZERO, unheard).await;
            assert!(cancelled.is_err());
            tokio::time::sleep(Duration::from_millis(150)).await;
            let later = Instant::now() + Duration::from_millis(20);
            alarm.until(Some(later)).await;
            assert!(Instant::now() >= later);
        });
    }

    #[test]
    fn without_a_deadline_it_waits_for_ever() {
        block_on(async {
            let mut alarm = Alarm::new().unwrap();
            let waited = tokio::time::timeout(Duration::from_millis(20), alarm.until(None)).await;
            assert!(waited.is_err());
        });
    }
}
