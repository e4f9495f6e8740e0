//! One log line for each thing that an operator would care about.

use lbd_core::config::Config;
use lbd_core::engine::Report;
use lbd_core::weight::Want;
use tracing::{error, info, warn};
use vrrp_proto::State;

/// What a file had better not do.
pub(super) fn warn_about(config: &Config) {
    for advice in crate::advice::about(config) {
        warn!("{advice}");
    }
}

pub(super) fn log(report: &Report) {
    match report {
        Report::Role {
            router,
            from,
            to,
            priority,
        } => match to {
            State::Fault => warn!(%router, %priority, "{from} -> {to}"),
            State::Initialize | State::Backup | State::Master => {
                info!(%router, %priority, "{from} -> {to}");
            }
        },
        Report::Tracked {
            router,
            what,
            well,
            detail,
        } => match well {
            true => info!(%router, "{what} is well: {detail}"),
            false => warn!(%router, "{what} has failed: {detail}"),
        },
        Report::Priority { router, from, to } => info!(%router, "priority {from} -> {to}"),
        Report::MasterHeard {
            router,
            source,
            priority,
        } => info!(%router, "{source} is master with priority {priority}"),
        Report::Rejected {
            router,
            interface,
            source,
            reject,
            count,
        } => warn!(%router, %interface, count, "advert from {source} rejected: {reject}"),
        Report::AddressesDiffer { router, source } => warn!(
            %router,
            "{source} advertises other addresses for this virtual router; give both sides the same list"
        ),
        Report::IntervalDiffers {
            router,
            source,
            theirs,
            ours,
        } => warn!(
            %router,
            "{source} advertises every {:?}, this file says {:?}; a backup follows the master's, give both the same",
            theirs.as_duration(),
            ours.as_duration()
        ),
        Report::NotSent { router, detail } => error!(%router, "advert not sent: {detail}"),
        Report::Server {
            service,
            node,
            failure: None,
        } => info!(%service, %node, "server is up"),
        Report::Server {
            service,
            node,
            failure: Some(failure),
        } => warn!(%service, %node, "server is down: {failure}"),
        Report::Weight {
            service,
            node,
            want,
            why,
        } => match want {
            Want::Present(weight) => info!(%service, %node, "weight {weight}: {why}"),
            Want::Absent | Want::AsIs => info!(%service, %node, "{why}"),
        },
        Report::Alarm {
            service,
            node,
            alarm: Some(alarm),
        } => warn!(%service, %node, "the check needs you: {alarm}"),
        Report::Alarm {
            service,
            node,
            alarm: None,
        } => info!(%service, %node, "the check works again"),
        Report::MasterSilent { router, address } => warn!(
            %router,
            "the master {address} fell silent: its server is asked at once, and gets no new connections meanwhile"
        ),
        Report::DirectorMac {
            node,
            before: None,
            now,
        } => info!(%node, "director has MAC {now}"),
        Report::DirectorMac {
            node,
            before: Some(before),
            now,
        } => warn!(%node, "director's MAC changed from {before} to {now}"),
        Report::DirectorMacUnknown { node, address } => warn!(
            %node,
            "nobody answers for {address}: this director's MAC is unknown, and its frames would be balanced. \
             It is asked again all the time; `mac:` in the file settles it"
        ),
    }
}
