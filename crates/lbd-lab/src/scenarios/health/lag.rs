//! Replicas that are behind, by a heartbeat table: the weight halves, goes to nothing, comes back at half of each limit;
//! and who serves when nobody should.
//!
//! (By the server's own word a replica is 0 s behind for a moment whenever its replication starts, whatever it holds.)

use std::time::Duration;

use super::watch::{Fault, Watch};
use crate::cluster::mysql_check::{self, FULL};
use crate::cluster::replication::{self, HEARTBEAT};
use crate::cluster::{Cluster, mariadb};
use crate::failed::Result;
use crate::lab::Lab;

/// The reference file's limits are for real clusters; these are for impatient tests.
const LIMITS: &str = "    lag: { soft: 6s, hard: 20s, percent: 50, patience: 30s }\n    \
                      min_serving: 1\n    primary: last-resort\n";
/// A lag grows by a second each second.
const WITHIN: Duration = Duration::from_secs(45);
const HALF: u32 = FULL / 2;

pub(crate) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = mariadb::start(lab, &cluster)?;
    let level = format!("replica\n        heartbeat: {HEARTBEAT}");
    let file = mysql_check::file(&cluster, &level)?.with_service_keys(LIMITS);
    let [primary, replica, other] = cluster.databases();
    // The table has to be there when a right to it is given.
    replication::keep_beating(primary)?;
    replication::make_check_user(lab, &file, primary, &[replica, other])?;
    let _daemons = cluster.lbd_everywhere(&file)?;
    cluster.settled(lab, primary, &[replica, other])?;
    let watch = Watch::start(lab, &cluster)?;
    watch.is_well(replica, "at first")?;
    watch.is_well(other, "at first")?;
    watch.says(primary, &["up: the primary", "while others do"])?;
    up_and_down(&watch)?;
    nobody_should(&watch)?;
    watch.stop().map(drop)
}

/// What `db2` gets while it keeps so many seconds behind.
fn up_and_down(watch: &Watch<'_>) -> Result {
    let [_, replica, _] = watch.cluster.databases();
    let at = |what, weight, why| Fault {
        what,
        server: replica,
        entry: Some(weight),
        why,
        within: WITHIN,
    };
    let half = ["behind until it is 3s or less", "weight 5 of 10"];
    let steps = [
        (9, at("more than soft behind", HALF, &half)),
        (
            600,
            at(
                "more than hard behind",
                0,
                &["behind until it is 10s or less", "no new connections"],
            ),
        ),
        (7, at("half of hard behind", HALF, &half)),
        (
            5,
            at("less than soft behind, more than half of it", HALF, &half),
        ),
    ];
    for (seconds, fault) in &steps {
        watch.provoke(fault, || replication::delay(replica, *seconds))?;
    }
    let [.., (_, last)] = &steps;
    watch.undo(last, || replication::delay(replica, 0))
}

/// Both replicas are far behind: the one that is less so serves all the same, and the primary need not.
fn nobody_should(watch: &Watch<'_>) -> Result {
    let [primary, replica, other] = watch.cluster.databases();
    let far = |server, entry, why| Fault {
        what: "far behind",
        server,
        entry: Some(entry),
        why,
        within: WITHIN,
    };
    let first = far(replica, 0, &["no new connections"]);
    watch.provoke(&first, || replication::delay(replica, 600))?;
    let all_the_same = ["serves all the same with weight 5, so that 1 do"];
    let second = far(other, HALF, &all_the_same);
    watch.provoke(&second, || replication::delay(other, 600))?;
    watch.says(primary, &["the primary", "while others do"])?;
    watch.undo(&second, || replication::delay(other, 0))?;
    watch.undo(&first, || replication::delay(replica, 0))
}
