//! By when a LAN on which nothing goes wrong any more must have settled.
//!
//! Every span is true time, counted from the moment when the last trouble has ended, the last packet
//! sent before has arrived, and also those of masters that obeyed such a packet and yielded. With `md` the master-down time and `r` the rate of a router's
//! clock, `L` the lateness of timers and `D` the longest delivery:
//!
//! - **a master**: `min(md / r) + L`. All routers' timers run, and only a live master's advert sets
//!   them back.
//! - **one master**: `max(md / r) + L + D`. The best router's timer is at most the slowest one. Its
//!   first advert makes all others yield.
//! - **with a preempt delay `P`**: `max(P / r) + L` more, from the first advert heard from a worse
//!   master on, which is one interval `I / r + L + D` after there is one.
//! - **mended**: the master knows of the last other master by its parting advert, after `D`, and
//!   announces within the gap that it keeps between answers; where that advert may have been lost,
//!   within the repeat or the refresh, whichever takes longer.
//! - **believed**: announcements overtake each other by `D`; one repeat later there are no others.

use vrrp_proto::{Priority, RouterConfig, Version};

use crate::clock::{MICRO, MILLI, Nanos, SECOND, true_span};
use crate::scenario::Scenario;

/// One router that takes part in the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Participant<'a> {
    pub(crate) config: &'a RouterConfig,
    /// In effect now.
    pub(crate) priority: Priority,
    pub(crate) ppm: i32,
}

/// True spans from when calm has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// From here on there is a master.
    pub(crate) a_master: Nanos,
    /// From here on there is one, the right one, and nothing changes.
    pub(crate) settled: Nanos,
    /// By now the last announcement sent is the master's.
    pub(crate) mended: Nanos,
    /// By now all hosts of the LAN believe it.
    pub(crate) believed: Nanos,
}

impl Bounds {
    pub(crate) fn new(scenario: &Scenario, participants: &[Participant<'_>]) -> Self {
        let (late, delay, unit) = (scenario.lateness, scenario.delay, scenario.interval);
        let most = |span: fn(&Participant<'_>, Nanos) -> Nanos| {
            let spans = participants.iter();
            spans.map(|one| true_span(span(one, unit), one.ppm)).max()
        };
        let quickest = participants
            .iter()
            .map(|one| true_span(master_down(one, unit), one.ppm))
            .min();
        let (Some(quickest), Some(slowest)) = (quickest, most(master_down)) else {
            return Self::default();
        };
        let a_master = quickest + late + MICRO;
        let mut settled = slowest + late + delay + MICRO;
        let preempt = most(preempt_delay).filter(|span| *span > 0);
        if let Some(preempt) = preempt {
            settled += most(|_, unit| unit).unwrap_or(0) + late + delay + preempt + late;
        }
        let gap = most(|_, unit| answer_gap(unit)).unwrap_or(0);
        let refresh = most(refresh).unwrap_or(0);
        let mended = settled + delay + gap + late + refresh + late;
        let believed = mended + most(repeat).unwrap_or(0) + late + delay;
        Self {
            a_master,
            settled,
            mended,
            believed,
        }
    }
}

/// The bound if every host of the scenario takes part, with the priority that it begins with.
pub(crate) fn worst_settle(scenario: &Scenario) -> Nanos {
    let participants: Vec<_> = scenario
        .hosts
        .iter()
        .map(|host| Participant {
            config: &host.config,
            priority: host.config.priority,
            ppm: host.ppm,
        })
        .collect();
    Bounds::new(scenario, &participants).settled
}

/// RFC 3768 §6.1 and RFC 9568 §6.1, written once more: the simulator does not believe the crate.
pub(crate) fn skew(version: Version, priority: Priority, interval: Nanos) -> Nanos {
    let rank = 256 - u64::from(priority.get());
    match version {
        Version::V2 => rank * SECOND / 256,
        Version::V3 => rank * interval / 256,
    }
}

fn master_down(one: &Participant<'_>, interval: Nanos) -> Nanos {
    3 * interval + skew(one.config.version, one.priority, interval)
}

fn preempt_delay(one: &Participant<'_>, _interval: Nanos) -> Nanos {
    if one.config.preempt && one.priority != Priority::OWNER {
        nanos(one.config.preempt_delay)
    } else {
        0
    }
}

/// From any announcement to the next.
fn repeat(one: &Participant<'_>, _interval: Nanos) -> Nanos {
    let announce = &one.config.announce;
    nanos(announce.repeat_after).max(announce.refresh.map_or(0, nanos))
}

/// How long only the master's own announcements may be what mends the LAN.
fn refresh(one: &Participant<'_>, interval: Nanos) -> Nanos {
    match one.config.announce.refresh {
        Some(_) => repeat(one, interval),
        None => 0,
    }
}

/// Between two answers to other masters.
fn answer_gap(interval: Nanos) -> Nanos {
    (interval / 10).clamp(10 * MILLI, SECOND)
}

/// A span that a clock counts.
pub(crate) fn nanos(span: core::time::Duration) -> Nanos {
    Nanos::try_from(span.as_nanos()).unwrap_or(Nanos::MAX)
}
