//! The master is cut off silently: the other director takes over; when the link is back, so is the first.

use std::time::Duration;

use super::without;
use crate::cluster::{Cluster, Reference, VIP};
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;

const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let _daemons = cluster.lbd_everywhere(&Reference::new().with_quick_checks())?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let capture = lab.capture()?;
    let load = cluster
        .load()
        .every(Duration::from_millis(40))
        .start(lab, &cluster.client)?;
    lab.pause(Duration::from_secs(1));

    let cut = lab.now();
    cluster.db1.cut()?;
    cluster.settled(lab, &cluster.db2, &without(&cluster, &cluster.db1))?;
    let over = lab.now();
    lab.pause(Duration::from_secs(2));
    let gap = load.since(cut).between(cut, over + Duration::from_secs(1));
    lab.say(format!("takeover: {gap}"));
    ensure!(
        gap.longest_silence() < Duration::from_secs(12),
        "the takeover takes three intervals and the skew: {gap}"
    );
    let after = load.since(over + Duration::from_millis(300));
    ensure!(
        after.failed() == 0 && after.answered() > 20,
        "db2 and db3 serve: {after}"
    );

    cluster.db1.reconnect()?;
    lab.wait_until("db1 alone holds the VIP again", LIMIT, || {
        Ok(cluster.holders()? == ["db1"])
    })?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let back = lab.now() + Duration::from_millis(500);
    lab.pause(Duration::from_secs(3));
    let after = load
        .since(back)
        .between(back, lab.now() - Duration::from_secs(2));
    ensure!(
        after.failed() == 0,
        "nothing fails after the failback: {after}"
    );
    for host in cluster.databases() {
        ensure!(after.of(host.name()) > 0, "all three serve again: {after}");
    }
    lab.say(load.stop()?);
    let frames = capture.stop(lab.results(), "takeover")?;
    let announced = frames
        .iter()
        .any(|f| f.from_host && f.port == "db2" && f.at > cut && f.announced() == Some(VIP));
    ensure!(announced, "db2 announced the VIP by gratuitous ARP");
    Ok(())
}
