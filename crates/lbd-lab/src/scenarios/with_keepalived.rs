//! keepalived 2.2.7 as the other director, in both roles.

use std::time::Duration;

use crate::cluster::{Cluster, Keepalived, Reference, lbd, make_real_server, mark_by_hand};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

const LIMIT: Duration = Duration::from_secs(20);

/// lbd is the preferred director, keepalived takes over.
pub(super) fn as_backup(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    by_hand(&cluster.db2, &cluster.db1)?;
    let file = Reference::new().with_quick_checks();
    let mut ours = lbd(&cluster.db1, &file)?;
    let _third = lbd(&cluster.db3, &file)?;
    let databases = cluster.databases();
    let _theirs = Keepalived::director(90, &databases).start(&cluster.db2)?;
    cluster.settled(lab, &cluster.db1, &databases)?;
    reads_well(lab, &cluster, "lbd is master, keepalived backup")?;
    ensure!(cluster.holders()? == ["db1"], "keepalived stays backup");

    ours.stop()?;
    lab.wait_until("keepalived takes over", LIMIT, || {
        Ok(cluster.holders()? == ["db2"])
    })?;
    reads_well(lab, &cluster, "keepalived is master, lbd stopped")?;
    ours.restart()?;
    lab.wait_until("lbd takes over again", LIMIT, || {
        Ok(cluster.holders()? == ["db1"])
    })?;
    cluster.settled(lab, &cluster.db1, &databases)?;
    reads_well(lab, &cluster, "lbd is master again")
}

/// keepalived is the preferred director, lbd takes over.
pub(super) fn as_master(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    by_hand(&cluster.db1, &cluster.db2)?;
    let file = Reference::new().with_quick_checks();
    let databases = cluster.databases();
    let mut theirs = Keepalived::director(100, &databases).start(&cluster.db1)?;
    let _ours = lbd(&cluster.db2, &file)?;
    let _third = lbd(&cluster.db3, &file)?;
    lab.wait_until("keepalived is master", LIMIT, || {
        Ok(cluster.holders()? == ["db1"])
    })?;
    lab.wait_until("keepalived balances", LIMIT, || {
        Ok(cluster.db1.serving()?.len() == 3)
    })?;
    lab.pause(Duration::from_secs(4));
    ensure!(
        cluster.holders()? == ["db1"],
        "lbd stays backup while it hears keepalived's adverts"
    );
    reads_well(lab, &cluster, "keepalived is master, lbd backup")?;

    theirs.stop()?;
    lab.wait_until(
        "lbd takes over",
        LIMIT,
        || Ok(cluster.holders()? == ["db2"]),
    )?;
    cluster.settled(lab, &cluster.db2, &databases)?;
    reads_well(lab, &cluster, "lbd is master, keepalived stopped")?;
    theirs = Keepalived::director(100, &databases).start(&cluster.db1)?;
    lab.wait_until("lbd yields to keepalived", LIMIT, || {
        Ok(cluster.holders()? == ["db1"])
    })?;
    lab.wait_until("keepalived balances again", LIMIT, || {
        Ok(cluster.db1.serving()?.len() == 3)
    })?;
    reads_well(lab, &cluster, "keepalived is master again")?;
    theirs.stop().map(drop)
}

/// What an operator of keepalived sets up by other means.
fn by_hand(host: &Host, other_director: &Host) -> Result {
    make_real_server(host)?;
    mark_by_hand(host, Some(other_director.mac()))
}

fn reads_well(lab: &Lab, cluster: &Cluster, when: &str) -> Result {
    // Give the announcement a moment to reach the client.
    lab.pause(Duration::from_millis(300));
    let report = cluster.load().attempts(lab, &cluster.client, 60)?;
    lab.say(format!("{when}: {report}"));
    ensure!(report.failed() == 0, "{when}: no read may fail: {report}");
    for host in cluster.databases() {
        let count = report.of(host.name());
        ensure!(
            count.abs_diff(report.answered() / 3) <= 2,
            "{when}: each server answers a third: {report}"
        );
    }
    Ok(())
}
