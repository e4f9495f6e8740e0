//! Each daemon in turn is stopped in an orderly way and started again, under load.

use std::time::Duration;

use crate::cluster::{Cluster, Reference, VIP, daemon_of};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let mut daemons = cluster.lbd_everywhere(&Reference::new().with_quick_checks())?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let load = cluster.load().start(lab, &cluster.client)?;
    lab.pause(Duration::from_secs(1));

    // The replica and the backup first: neither carries the VIP, so nobody may notice.
    for host in [&cluster.db3, &cluster.db2] {
        let began = lab.now();
        let daemon = daemon_of(&mut daemons, host)?;
        ensure!(
            daemon.stop()?.success(),
            "lbd on {} ends well when asked to: {}",
            host.name(),
            daemon.tail(5)
        );
        stopped_cleanly(host)?;
        daemon.restart()?;
        lab.pause(Duration::from_secs(2));
        cluster.settled(lab, &cluster.db1, &cluster.databases())?;
        let report = load.since(began);
        ensure!(
            report.failed() == 0,
            "nobody notices a restart on {}: {report}",
            host.name()
        );
    }

    let began = lab.now();
    let daemon = daemon_of(&mut daemons, &cluster.db1)?;
    ensure!(
        daemon.stop()?.success(),
        "lbd on db1 ends well when asked to: {}",
        daemon.tail(5)
    );
    stopped_cleanly(&cluster.db1)?;
    lab.wait_until(
        "db2 takes over",
        LIMIT,
        || Ok(cluster.holders()? == ["db2"]),
    )?;
    cluster.settled(lab, &cluster.db2, &cluster.databases())?;
    daemon_of(&mut daemons, &cluster.db1)?.restart()?;
    lab.wait_until("db1 takes over again", LIMIT, || {
        Ok(cluster.holders()? == ["db1"])
    })?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    lab.pause(Duration::from_secs(1));
    let report = load.since(began);
    lab.say(format!("restart of the master: {report}"));
    let silence = report.longest_silence();
    ensure!(
        silence < Duration::from_secs(3),
        "a planned stop does not wait for the master-down time: {report}"
    );
    // A connection under way while the role moves may be lost; the restart must not cost more than those.
    ensure!(
        report.failed() * 20 <= report.answered(),
        "at most one read in twenty fails meanwhile: {report}"
    );
    lab.say(load.stop()?);
    Ok(())
}

fn stopped_cleanly(host: &Host) -> Result {
    let name = host.name();
    ensure!(
        !host.has_on_nic(VIP)?,
        "{name} has taken the VIP off its card"
    );
    ensure!(
        host.addresses("lo")?.contains(&format!("{VIP}/32")),
        "{name} keeps the VIP on lo"
    );
    ensure!(
        host.ipvs()?.is_empty(),
        "{name} has no service left in its table"
    );
    let rules = host.mangle()?;
    ensure!(
        !rules.iter().any(|rule| rule.contains("MARK")),
        "{name} has no mark rule left: {rules:?}"
    );
    Ok(())
}
