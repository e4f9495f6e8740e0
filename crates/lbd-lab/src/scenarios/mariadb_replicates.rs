//! Three real MariaDB servers behind IPVS by hand: proves the lab's database part.

use std::time::Duration;

use super::plain_ipvs::balance_by_hand;
use crate::client::Language;
use crate::cluster::{Cluster, make_real_server, mariadb};
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = mariadb::start(lab, &cluster)?;
    for host in cluster.databases() {
        make_real_server(host)?;
    }
    balance_by_hand(&cluster.db1, &cluster.databases())?;
    let load = cluster
        .load()
        .speaking(Language::Mysql)
        .every(Duration::from_millis(50));
    let report = load.attempts(lab, &cluster.client, 60)?;
    lab.say(&report);
    ensure!(report.failed() == 0, "no read may fail: {report}");
    for host in cluster.databases() {
        let (count, all) = (report.of(host.name()), report.answered());
        ensure!(
            count.abs_diff(all / 3) <= 1,
            "each server answers a third: {report}"
        );
    }
    Ok(())
}
