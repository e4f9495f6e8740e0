//! The section `health_check` of a service.

use std::time::Duration;

use healthcheck::{Alarms, Counts, Initial, Policy};
use serde_yaml::Spanned;

use super::commands::command;
use super::findings::Findings;
use super::mysql_check;
use crate::config::check::{ExecProbe, HealthCheck, HttpProbe, HttpTrust, Probe};
use crate::config::file_check::{self as file, Timing};

/// Failures, or successes, in a row: more make no sense.
const MOST: u32 = 1000;
/// What a clock of milliseconds can tell apart, with some room.
const SHORTEST: Duration = Duration::from_millis(10);

pub(super) fn health_check(section: &file::HealthCheck, findings: &mut Findings) -> HealthCheck {
    let (timing, probe) = match section {
        file::HealthCheck::Tcp(tcp) => (tcp.timing(), Probe::Tcp),
        file::HealthCheck::Mysql(mysql) => (
            mysql.timing(),
            Probe::Mysql(mysql_check::mysql(mysql, findings)),
        ),
        file::HealthCheck::Exec(exec) => (exec.timing(), Probe::Exec(self::exec(exec, findings))),
        file::HealthCheck::Http(http) => (
            http.timing(),
            Probe::Http(self::http(http, false, findings)),
        ),
        file::HealthCheck::Https(http) => {
            (http.timing(), Probe::Http(self::http(http, true, findings)))
        }
    };
    HealthCheck {
        policy: policy(timing, findings),
        port: timing
            .port
            .and_then(|port| findings.number(port, "port", 1..=65_535)),
        probe,
    }
}

fn policy(timing: Timing<'_>, findings: &mut Findings) -> Policy {
    let seconds = Duration::from_secs;
    let mut within = |value: Option<&Spanned<u32>>, what: &str, least: u32| {
        let value = value.filter(|value| {
            let fits = (least..=MOST).contains(&value.value);
            if !fits {
                findings.add(
                    value.referenced,
                    format!("{what} must be {least} to {MOST}"),
                );
            }
            fits
        });
        value.map_or(1, |value| value.value)
    };
    let (retries, rise) = (
        within(timing.retries, "retries", 0),
        within(timing.rise, "rise", 1),
    );
    let interval = findings.duration(timing.interval, "interval", seconds(10));
    let fast = timing
        .fast_interval
        .map(|fast| findings.duration(Some(fast), "fast_interval", interval));
    if let (Some(value), Some(fast)) = (timing.fast_interval, fast)
        && fast > interval
    {
        findings.add(value.referenced, "fast_interval is longer than interval");
    }
    for value in [timing.interval, timing.fast_interval, timing.timeout]
        .into_iter()
        .flatten()
        .filter(|value| value.value.0 < SHORTEST)
    {
        findings.add(value.referenced, "a check takes, and waits, 10ms at least");
    }
    Policy {
        interval,
        fast_interval: fast,
        // So that checks of many servers that fell into step do not stay in it.
        jitter: interval / 20,
        timeout: findings.duration(timing.timeout, "timeout", seconds(5)),
        retries,
        retry_delay: findings.duration(timing.retry_delay, "retry_delay", seconds(1)),
        rise,
        initial: match timing.initial {
            None | Some(file::Initial::Down) => Initial::Down,
            Some(file::Initial::Up) => Initial::Up,
        },
        alarms: match timing.on_alarm {
            None | Some(file::OnAlarm::Keep) => Alarms::default(),
            Some(file::OnAlarm::Fail) => Alarms {
                host_blocked: Counts::Failure,
                access_denied: Counts::Failure,
                other: Counts::Failure,
            },
        },
        ..Policy::default()
    }
}

fn exec(section: &file::Exec, findings: &mut Findings) -> ExecProbe {
    ExecProbe {
        command: command(&section.command, findings),
        dynamic: section.dynamic.unwrap_or(false),
    }
}

fn http(section: &file::Http, tls: bool, findings: &mut Findings) -> HttpProbe {
    let mut text = |value: &Option<Spanned<String>>, what: &str| {
        value.as_ref().map(|value| findings.text(value, what))
    };
    let path_and_query = text(&section.path, "path").unwrap_or_else(|| "/".to_owned());
    let (host, statuses) = (text(&section.host, "host"), text(&section.status, "status"));
    let contains = text(&section.contains, "contains");
    address(section, findings);
    if let Some(value) = section
        .status
        .as_ref()
        .filter(|status| !are_statuses(&status.value))
    {
        findings.add(
            value.referenced,
            "status holds numbers from 100 to 599 and ranges, as in \"200-299,401\"",
        );
    }
    HttpProbe {
        path: path_and_query,
        host,
        statuses,
        contains,
        tls: trust(section, tls, findings),
    }
}

/// What the request goes by: path and host.
fn address(section: &file::Http, findings: &mut Findings) {
    let graphic = |text: &str, not: &str| {
        text.chars()
            .all(|char| char.is_ascii_graphic() && !not.contains(char))
    };
    let path = section.path.as_ref();
    let is_path = |path: &str| path.starts_with('/') && graphic(path, "#");
    if let Some(path) = path.filter(|path| !is_path(&path.value)) {
        findings.add(
            path.referenced,
            "path starts with a slash, and is encoded as in a URL: no spaces, no #",
        );
    }
    let host = section.host.as_ref();
    if let Some(host) = host.filter(|host| !graphic(&host.value, "/@#?")) {
        findings.add(
            host.referenced,
            "host is a name or an address, perhaps with a port",
        );
    }
}

fn are_statuses(text: &str) -> bool {
    let status = |text: &str| {
        text.trim()
            .parse()
            .ok()
            .filter(|n: &u16| (100..600).contains(n))
    };
    text.split(',').all(|part| match part.split_once('-') {
        Some((from, to)) => {
            matches!((status(from), status(to)), (Some(from), Some(to)) if from <= to)
        }
        None => status(part).is_some(),
    })
}

fn trust(section: &file::Http, tls: bool, findings: &mut Findings) -> Option<HttpTrust> {
    let verify = section.verify.as_ref();
    if !tls {
        let keys = [
            section.ca.as_ref().map(|v| v.referenced),
            verify.map(|v| v.referenced),
        ];
        for at in keys.into_iter().flatten() {
            findings.add(at, "ca and verify belong to https");
        }
        return None;
    }
    Some(
        match (&section.ca, verify.is_none_or(|verify| verify.value)) {
            (Some(ca), true) => HttpTrust::Authorities(findings.absolute_path(ca, "ca").into()),
            (None, true) => HttpTrust::System,
            (None, false) => HttpTrust::Anybody,
            (Some(ca), false) => {
                findings.add(ca.referenced, "with `verify: false` no authority is asked");
                HttpTrust::Anybody
            }
        },
    )
}
