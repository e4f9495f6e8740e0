//! What each server would get if there were no others.

use std::time::Duration;

use healthcheck::{Health, Role, Time};
use humantime::{FormattedDuration, format_duration};

use super::lag::{Stage, Standing};
use super::policy::{LagLimits, Policy, Primary};
use super::ramp::{Step, part_of};
use super::server::{Input, Want};

/// What one server would get.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) want: Want,
    pub(super) why: String,
    /// It must not get new connections: that does not wait for other changes.
    pub(super) urgent: bool,
    /// How it could serve all the same.
    pub(super) reserve: Option<Reserve>,
    /// It is about to be judged.
    pub(super) pending: bool,
    /// When it may change by itself.
    pub(super) until: Option<Time>,
}

/// How a server that should not serve could.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reserve {
    pub(super) rank: Rank,
    pub(super) lag: Duration,
    pub(super) weight: u32,
}

/// Who serves first of those that should not: clients get old answers from a lagging replica, right ones at
/// a price from the primary, an error from a busy server, and none from a dead one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Lagging,
    Primary,
    Busy,
    Suspected,
}

impl Wish {
    pub(super) fn of(policy: &Policy, now: Time, input: &Input, standing: &mut Standing) -> Self {
        if matches!(input.health, Health::Unknown | Health::Down { .. }) {
            standing.pause();
        }
        match &input.health {
            _ if input.maintenance => Self::stop(Want::Absent, "in maintenance: not in the table"),
            Health::Down { failure } => {
                let drained = if input.drained { "drained, and " } else { "" };
                Self::stop(
                    Want::Absent,
                    &format!("{drained}down ({failure}): not in the table"),
                )
            }
            _ if input.drained => Self::stop(Want::Present(0), "drained: no new connections"),
            Health::Unknown => Self {
                // It will be soon, unless its check waits for somebody.
                pending: input.alarm.is_none(),
                ..Self::stop(
                    Want::AsIs,
                    &with_alarm("not judged yet: as the kernel has it", input),
                )
            },
            Health::Busy | Health::Suspected | Health::Up if input.has_no_weight() => {
                Self::stop(Want::Present(0), "its weight is 0: no new connections")
            }
            Health::Busy | Health::Suspected | Health::Up if input.rival.is_some() => {
                let rival = input.rival.as_deref().unwrap_or_default();
                Self::stop(
                    Want::Present(0),
                    &format!(
                        "a primary beside {rival}, which has been one for longer: no new connections until one of them \
                         is a replica or gone (where all are writers, check with `level: query`)"
                    ),
                )
            }
            Health::Busy => Self::stop(
                Want::Present(0),
                "busy, it takes none: no new connections until it does",
            )
            .or_else(Rank::Busy, policy, now, input),
            Health::Suspected => Self::stop(
                Want::Present(0),
                "suspected, its host fell silent: no new connections until it answers",
            )
            .or_else(Rank::Suspected, policy, now, input),
            Health::Up => up(policy, now, input, standing),
        }
    }

    fn stop(want: Want, why: &str) -> Self {
        Self {
            want,
            why: why.to_owned(),
            urgent: true,
            reserve: None,
            pending: false,
            until: None,
        }
    }

    fn or_else(self, rank: Rank, policy: &Policy, now: Time, input: &Input) -> Self {
        let step = step(policy, now, input);
        let weight = step.map_or(input.base(), |step| part_of(input.base(), step.part()));
        Self {
            reserve: Some(Reserve {
                rank,
                lag: input.measured.lag.unwrap_or_default(),
                weight,
            }),
            until: step.map(|step| step.ends),
            ..self
        }
    }
}

fn step(policy: &Policy, now: Time, input: &Input) -> Option<Step> {
    policy.slow_start?.step(input.recovered, now)
}

/// A server that is up, with a weight: its lag, the slow start and its role decide.
fn up(policy: &Policy, now: Time, input: &Input, standing: &mut Standing) -> Wish {
    let step = step(policy, now, input);
    let old = input.measured.cut_off && input.primary_up;
    let limits = policy.lag.or(old.then_some(LagLimits::CUT_OFF));
    let stage = match &limits {
        Some(limits) => standing.update(limits, now, &input.measured),
        None => standing.unlimited(),
    };
    let patience = limits.and_then(|limits| standing.patience_ends(&limits));
    let base = input.base();
    let ramped = step.map_or(base, |step| part_of(base, step.part()));
    let weight = limits.map_or(ramped, |limits| part_of(ramped, limits.part(stage)));
    let is_reserve = policy.primary == Primary::LastResort && input.measured.role == Role::Primary;
    let rank = match stage {
        Stage::Full | Stage::Reduced if is_reserve => Some(Rank::Primary),
        Stage::Full | Stage::Reduced => None,
        Stage::Nothing => Some(Rank::Lagging),
    };
    let lag = match input.measured.lag {
        Some(lag) => lag,
        None if rank == Some(Rank::Lagging) => Duration::MAX,
        None => Duration::ZERO,
    };
    let mut words = vec!["up".to_owned()];
    if input.measured.cut_off {
        words.push("its source does not answer it".to_owned());
    }
    words.extend(limits.and_then(|limits| lag_words(&limits, stage, input)));
    words.extend(step.map(|step| format!("step {} of {} of the slow start", step.number, step.of)));
    let effect = match rank {
        None if weight == base => format!("full weight {base}"),
        None => format!("weight {weight} of {base}"),
        Some(Rank::Primary) => {
            "the primary, which takes no new connections while others do".to_owned()
        }
        Some(Rank::Lagging | Rank::Busy | Rank::Suspected) => "no new connections".to_owned(),
    };
    Wish {
        want: Want::Present(if rank.is_some() { 0 } else { weight }),
        why: with_alarm(&format!("{}: {effect}", words.join(", ")), input),
        urgent: false,
        reserve: rank.map(|rank| Reserve { rank, lag, weight }),
        pending: false,
        until: [
            step.map(|step| step.ends),
            patience.filter(|end| *end > now),
        ]
        .into_iter()
        .flatten()
        .min(),
    }
}

/// What is to be said of a server's lag.
fn lag_words(limits: &LagLimits, stage: Stage, input: &Input) -> Option<String> {
    let back = span(limits.back(stage));
    match (input.measured.lag, stage) {
        (_, _) if input.measured.role == Role::Primary => None,
        (Some(_), Stage::Full) => None,
        (Some(lag), Stage::Reduced | Stage::Nothing) => {
            let lag = span(lag);
            Some(format!("{lag} behind until it is {back} or less"))
        }
        (None, Stage::Full | Stage::Reduced) => Some("its lag not known any more".to_owned()),
        (None, Stage::Nothing) => Some("its lag not known".to_owned()),
    }
}

/// Nobody cares for less than a millisecond here.
fn span(time: Duration) -> FormattedDuration {
    let fraction = Duration::from_millis(time.subsec_millis().into());
    format_duration(Duration::from_secs(time.as_secs()).saturating_add(fraction))
}

fn with_alarm(why: &str, input: &Input) -> String {
    match &input.alarm {
        Some(alarm) => format!("{why}; its check needs you: {alarm}"),
        None => why.to_owned(),
    }
}
