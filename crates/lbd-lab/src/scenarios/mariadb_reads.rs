//! Real MariaDB servers behind lbd: even spread; one is killed, and comes back.

use std::time::Duration;

use super::without;
use crate::client::Language;
use crate::cluster::{Cluster, Reference, daemon_of, mariadb};
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let mut servers = mariadb::start(lab, &cluster)?;
    let _daemons = cluster.lbd_everywhere(&Reference::new().with_quick_checks())?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let load = cluster
        .load()
        .speaking(Language::Mysql)
        .every(Duration::from_millis(50));
    let report = load.clone().attempts(lab, &cluster.client, 90)?;
    lab.say(&report);
    ensure!(report.failed() == 0, "no read may fail: {report}");
    for host in cluster.databases() {
        ensure!(
            report.of(host.name()).abs_diff(report.answered() / 3) <= 1,
            "each answers a third: {report}"
        );
    }

    daemon_of(&mut servers, &cluster.db2)?.kill()?;
    cluster.settled(lab, &cluster.db1, &without(&cluster, &cluster.db2))?;
    lab.pause(Duration::from_millis(300));
    let report = load.clone().attempts(lab, &cluster.client, 40)?;
    lab.say(&report);
    ensure!(
        report.failed() == 0 && report.of("db2") == 0,
        "reads go on without db2: {report}"
    );

    daemon_of(&mut servers, &cluster.db2)?.restart()?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let report = load.attempts(lab, &cluster.client, 30)?;
    ensure!(report.of("db2") > 0, "db2 answers reads again: {report}");
    Ok(())
}
