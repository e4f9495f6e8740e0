//! Replication that stops, is reset, and changes its direction.

use std::time::Duration;

use super::watch::{Fault, Watch};
use crate::cluster::mariadb::query;
use crate::cluster::mysql_check::{self, FRESH_LOGIN};
use crate::cluster::{Cluster, Fleet, daemon_of, mariadb, replication};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

/// For lag by the server's own word.
const LIMITS: &str = "    lag: { soft: 3s, hard: 6s }\n";
/// Two failures half a second apart, and the rest for a slow machine.
const WITHIN: Duration = Duration::from_secs(15);
/// How long checks alone are watched.
const QUIET: Duration = Duration::from_secs(30);

pub(crate) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let mut servers = mariadb::start(lab, &cluster)?;
    let file = mysql_check::file(&cluster, "replica")?.with_service_keys(LIMITS);
    let [primary, replica, other] = cluster.databases();
    replication::make_check_user(lab, &file, primary, &[replica, other])?;
    let _daemons = cluster.lbd_everywhere(&file)?;
    cluster.settled(lab, primary, &cluster.databases())?;

    unharmed_by_checks(lab, &cluster)?;
    let watch = Watch::start(lab, &cluster)?;
    watch.is_well(replica, "from the start")?;
    stopped(&watch)?;
    behind(&watch)?;
    reset(&watch)?;
    the_primary_dies(&watch, &mut servers)?;
    the_primary_moves(&watch)?;
    watch.stop()?;
    lab.say("once more, after the faults");
    unharmed_by_checks(lab, &cluster)
}

fn stopped(watch: &Watch<'_>) -> Result {
    let [_, replica, other] = watch.cluster.databases();
    let faults = [
        (replica, "SQL", "the SQL thread is stopped"),
        (other, "IO", "the IO thread is stopped"),
    ];
    for (server, thread, what) in faults {
        let fault = Fault {
            what,
            server,
            entry: None,
            why: &["down (", what, "not in the table"],
            within: WITHIN,
        };
        watch.provoke(&fault, || {
            query(server, &[format!("STOP SLAVE {thread}_THREAD")]).map(drop)
        })?;
        watch.undo(&fault, || query(server, &["START SLAVE"]).map(drop))?;
    }
    Ok(())
}

/// What the primary writes waits.
fn behind(watch: &Watch<'_>) -> Result {
    let [primary, replica, _] = watch.cluster.databases();
    let fault = Fault {
        what: "MASTER_DELAY",
        server: replica,
        entry: Some(0),
        why: &["behind until it is 3s or less", "no new connections"],
        within: WITHIN,
    };
    replication::keep_beating(primary)?;
    watch.provoke(&fault, || replication::delay(replica, 600))?;
    watch.undo(&fault, || replication::delay(replica, 0))
}

/// A replica whose replication was reset follows nobody, as a primary does; that it refuses writes gives it away.
fn reset(watch: &Watch<'_>) -> Result {
    let [primary, replica, _] = watch.cluster.databases();
    let fault = Fault {
        what: "replication is reset",
        server: replica,
        entry: None,
        why: &["down (", "read-only and not replicating"],
        within: WITHIN,
    };
    watch.provoke(&fault, || replication::forget(replica))?;
    watch.undo(&fault, || replication::follow(replica, primary))
}

/// Its replicas do not reach it then, and go on serving all the same.
fn the_primary_dies(watch: &Watch<'_>, servers: &mut Fleet) -> Result {
    let [primary, replica, other] = watch.cluster.databases();
    let fault = Fault {
        what: "the primary's server dies",
        server: primary,
        entry: None,
        why: &["down (", "not in the table"],
        within: WITHIN,
    };
    let server = daemon_of(servers, primary)?;
    watch.provoke(&fault, || server.kill())?;
    for host in [replica, other] {
        let all_the_same = ["its source does not answer it", "full weight"];
        watch.says(host, &all_the_same)?;
    }
    watch.undo(&fault, || server.restart())?;
    for host in [replica, other] {
        watch.is_well(host, "the primary is back")?;
    }
    Ok(())
}

/// The promoted one is no replica any more, and the old primary is one.
fn the_primary_moves(watch: &Watch<'_>) -> Result {
    let [old, new, other] = watch.cluster.databases();
    replication::promote(new, other, old)?;
    for host in [old, new, other] {
        watch.is_well(host, "the primary has moved")?;
    }
    let fault = Fault {
        what: "the old primary's SQL thread is stopped",
        server: old,
        entry: None,
        why: &["down (", "the SQL thread is stopped"],
        within: WITHIN,
    };
    watch.provoke(&fault, || query(old, &["STOP SLAVE SQL_THREAD"]).map(drop))?;
    watch.undo(&fault, || query(old, &["START SLAVE"]).map(drop))?;
    watch.is_well(new, "the promoted one stays")
}

/// Of half a minute of checks nothing is left at the servers but logins, and no more of them than the file asks for.
fn unharmed_by_checks(lab: &Lab, cluster: &Cluster) -> Result {
    let before = counters(cluster)?;
    lab.pause(QUIET);
    let after = counters(cluster)?;
    for ((host, before), after) in cluster.databases().into_iter().zip(before).zip(after) {
        let name = host.name();
        lab.say(format!(
            "{name}, half a minute of checks: {before:?} to {after:?}"
        ));
        ensure!(
            before.aborted == after.aborted,
            "{name}: checks abort nothing: {before:?} to {after:?}"
        );
        // Two directors; and this counting logs in, too.
        let most = 2 * (QUIET.as_secs() / FRESH_LOGIN + 1) + 4;
        let logins = after.connections.saturating_sub(before.connections);
        ensure!(
            logins > most / 3 && logins <= most,
            "{name}: sessions are kept: no more than {most} logins in {QUIET:?}, not {logins}"
        );
    }
    Ok(())
}

/// What a server counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counters {
    /// `Aborted_connects` and `Aborted_clients`.
    aborted: [u64; 2],
    connections: u64,
}

fn counters(cluster: &Cluster) -> Result<Vec<Counters>> {
    let of = |host: &Host| {
        let counter = |name| replication::counter(host, name);
        Ok(Counters {
            aborted: [counter("Aborted_connects")?, counter("Aborted_clients")?],
            connections: counter("Connections")?,
        })
    };
    cluster.databases().into_iter().map(of).collect()
}
