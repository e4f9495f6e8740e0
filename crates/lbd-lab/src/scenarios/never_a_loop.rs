//! Whatever happens to the roles, no frame is forwarded twice: three directors of four servers, clients that use their
//! ports again and again, and every way in which old connection entries could come to lead astray.

use std::net::Ipv4Addr;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};

use super::vrrp::lan::{child_of, kill_together};
use crate::capture::to_service;
use crate::client::Running;
use crate::cluster::{
    Cluster, PORT, Reference, VIP, ask_lbd, daemon_of, lbd, line_server, listening,
};
use crate::ensure;
use crate::failed::{Failed, Result};
use crate::frame::Frame;
use crate::host::Host;
use crate::lab::Lab;

const DB4: Ipv4Addr = Ipv4Addr::new(10, 243, 95, 6);
const LIMIT: Duration = Duration::from_secs(30);
/// How long reads go on in each state.
const WHILE: Duration = Duration::from_secs(3);

/// Only the master's kernel holds the service.
pub(super) fn run(lab: &mut Lab) -> Result {
    through_everything(lab, &file())
}

/// Every director's kernel holds the service, and the connections of the others too.
pub(super) fn synced(lab: &mut Lab) -> Result {
    through_everything(lab, &file().with_connection_sync())
}

fn file() -> Reference {
    Reference::new().with_quick_checks().with_fourth_server()
}

fn through_everything(lab: &mut Lab, file: &Reference) -> Result {
    let cluster = Cluster::build(lab)?;
    let db4 = lab.add_host("db4", DB4)?;
    let _servers = cluster.line_servers(lab)?;
    let _server = line_server(&db4)?;
    listening(lab, &db4)?;
    let mut fleet = cluster.lbd_everywhere(file)?;
    let _daemon = lbd(&db4, file)?;
    let [db1, db2, db3] = cluster.databases();
    let all = [db1, db2, db3, &db4];
    cluster.settled(lab, db1, &all)?;

    let capture = lab.capture()?;
    // Few ports, soon used again: an entry of long ago is met by a new connection.
    let ports = 40_000..40_040;
    let load = cluster
        .load()
        .every(Duration::from_millis(15))
        .from_ports(ports);
    let load = load.start(lab, &cluster.client)?;
    lab.pause(WHILE);

    lab.say("orderly stop of the master, and back");
    daemon_of(&mut fleet, db1)?.stop()?;
    reads_through(lab, &cluster, db2)?;
    daemon_of(&mut fleet, db1)?.restart()?;
    reads_through(lab, &cluster, db1)?;

    lab.say("handover, and the heir hands over too");
    ask_lbd(db1, "handover")?;
    reads_through(lab, &cluster, db2)?;
    ask_lbd(db2, "handover")?;
    lab.wait_until("another one holds the VIP", LIMIT, || {
        Ok(cluster.holders()? != ["db2"] && cluster.holders()?.len() == 1)
    })?;
    lab.pause(WHILE);

    lab.say("kill -9 of every director's daemon, their guardians start new ones");
    for host in [db1, db2, db3] {
        kill(
            child_of(daemon_of(&mut fleet, host)?, host)?,
            Signal::SIGKILL,
        )?;
        lab.pause(WHILE / 2);
    }

    lab.say("kill -9 of the master's daemon and guardian: what they made stays behind");
    let name = cluster.holders()?.first().cloned().unwrap_or_default();
    let master = lab.host(&name)?;
    kill_together(&master, daemon_of(&mut fleet, &master)?, "lbd")?;
    lab.pause(WHILE * 2);
    daemon_of(&mut fleet, &master)?.restart()?;
    lab.wait_until("one host holds the VIP", LIMIT, || {
        Ok(cluster.holders()?.len() == 1)
    })?;
    lab.pause(WHILE);

    lab.say("the LAN splits and heals: two masters, then one");
    let name = cluster.holders()?.first().cloned().unwrap_or_default();
    let master = lab.host(&name)?;
    master.cut()?;
    lab.pause(Duration::from_secs(6));
    master.reconnect()?;
    lab.wait_until("one host holds the VIP", LIMIT, || {
        Ok(cluster.holders()?.len() == 1)
    })?;
    lab.pause(WHILE);

    forwarded_once(lab, load, capture.stop(lab.results(), "reads")?)
}

fn reads_through(lab: &Lab, cluster: &Cluster, master: &Host) -> Result {
    lab.wait_until(&format!("{} holds the VIP", master.name()), LIMIT, || {
        Ok(cluster.holders()? == [master.name()])
    })?;
    lab.pause(WHILE);
    Ok(())
}

fn forwarded_once(lab: &Lab, load: Running, frames: Vec<Frame>) -> Result {
    lab.say(load.stop()?);
    let ttls: Vec<u8> = to_service(&frames, VIP, PORT)
        .filter_map(Frame::ipv4)
        .map(|ip| ip.ttl)
        .collect();
    let twice = ttls.iter().filter(|ttl| **ttl < 63).count();
    let lowest = ttls.iter().min().copied();
    let lowest = lowest.ok_or_else(|| Failed::new("no frame of the service was captured"))?;
    lab.say(format!(
        "{} frames of the service, the lowest TTL {lowest}, forwarded more than once: {twice}",
        ttls.len()
    ));
    ensure!(
        twice == 0,
        "no frame is forwarded twice; {twice} were, the lowest TTL is {lowest}"
    );
    Ok(())
}
