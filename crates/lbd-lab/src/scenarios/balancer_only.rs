//! A file with services and no virtual router: a plain IPVS balancer with health checks, on a host of its own.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::cluster::{Cluster, Reference, VIP, daemon_of, lbd};
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;

const BALANCER: Ipv4Addr = Ipv4Addr::new(10, 243, 95, 9);

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let balancer = lab.add_host("lb", BALANCER)?;
    let mut servers = cluster.line_servers(lab)?;
    let file = Reference::new()
        .with_quick_checks()
        .without_virtual_routers()
        .replace(
            "nodes:\n",
            &format!("nodes:\n  lb: {{ address: {BALANCER} }}\n"),
        )
        .replace(
            "    fwmark: 2 ",
            "    servers: [db1, db2, db3]\n    directors: [lb]\n    #",
        );
    // Without a virtual router the address is the operator's affair.
    balancer.run(&format!("ip addr add {VIP}/32 dev eth0"))?;
    let _daemons = cluster.lbd_everywhere(&file)?;
    let mut daemon = lbd(&balancer, &file)?;
    cluster.settled(lab, &balancer, &cluster.databases())?;
    let key = balancer
        .ipvs()?
        .first()
        .map(|service| service.key.clone())
        .unwrap_or_default();
    ensure!(
        key == format!("-t {VIP}:3306"),
        "the service is known by address and port, not as {key}"
    );

    let report = cluster.load().attempts(lab, &cluster.client, 60)?;
    lab.say(&report);
    ensure!(report.failed() == 0, "no read may fail: {report}");
    for host in cluster.databases() {
        ensure!(
            report.of(host.name()).abs_diff(report.answered() / 3) <= 1,
            "each answers a third: {report}"
        );
    }
    daemon_of(&mut servers, &cluster.db3)?.kill()?;
    cluster.settled(lab, &balancer, &[&cluster.db1, &cluster.db2])?;
    lab.pause(Duration::from_millis(200));
    let report = cluster.load().attempts(lab, &cluster.client, 30)?;
    ensure!(
        report.failed() == 0,
        "no read may fail after the check noticed: {report}"
    );

    ensure!(
        daemon.stop()?.success(),
        "lbd ends well when asked to: {}",
        daemon.tail(5)
    );
    ensure!(
        balancer.has_on_nic(VIP)?,
        "the operator's address stays on the card"
    );
    ensure!(
        balancer.ipvs()?.is_empty(),
        "no service is left in the table"
    );
    Ok(())
}
