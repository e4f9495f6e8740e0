//! What lbd knows of its servers, and how weights follow: real faults, seen in the kernel's table, in what `lbd status`
//! says, and in the reads that went wrong.

mod lag;
mod liar;
mod liars;
mod pool;
mod replication;
mod servers;
mod slow_start;
mod status;
mod takeover;
mod watch;

use super::{Need, Scenario, seconds, with_lbd};
use crate::failed::Result;
use crate::lab::Lab;

pub(super) use lag::run as lag;
pub(super) use liars::run as liars;
pub(super) use replication::run as replication;
pub(super) use servers::run as servers;
pub(super) use slow_start::run as slow_start;
pub(super) use status::entry;
pub(super) use takeover::{of_keepalived as takeover_of_keepalived, of_lbd as takeover};

/// A scenario of real MariaDB servers behind lbd.
pub(super) const fn with_mariadb(
    name: &'static str,
    sentence: &'static str,
    run: fn(&mut Lab) -> Result,
) -> Scenario {
    Scenario {
        needs: &[Need::Lbd, Need::Ipvsadm, Need::Mariadb],
        limit: seconds(300),
        ..with_lbd(name, sentence, run)
    }
}
