//! Two keepalived elect a master: proves links, captures and namespaces of the lab.

use std::time::Duration;

use crate::cluster::{Cluster, Keepalived, VIP};
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;

const LIMIT: Duration = Duration::from_secs(15);

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let capture = lab.capture()?;
    let _first = Keepalived::router(100).start(&cluster.db1)?;
    let _second = Keepalived::router(90).start(&cluster.db2)?;
    lab.wait_until("db1 holds the VIP", LIMIT, || {
        Ok(cluster.holders()? == ["db1"])
    })?;

    cluster.db1.cut()?;
    let took = lab.wait_until("db2 takes over", LIMIT, || cluster.db2.has_on_nic(VIP))?;
    ensure!(
        took > Duration::from_secs(1),
        "a backup waits three intervals, this one waited {took:?}"
    );
    cluster.db1.reconnect()?;
    lab.wait_until("db1 is master again, alone", LIMIT, || {
        Ok(cluster.holders()? == ["db1"])
    })?;

    let frames = capture.stop(lab.results(), "adverts")?;
    let adverts = |port: &str, priority| {
        let ours = frames
            .iter()
            .filter(|frame| frame.from_host && frame.port == port);
        ours.filter_map(crate::frame::Frame::advert)
            .filter(|advert| advert.priority == priority)
            .count()
    };
    ensure!(adverts("db1", 100) > 2, "db1 advertises priority 100");
    ensure!(
        adverts("db2", 90) > 0,
        "db2 advertised priority 90 while it was master"
    );
    let announced = frames
        .iter()
        .any(|frame| frame.from_host && frame.port == "db2" && frame.announced() == Some(VIP));
    ensure!(announced, "db2 announces the VIP by gratuitous ARP");
    Ok(())
}
