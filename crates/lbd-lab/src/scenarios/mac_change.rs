//! A director's MAC changes (a bond fails over, a host is rebuilt): the other's mark rule follows.

use std::time::Duration;

use crate::capture::to_service;
use crate::cluster::{Cluster, PORT, Reference, VIP};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;
use crate::switch::mac_text;

const LIMIT: Duration = Duration::from_secs(60);

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let _daemons = cluster.lbd_everywhere(&Reference::new().with_quick_checks())?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    spares(lab, &cluster.db1, &cluster.db2)?;
    spares(lab, &cluster.db2, &cluster.db1)?;

    cluster.db2.set_mac([2, 0xaa, 0, 0, 0, 4])?;
    spares(lab, &cluster.db1, &cluster.db2)?;
    cluster.db1.set_mac([2, 0xaa, 0, 0, 0, 3])?;
    spares(lab, &cluster.db2, &cluster.db1)?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;

    lab.wait_until("the client reads through the new MAC", LIMIT, || {
        Ok(cluster.load().attempts(lab, &cluster.client, 10)?.failed() == 0)
    })?;
    let capture = lab.capture()?;
    let report = cluster.load().attempts(lab, &cluster.client, 60)?;
    let frames = capture.stop(lab.results(), "reads")?;
    ensure!(report.failed() == 0, "no read may fail: {report}");
    let lowest = to_service(&frames, VIP, PORT)
        .filter_map(|frame| frame.ipv4())
        .map(|ip| ip.ttl)
        .min();
    ensure!(
        lowest == Some(63),
        "each frame is forwarded once; the lowest TTL seen is {lowest:?}"
    );
    Ok(())
}

/// Waits until `director` marks, but not what comes from the present MAC of `other`, and from no former one.
pub(super) fn spares(lab: &Lab, director: &Host, other: &Host) -> Result {
    let mac = mac_text(other.mac());
    let what = format!("{} spares {mac} of {}", director.name(), other.name());
    lab.wait_until(&what, LIMIT, || {
        let rules = director.mangle()?.join("\n").to_lowercase();
        let sources = rules.matches("--mac-source").count();
        Ok(sources > 0 && rules.matches(&mac).count() == sources)
    })
    .map(drop)
}
