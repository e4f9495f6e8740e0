//! The server process of a replica dies: out of the table, and back in when it is back.

use std::time::Duration;

use super::without;
use crate::cluster::{Cluster, Reference, daemon_of};
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let mut servers = cluster.line_servers(lab)?;
    let _daemons = cluster.lbd_everywhere(&Reference::new().with_quick_checks())?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;

    let load = cluster.load().start(lab, &cluster.client)?;
    for host in [&cluster.db2, &cluster.db3] {
        daemon_of(&mut servers, host)?.kill()?;
        cluster.settled(lab, &cluster.db1, &without(&cluster, host))?;
        let out = lab.now();
        lab.pause(Duration::from_secs(2));
        let report = load.since(out + Duration::from_millis(300));
        ensure!(
            report.failed() == 0 && report.answered() > 20,
            "reads go on without {}: {report}",
            host.name()
        );
        ensure!(
            report.of(host.name()) == 0,
            "{} is dead and cannot have answered: {report}",
            host.name()
        );

        daemon_of(&mut servers, host)?.restart()?;
        cluster.settled(lab, &cluster.db1, &cluster.databases())?;
        let back = lab.now();
        lab.wait_until(
            &format!("{} answers reads again", host.name()),
            Duration::from_secs(5),
            || Ok(load.since(back).of(host.name()) > 5),
        )?;
    }
    lab.say(load.stop()?);
    Ok(())
}
