//! What can happen to a master, and what is read of it on the wire.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::cut;
use super::pair::{Pair, VIP};
use super::program::Timing;
use crate::failed::{Failed, Result};
use crate::frame::Frame;

/// The end of a master.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// Its link is cut silently, and then all of its processes are killed.
    HostDies,
    /// SIGTERM to its main process.
    Terminate,
    /// SIGKILL to the process that speaks VRRP; the one that started it lives.
    KillDaemon,
    /// SIGKILL to every process of it at once.
    KillAll,
}

impl Act {
    pub(super) const ALL: [Self; 4] = [
        Self::HostDies,
        Self::Terminate,
        Self::KillDaemon,
        Self::KillAll,
    ];

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::HostDies => "host dies (link cut, then all killed)",
            Self::Terminate => "SIGTERM",
            Self::KillDaemon => "SIGKILL of the VRRP process",
            Self::KillAll => "SIGKILL of every process",
        }
    }

    /// Whether the host lives on, so that it may keep the address.
    pub(super) const fn leaves_the_host(self) -> bool {
        match self {
            Self::HostDies | Self::Terminate => false,
            Self::KillDaemon | Self::KillAll => true,
        }
    }

    /// How long is looked after it.
    pub(super) fn window(self, timing: Timing) -> Duration {
        match timing {
            Timing::SecondsV2 | Timing::SecondsV3 => Duration::from_secs(6),
            Timing::Centiseconds => Duration::from_secs(1),
        }
    }

    /// Does it to the preferred master; gives the moment just before.
    pub(super) fn perform(self, pair: &mut Pair) -> Result<Instant> {
        match self {
            Self::HostDies => {
                let host = pair.first()?.clone();
                let at = cut::cut(&pair.lab, host.name())?;
                host.space().kill_all()?;
                Ok(at)
            }
            Self::Terminate => {
                let daemon = pair.first_daemon()?;
                let at = Instant::now();
                daemon.signal(Signal::SIGTERM)?;
                Ok(at)
            }
            Self::KillDaemon => {
                let main = pair.first_daemon()?.pid();
                let child = child_of(pair, main)?;
                let at = Instant::now();
                kill(child, Signal::SIGKILL)?;
                Ok(at)
            }
            Self::KillAll => {
                let main = pair.first_daemon()?.pid();
                let child = child_of(pair, main)?;
                let main = Pid::from_raw(i32::try_from(main)?);
                let at = Instant::now();
                // The child first: its parent does not learn of it before it is hit, too.
                kill(child, Signal::SIGKILL)?;
                kill(main, Signal::SIGKILL)?;
                Ok(at)
            }
        }
    }
}

fn child_of(pair: &Pair, main: u32) -> Result<Pid> {
    let wanted = format!("PPid:\t{main}");
    let is_child = |pid: &Pid| {
        std::fs::read_to_string(format!("/proc/{pid}/status"))
            .is_ok_and(|status| status.lines().any(|line| line == wanted))
    };
    let processes = pair.first()?.space().processes()?;
    let child = processes.into_iter().find(is_child);
    child.ok_or_else(|| {
        Failed::new(format!(
            "process {main} has no child on the preferred master"
        ))
    })
}

/// What the frames tell of one act; times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// From the act to the other one's first advert.
    pub(super) advert: Option<f64>,
    /// From the act to its first gratuitous ARP for the address.
    pub(super) announced: Option<f64>,
    /// From the advert of priority 0 to the first advert.
    pub(super) advert_after_resigning: Option<f64>,
    /// From the advert of priority 0 to the first gratuitous ARP.
    pub(super) announced_after_resigning: Option<f64>,
    /// By how much the first advert is later than the last one that the other one heard, and the three intervals and
    /// the skew that the RFC makes it wait from there.
    pub(super) past_the_timers: Option<f64>,
    /// The longest time between two adverts, of whichever master.
    pub(super) longest_gap: f64,
}

/// Reads the frames of a capture that began before the act, at `at` since the lab began.
pub(super) fn read(frames: &[Frame], names: [&str; 2], at: Duration, timing: Timing) -> Seen {
    let [first, second] = names;
    let ms = |from: Duration, to: Duration| (to.as_secs_f64() - from.as_secs_f64()) * 1000.0;
    let sent = |port: &str, frame: &Frame| frame.from_host && frame.port == port;
    let living = |frame: &Frame| frame.advert().is_some_and(|advert| advert.priority > 0);
    let after = || frames.iter().filter(|frame| frame.at >= at);

    let advert = after().find(|frame| sent(second, frame) && living(frame));
    let announced = after().find(|frame| sent(second, frame) && frame.announced() == Some(VIP));
    let resigned = after().find(|frame| {
        sent(first, frame) && frame.advert().is_some_and(|advert| advert.priority == 0)
    });
    let last_heard = frames.iter().rfind(|frame| {
        !frame.from_host
            && frame.port == second
            && living(frame)
            && advert.is_some_and(|advert| frame.at < advert.at)
    });
    let master_down = timing.master_down().as_secs_f64() * 1000.0;
    Seen {
        advert: advert.map(|frame| ms(at, frame.at)),
        announced: announced.map(|frame| ms(at, frame.at)),
        advert_after_resigning: advert
            .zip(resigned)
            .map(|(advert, resigned)| ms(resigned.at, advert.at)),
        announced_after_resigning: announced
            .zip(resigned)
            .map(|(announced, resigned)| ms(resigned.at, announced.at)),
        past_the_timers: advert
            .zip(last_heard)
            .map(|(advert, heard)| ms(heard.at, advert.at) - master_down),
        longest_gap: longest_gap(frames, at, timing),
    }
}

fn longest_gap(frames: &[Frame], at: Duration, timing: Timing) -> f64 {
    let from = at.saturating_sub(timing.interval() * 2);
    let times: Vec<f64> = frames
        .iter()
        .filter(|frame| frame.from_host && frame.at >= from)
        .filter(|frame| frame.advert().is_some_and(|advert| advert.priority > 0))
        .map(|frame| frame.at.as_secs_f64() * 1000.0)
        .collect();
    let gaps = times
        .windows(2)
        .filter_map(|two| Some(two.last()? - two.first()?));
    gaps.fold(0.0, f64::max)
}
