//! What a virtual router tracks.

use std::time::Duration;

use serde_yaml::Spanned;

use super::commands::command;
use super::findings::Findings;
use super::routers;
use crate::config::duration::Span;
use crate::config::file;
use crate::config::model::{TrackFile, TrackInterface, TrackProcess, TrackScript};

/// The longest name that the kernel has for a process (`TASK_COMM_LEN` without its NUL, linux/sched.h).
const PROCESS_NAME_MAX: usize = 15;

pub(super) fn script(item: &file::TrackScript, findings: &mut Findings) -> TrackScript {
    let interval = interval(item.interval.as_ref(), findings);
    TrackScript {
        name: findings.text(&item.name, "name"),
        command: command(&item.command, findings),
        interval,
        timeout: findings.duration(item.timeout.as_ref(), "timeout", interval),
        weight: weight(item.weight.as_ref(), 0, findings),
        fall: at_least_one(item.fall.as_ref(), "fall", findings),
        rise: at_least_one(item.rise.as_ref(), "rise", findings),
    }
}

pub(super) fn interface(item: &file::TrackInterface, findings: &mut Findings) -> TrackInterface {
    TrackInterface {
        interface: routers::interface(&item.interface, findings),
        weight: weight(item.weight.as_ref(), 0, findings),
    }
}

pub(super) fn process(item: &file::TrackProcess, findings: &mut Findings) -> TrackProcess {
    let process = findings.text(&item.process, "process");
    if !process.starts_with('/') && process.len() > PROCESS_NAME_MAX {
        findings.add(
            item.process.referenced,
            format!(
                "the kernel keeps {PROCESS_NAME_MAX} octets of a process's name and `{process}` has more; give the \
                 program's absolute path, or those {PROCESS_NAME_MAX}"
            ),
        );
    }
    TrackProcess {
        process,
        quorum: at_least_one(item.quorum.as_ref(), "quorum", findings),
        interval: interval(item.interval.as_ref(), findings),
        weight: weight(item.weight.as_ref(), 0, findings),
        fall: at_least_one(item.fall.as_ref(), "fall", findings),
        rise: at_least_one(item.rise.as_ref(), "rise", findings),
    }
}

pub(super) fn file(item: &file::TrackFile, findings: &mut Findings) -> TrackFile {
    let file = findings.absolute_path(&item.file, "file");
    TrackFile {
        file,
        interval: interval(item.interval.as_ref(), findings),
        weight: weight(item.weight.as_ref(), 1, findings),
    }
}

fn interval(value: Option<&Spanned<Span>>, findings: &mut Findings) -> Duration {
    findings.duration(value, "interval", Duration::from_secs(1))
}

fn weight(value: Option<&Spanned<i64>>, default: i16, findings: &mut Findings) -> i16 {
    let Some(value) = value else {
        return default;
    };
    if !(-253..=253).contains(&value.value) {
        findings.add(
            value.referenced,
            format!("weight is {}; it must be -253 to 253", value.value),
        );
    }
    i16::try_from(value.value).unwrap_or(default)
}

fn at_least_one(value: Option<&Spanned<u32>>, what: &str, findings: &mut Findings) -> u32 {
    match value {
        None => 1,
        Some(value) if value.value >= 1 => value.value,
        Some(value) => {
            findings.add(value.referenced, format!("{what} must be at least 1"));
            1
        }
    }
}
