//! How a service's weights follow from what is known of its servers.

use std::num::NonZeroU32;
use std::time::Duration;

use super::findings::Findings;
use crate::config::check::HealthCheck;
use crate::config::file;
use crate::weight::{LagLimits, Policy, Primary, SlowStart};

/// What a server between the two limits of lag keeps of its weight, in hundredths.
const PERCENT: u32 = 50;
/// How long a lag that cannot be measured any more counts as it was.
const PATIENCE: Duration = Duration::from_secs(60);
const STEPS: u32 = 10;

pub(super) fn policy(
    item: &file::Service,
    check: Option<&HealthCheck>,
    findings: &mut Findings,
) -> Policy {
    let measured = check.is_some_and(HealthCheck::measures_replication);
    if let Some(lag) = item.lag.as_ref().filter(|_| !measured) {
        findings.add(
            lag.soft.referenced,
            "lag limits need a check that measures lag: health_check.mysql at `level: replica`",
        );
    }
    let min_serving = item
        .min_serving
        .as_ref()
        .and_then(|value| findings.number(value, "min_serving", 0..=1000));
    let changes = item
        .changes_per_second
        .as_ref()
        .and_then(|value| findings.number(value, "changes_per_second", 1..=1_000_000));
    Policy {
        lag: item.lag.as_ref().map(|lag| limits(lag, findings)),
        slow_start: item
            .slow_start
            .as_ref()
            .map(|start| slow_start(start, findings)),
        min_serving: min_serving.unwrap_or(1),
        primary: primary(item, measured, findings),
        changes_per_second: changes.and_then(NonZeroU32::new),
    }
}

fn primary(item: &file::Service, measured: bool, findings: &mut Findings) -> Primary {
    let Some(primary) = &item.primary else {
        return Primary::Serves;
    };
    match primary.value {
        file::Primary::Serves => Primary::Serves,
        file::Primary::LastResort => {
            if !measured {
                findings.add(
                    primary.referenced,
                    "primary needs a check that knows one: health_check.mysql at `level: replica`",
                );
            }
            Primary::LastResort
        }
    }
}

fn limits(lag: &file::Lag, findings: &mut Findings) -> LagLimits {
    let soft = findings.duration(Some(&lag.soft), "soft", Duration::ZERO);
    let hard = findings.duration(Some(&lag.hard), "hard", Duration::ZERO);
    if hard < soft {
        findings.add(
            lag.hard.referenced,
            "hard is the higher limit, and below soft here",
        );
    }
    let percent = lag
        .percent
        .as_ref()
        .and_then(|value| findings.number(value, "percent", 1..=100));
    LagLimits {
        soft,
        hard,
        percent: percent.unwrap_or(PERCENT),
        patience: findings.duration(lag.patience.as_ref(), "patience", PATIENCE),
    }
}

fn slow_start(section: &file::SlowStart, findings: &mut Findings) -> SlowStart {
    let steps = section
        .steps
        .as_ref()
        .and_then(|value| findings.number(value, "steps", 1..=1000));
    SlowStart {
        duration: findings.duration(Some(&section.duration), "duration", Duration::ZERO),
        steps: steps.unwrap_or(STEPS),
    }
}
