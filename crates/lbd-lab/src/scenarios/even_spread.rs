//! The reference file as it stands, on three hosts: reads are spread evenly, and each host is set up as it should be.

use crate::capture::to_service;
use crate::cluster::{Cluster, PORT, Reference, VIP};
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let _daemons = cluster.lbd_everywhere(&Reference::new())?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    kernel_of_every_host(&cluster)?;

    let capture = lab.capture()?;
    let report = cluster.load().attempts(lab, &cluster.client, 150)?;
    let frames = capture.stop(lab.results(), "reads")?;
    lab.say(&report);
    lab.keep("ipvs.txt", &cluster.db1.run("ipvsadm -Ln --stats")?)?;
    ensure!(report.failed() == 0, "no read may fail: {report}");
    for host in cluster.databases() {
        let (count, all) = (report.of(host.name()), report.answered());
        ensure!(
            count.abs_diff(all / 3) <= 1,
            "each server answers a third: {report}"
        );
    }
    let lowest = to_service(&frames, VIP, PORT)
        .filter_map(|frame| frame.ipv4())
        .map(|ip| ip.ttl)
        .min();
    ensure!(
        lowest == Some(63),
        "frames are forwarded once (TTL 64 to 63), the lowest TTL seen is {lowest:?}"
    );
    Ok(())
}

fn kernel_of_every_host(cluster: &Cluster) -> Result {
    for host in cluster.databases() {
        let name = host.name();
        let loopback = host.addresses("lo")?;
        ensure!(
            loopback.contains(&format!("{VIP}/32")),
            "{name} has the VIP on lo, it has {loopback:?}"
        );
        for (key, value) in [
            ("all.arp_ignore", "1"),
            ("all.arp_announce", "2"),
            ("all.send_redirects", "0"),
        ] {
            let is = host.sysctl(&format!("net.ipv4.conf.{key}"))?;
            ensure!(
                is == value,
                "{name}: net.ipv4.conf.{key} is {is}, not {value}"
            );
        }
        ensure!(
            host.sysctl("net.ipv4.conf.eth0.send_redirects")? == "0",
            "{name} sends redirects on eth0"
        );
    }
    let services = cluster.db1.ipvs()?;
    let [service] = services.as_slice() else {
        return Err(crate::failed::Failed::new(format!(
            "db1 has one service, not {services:?}"
        )));
    };
    ensure!(
        service.key == "-f 2" && service.scheduler == "rr",
        "it is fwmark 2 with rr: {service:?}"
    );
    let right = service.servers.iter().all(|(key, server)| {
        key.ends_with(":0") && server.weight == 3 && server.forwarding == "-g"
    });
    ensure!(
        right,
        "its servers have weight 3 and direct route: {service:?}"
    );
    ensure!(
        cluster.db3.ipvs()?.is_empty(),
        "db3 is no director and balances nothing"
    );
    ensure!(
        cluster.holders()? == ["db1"],
        "only db1 has the VIP on its card"
    );
    Ok(())
}
