//! IPVS by `ipvsadm`, in the way an operator would do it by hand: proves the lab, not lbd.

use std::time::Duration;

use crate::capture::to_service;
use crate::cluster::{Cluster, PORT, VIP, make_real_server, mark_by_hand};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    for host in cluster.databases() {
        make_real_server(host)?;
    }
    balance_by_hand(&cluster.db1, &cluster.databases())?;

    let capture = lab.capture()?;
    let report = cluster.load().attempts(lab, &cluster.client, 90)?;
    let frames = capture.stop(lab.results(), "reads")?;
    lab.say(&report);
    ensure!(report.failed() == 0, "no read may fail: {report}");
    for host in cluster.databases() {
        let (count, all) = (report.of(host.name()), report.answered());
        ensure!(
            count.abs_diff(all / 3) <= 1,
            "each server answers a third: {report}"
        );
    }
    let forwarded = to_service(&frames, VIP, PORT)
        .filter(|frame| frame.port == "db1")
        .count();
    ensure!(forwarded > 0, "the capture shows frames that db1 passed on");
    ensure!(
        to_service(&frames, VIP, PORT).all(|frame| frame.ipv4().is_some_and(|ip| ip.ttl >= 63)),
        "no frame is forwarded twice"
    );
    silent_cut(lab, &cluster)
}

fn silent_cut(lab: &Lab, cluster: &Cluster) -> Result {
    cluster.db1.cut()?;
    let load = cluster.load().every(Duration::from_millis(100));
    let report = load.clone().attempts(lab, &cluster.client, 5)?;
    ensure!(
        report.answered() == 0,
        "nothing answers when the balancer is cut off: {report}"
    );
    cluster.db1.reconnect()?;
    let report = load.attempts(lab, &cluster.client, 5)?;
    ensure!(
        report.answered() > 0,
        "it answers again when it is back: {report}"
    );
    Ok(())
}

/// The VIP on the card, the mark rule, and the fwmark service over these hosts.
pub(super) fn balance_by_hand(balancer: &Host, servers: &[&Host]) -> Result {
    balancer.run(&format!("ip addr add {VIP}/32 dev eth0"))?;
    mark_by_hand(balancer, None)?;
    balancer.run("ipvsadm -A -f 2 -s rr")?;
    for server in servers {
        balancer.run(&format!(
            "ipvsadm -a -f 2 -r {}:0 -g -w 3",
            server.address()
        ))?;
    }
    Ok(())
}
