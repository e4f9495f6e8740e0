//! The whole master host dies and comes back freshly booted.

use std::time::Duration;

use super::without;
use crate::cluster::{Cluster, Reference, lbd, line_server};
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let file = Reference::new().with_quick_checks();
    let _servers = cluster.line_servers(lab)?;
    let _daemons = cluster.lbd_everywhere(&file)?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let load = cluster
        .load()
        .every(Duration::from_millis(50))
        .start(lab, &cluster.client)?;
    lab.pause(Duration::from_secs(1));

    cluster.db1.die()?;
    cluster.settled(lab, &cluster.db2, &without(&cluster, &cluster.db1))?;
    let over = lab.now() + Duration::from_millis(300);
    lab.pause(Duration::from_secs(2));
    let after = load.since(over);
    ensure!(
        after.failed() == 0 && after.answered() > 20,
        "db2 and db3 serve: {after}"
    );

    cluster.db1.boot()?;
    let _server = line_server(&cluster.db1)?;
    let _daemon = lbd(&cluster.db1, &file)?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    lab.wait_until("db1 alone holds the VIP", Duration::from_secs(10), || {
        Ok(cluster.holders()? == ["db1"])
    })?;
    let back = lab.now();
    lab.wait_until(
        "all three answer reads again",
        Duration::from_secs(10),
        || {
            let report = load.since(back);
            Ok(cluster
                .databases()
                .iter()
                .all(|host| report.of(host.name()) > 5))
        },
    )?;
    lab.say(load.stop()?);
    Ok(())
}
