//! SIGKILL of the master's daemon, whose guardian starts it again, and of both, which are started by hand: converges,
//! and the table keeps its connections.

use std::net::SocketAddrV4;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};

use crate::client::Held;
use crate::cluster::{Cluster, PORT, Reference, VIP, daemon_of};
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;

use super::vrrp::lan::{child_of, kill_together};

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let mut daemons = cluster.lbd_everywhere(&Reference::new())?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let target = SocketAddrV4::new(VIP, PORT);
    let mut held = (0..6)
        .map(|_| Held::open(&cluster.client, target))
        .collect::<Result<Vec<_>>>()?;
    let servers = held
        .iter()
        .map(Held::server)
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    ensure!(
        servers == 3,
        "the connections lead to all three servers, not to {servers}"
    );

    for round in 1..=2 {
        let daemon = daemon_of(&mut daemons, &cluster.db1)?;
        // The first checks hang: until they have an answer, the table must stay as it is.
        hold_up_checks(&cluster, "-I")?;
        let guarded = round == 1;
        if guarded {
            kill(child_of(daemon, &cluster.db1)?, Signal::SIGKILL)?;
        } else {
            kill_together(&cluster.db1, daemon, "lbd")?;
        }
        ensure!(
            cluster.db1.has_on_nic(VIP)?,
            "a killed daemon leaves the VIP behind"
        );
        if !guarded {
            daemon_of(&mut daemons, &cluster.db1)?.restart()?;
        }
        table_stays_whole(lab, &cluster)?;
        hold_up_checks(&cluster, "-D")?;
        cluster.settled(lab, &cluster.db1, &cluster.databases())?;
        lab.wait_until("db1 alone holds the VIP", Duration::from_secs(20), || {
            Ok(cluster.holders()? == ["db1"])
        })?;
        for connection in &mut held {
            let server = connection.server().to_owned();
            connection.ask().map_err(|error| {
                error.while_doing(format!("round {round}, a connection to {server}"))
            })?;
        }
    }
    nothing_is_doubled(&cluster)
}

/// Drops db1's own connections to the other servers. What it balances is for the VIP and passes.
fn hold_up_checks(cluster: &Cluster, insert_or_delete: &str) -> Result {
    let tool = cluster.db1.iptables();
    for server in [&cluster.db2, &cluster.db3] {
        let rule = format!(
            "OUTPUT -d {} -p tcp --dport {PORT} -j DROP",
            server.address()
        );
        cluster
            .db1
            .run(&format!("{tool} {insert_or_delete} {rule}"))?;
    }
    Ok(())
}

/// Looks at the table for some seconds after the start: no server may be missing, not even for a moment.
fn table_stays_whole(lab: &Lab, cluster: &Cluster) -> Result {
    let until = lab.now() + Duration::from_secs(5);
    while lab.now() < until {
        let serving = cluster.db1.serving()?;
        ensure!(
            serving.len() == 3,
            "while lbd starts again the table holds only {serving:?}"
        );
        lab.pause(Duration::from_millis(50));
    }
    Ok(())
}

fn nothing_is_doubled(cluster: &Cluster) -> Result {
    let services = cluster.db1.ipvs()?;
    ensure!(services.len() == 1, "there is one service: {services:?}");
    let rules = cluster.db1.mangle()?;
    let marks = rules
        .iter()
        .filter(|rule| rule.contains("--set-xmark 0x2/"))
        .count();
    let jumps = rules
        .iter()
        .filter(|rule| rule.starts_with("-A PREROUTING"))
        .count();
    ensure!(
        marks == 1 && jumps == 1,
        "there is one mark rule and one jump to it: {rules:?}"
    );
    for interface in ["lo", "eth0"] {
        let addresses = cluster.db1.addresses(interface)?;
        let copies = addresses
            .iter()
            .filter(|address| address.starts_with(&format!("{VIP}/")))
            .count();
        ensure!(copies == 1, "the VIP is once on {interface}: {addresses:?}");
    }
    Ok(())
}
