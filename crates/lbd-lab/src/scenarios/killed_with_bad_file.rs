//! The daemons of both directors are killed after a bad file was put on disk: they go on with the one that was in force,
//! connections live on, and the other director's MAC is still followed.

use std::net::SocketAddrV4;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};

use crate::client::Held;
use crate::cluster::{Cluster, PORT, Reference, VIP, ask_lbd, daemon_of};
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;
use crate::snapshot::{Part, Snapshot};

use super::mac_change::spares;
use super::vrrp::lan::child_of;

const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let file = Reference::new().with_quick_checks();
    let mut fleet = cluster.lbd_everywhere(&file)?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let directors = [&cluster.db1, &cluster.db2];
    spares(lab, directors[0], directors[1])?;
    spares(lab, directors[1], directors[0])?;
    let target = SocketAddrV4::new(VIP, PORT);
    let mut held = (0..6)
        .map(|_| Held::open(&cluster.client, target))
        .collect::<Result<Vec<_>>>()?;
    let load = cluster.load().start(lab, &cluster.client)?;

    for host in directors {
        let before = Snapshot::of(host, &Part::ALL)?;
        let bad = file.clone().replace("weight: 3", "wieght: 3");
        host.write_file("lbd.yaml", bad.text())?;
        kill(
            child_of(daemon_of(&mut fleet, host)?, host)?,
            Signal::SIGKILL,
        )?;
        let what = format!("{} goes on with the file in force", host.name());
        lab.wait_until(&what, LIMIT, || {
            let log = daemon_of(&mut fleet, host)?.log();
            Ok(log.contains("going on with the one that was in force"))
        })?;
        // Until all is decided and looked at again.
        lab.pause(Duration::from_secs(8));
        before.must_equal(&Snapshot::of(host, &Part::ALL)?, "after the kill")?;
        let refused = ask_lbd(host, "reload").err().map(|e| e.to_string());
        ensure!(
            refused.as_ref().is_some_and(|why| why.contains("wieght")),
            "a reload says what is wrong: {refused:?}"
        );
    }
    ensure!(cluster.holders()? == ["db1"], "the role has not moved");
    for connection in &mut held {
        connection.ask()?;
    }
    let report = load.stop()?;
    ensure!(report.failed() == 0, "no read was lost: {report}");

    cluster.db2.set_mac([2, 0xaa, 0, 0, 0, 4])?;
    spares(lab, &cluster.db1, &cluster.db2)?;

    for host in directors {
        host.write_file("lbd.yaml", file.text())?;
        ask_lbd(host, "reload")?;
        daemon_of(&mut fleet, host)?.stop()?;
    }
    Ok(())
}
