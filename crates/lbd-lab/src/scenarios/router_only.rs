//! A file with virtual routers and no services, on a kernel without IPVS: VRRP alone.

use std::time::Duration;

use crate::cluster::{Cluster, Reference, daemon_of, lbd};
use crate::ensure;
use crate::failed::Result;
use crate::frame::Frame;
use crate::lab::Lab;

const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    ensure!(
        cluster.db1.run("cat /proc/net/ip_vs").is_err(),
        "this scenario needs a kernel without IPVS"
    );
    let file = Reference::new().without_services();
    let mut daemons = crate::cluster::Fleet::new();
    let capture = lab.capture()?;
    for host in [&cluster.db1, &cluster.db2] {
        daemons.insert(host.name().to_owned(), lbd(host, &file)?);
    }
    lab.wait_until("db1 holds the VIP", LIMIT, || {
        Ok(cluster.holders()? == ["db1"])
    })?;
    let _servers = cluster.line_servers(lab)?;
    let report = cluster.load().attempts(lab, &cluster.client, 10)?;
    ensure!(
        report.of("db1") == 10,
        "whoever connects to the VIP reaches db1: {report}"
    );

    let killed = lab.now();
    daemon_of(&mut daemons, &cluster.db1)?.stop()?;
    lab.wait_until(
        "db2 takes over",
        LIMIT,
        || Ok(cluster.holders()? == ["db2"]),
    )?;
    daemon_of(&mut daemons, &cluster.db1)?.restart()?;
    lab.wait_until("db1 takes over again", LIMIT, || {
        Ok(cluster.holders()? == ["db1"])
    })?;
    for host in [&cluster.db1, &cluster.db2] {
        ensure!(
            daemon_of(&mut daemons, host)?.stop()?.success(),
            "lbd on {} ends well",
            host.name()
        );
    }
    ensure!(
        cluster.holders()?.is_empty(),
        "nobody holds the VIP when all have stopped"
    );

    let frames = capture.stop(lab.results(), "adverts")?;
    let resigned = frames
        .iter()
        .filter(|frame| frame.from_host && frame.port == "db1" && frame.at > killed);
    let resigned = resigned
        .filter_map(Frame::advert)
        .any(|advert| advert.priority == 0);
    ensure!(resigned, "db1 said goodbye with an advert of priority 0");
    Ok(())
}
