//! `connection_sync` switched on and off by reloads, while connections go on.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::client::Held;
use crate::cluster::{Cluster, Reference, ask_lbd};
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;

use super::connections::{hold, survivors, sync_daemon};

const LIMIT: Duration = Duration::from_secs(20);
/// For fifty packets on each of many connections.
const PATIENCE: Duration = Duration::from_secs(40);

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let without = Reference::new().with_quick_checks();
    let with = without.clone().with_connection_sync();
    let _fleet = cluster.lbd_everywhere(&without)?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    no_sync(lab, &cluster)?;
    let mut held = hold(&cluster)?;
    let load = cluster.load().start(lab, &cluster.client)?;

    lab.say("switched on");
    reload(&cluster, &with)?;
    sync_daemon(lab, &cluster.db1, "master")?;
    sync_daemon(lab, &cluster.db2, "backup")?;
    lab.wait_until("the backup has the service too", LIMIT, || {
        Ok(cluster.db2.serving()?.len() == 3)
    })?;
    // Of connections that are older the kernel tells at every fiftieth packet.
    lab.wait_until("the backup is told of the connections", PATIENCE, || {
        held.iter_mut().try_for_each(|c| c.ask().map(drop))?;
        let told = cluster.db2.run("ipvsadm -Lnc")?;
        Ok(told.matches("ESTABLISHED").count() >= held.len())
    })?;
    all_go_on(&mut held, "switched on")?;

    lab.say("switched off");
    reload(&cluster, &without)?;
    no_sync(lab, &cluster)?;
    all_go_on(&mut held, "switched off")?;

    lab.say("and on again");
    reload(&cluster, &with)?;
    sync_daemon(lab, &cluster.db1, "master")?;
    sync_daemon(lab, &cluster.db2, "backup")?;
    all_go_on(&mut held, "switched on again")?;
    ensure!(cluster.holders()? == ["db1"], "the role has not moved");
    let report = load.stop()?;
    lab.say(&report);
    ensure!(report.failed() == 0, "no read was lost: {report}");
    Ok(())
}

fn reload(cluster: &Cluster, file: &Reference) -> Result {
    for host in cluster.databases() {
        host.write_file("lbd.yaml", file.text())?;
        ask_lbd(host, "reload")?;
    }
    Ok(())
}

/// No sync daemon runs, and only the master has the service.
fn no_sync(lab: &Lab, cluster: &Cluster) -> Result {
    for host in [&cluster.db1, &cluster.db2] {
        let what = format!("no sync daemon runs on {}", host.name());
        lab.wait_until(&what, LIMIT, || {
            Ok(!host.run("ipvsadm -Ln --daemon")?.contains("sync daemon"))
        })?;
    }
    ensure!(cluster.db2.ipvs()?.is_empty(), "only the master balances");
    Ok(())
}

fn all_go_on(held: &mut [Held], when: &str) -> Result {
    let alive: BTreeMap<String, usize> = survivors(held);
    ensure!(
        alive.values().sum::<usize>() == held.len() && alive.len() == 3,
        "{when}: every connection to each server goes on: {alive:?}"
    );
    Ok(())
}
