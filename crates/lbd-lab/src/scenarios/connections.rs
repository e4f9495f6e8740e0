//! Connections across a takeover, and what becomes of those whose server dies or is drained.

use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

use crate::client::Held;
use crate::cluster::{Cluster, Fleet, PORT, Reference, VIP, ask_lbd};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

/// Connections to each server.
pub(super) const EACH: usize = 8;
const LIMIT: Duration = Duration::from_secs(30);

/// The sync daemons follow the role.
pub(super) fn synced(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let file = Reference::new().with_quick_checks().with_connection_sync();
    let _fleet = cluster.lbd_everywhere(&file)?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    sync_daemon(lab, &cluster.db1, "master")?;
    sync_daemon(lab, &cluster.db2, "backup")?;
    let mut held = hold(&cluster)?;
    settle_in(lab, &mut held)?;

    lab.say("db1 hands over: every connection goes on");
    ask_lbd(&cluster.db1, "handover")?;
    taken_over(lab, &cluster)?;
    sync_daemon(lab, &cluster.db2, "master")?;
    sync_daemon(lab, &cluster.db1, "backup")?;
    let alive = survivors(&mut held);
    lab.say(format!("survived a handover: {alive:?}"));
    ensure!(
        alive.values().all(|count| *count == EACH),
        "all go on: {alive:?}"
    );
    Ok(())
}

/// The same when the master's host dies.
pub(super) fn synced_death(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let file = Reference::new().with_quick_checks().with_connection_sync();
    let _fleet = cluster.lbd_everywhere(&file)?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    sync_daemon(lab, &cluster.db2, "backup")?;
    survives_death(lab, &cluster)
}

/// Without sync, but with equal tables and a scheduler that finds the same server again.
pub(super) fn hashed(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let file = Reference::new()
        .with_quick_checks()
        .with_scheduler("scheduler: mh\n    scheduler_flags: [mh-port]");
    let _fleet: Fleet = cluster.lbd_everywhere(&file)?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    survives_death(lab, &cluster)
}

fn survives_death(lab: &Lab, cluster: &Cluster) -> Result {
    let mut held = hold(cluster)?;
    settle_in(lab, &mut held)?;
    lab.say("the master's host dies: the connections to the other hosts go on");
    cluster.db1.die()?;
    taken_over(lab, cluster)?;
    held.retain(|connection| connection.server() != "db1");
    let alive = survivors(&mut held);
    lab.say(format!("survived the death of db1: {alive:?}"));
    let all = [("db2".to_owned(), EACH), ("db3".to_owned(), EACH)];
    ensure!(alive == all.into(), "those of db2 and db3 go on: {alive:?}");
    Ok(())
}

/// A dead server's clients are told at once; a drained one's finish.
pub(super) fn dead_and_drained(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let mut servers = cluster.line_servers(lab)?;
    let file = Reference::new().with_quick_checks();
    let _fleet = cluster.lbd_everywhere(&file)?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let mut held = hold(&cluster)?;

    lab.say("db2 is drained by the file: its connections go on, new ones go elsewhere");
    let drained = file.replace("weight: 3\n", "weight: 3\n    weights: { db2: 0 }\n");
    cluster.db1.write_file("lbd.yaml", drained.text())?;
    ask_lbd(&cluster.db1, "reload")?;
    let alive = survivors(&mut held);
    ensure!(
        alive.values().all(|count| *count == EACH),
        "all go on: {alive:?}"
    );
    let report = cluster.load().attempts(lab, &cluster.client, 40)?;
    ensure!(
        report.of("db2") == 0 && report.failed() == 0,
        "no new reads go to db2: {report}"
    );

    lab.say("db3's host dies: its clients get a reset, not a hang");
    drop(servers.remove("db3"));
    cluster.db3.die()?;
    lab.wait_until("db3 is out of the table", LIMIT, || {
        Ok(!cluster
            .db1
            .serving()?
            .contains(&cluster.db3.address().to_string()))
    })?;
    let mut longest = Duration::ZERO;
    let (dead, mut living): (Vec<Held>, Vec<Held>) = held
        .into_iter()
        .partition(|connection| connection.server() == "db3");
    for mut connection in dead {
        let began = Instant::now();
        ensure!(
            connection.ask().is_err(),
            "nobody answers for a dead server"
        );
        longest = longest.max(began.elapsed());
    }
    lab.say(format!("the slowest reset took {longest:?}"));
    ensure!(
        longest < Duration::from_secs(2),
        "a reset comes at once, not after {longest:?}"
    );
    let alive = survivors(&mut living);
    ensure!(
        alive.values().sum::<usize>() == 2 * EACH,
        "the others go on: {alive:?}"
    );
    Ok(())
}

/// Opens connections until each server has [`EACH`].
pub(super) fn hold(cluster: &Cluster) -> Result<Vec<Held>> {
    let target = SocketAddrV4::new(VIP, PORT);
    let mut held: Vec<Held> = Vec::new();
    for _ in 0..EACH * 3 * 8 {
        let connection = Held::open(&cluster.client, target)?;
        let same = held
            .iter()
            .filter(|other| other.server() == connection.server());
        if same.count() < EACH {
            held.push(connection);
        }
        if held.len() == EACH * 3 {
            return Ok(held);
        }
    }
    Err(crate::failed::Failed::new(format!(
        "only {} connections spread evenly",
        held.len()
    )))
}

/// The kernel tells of a connection after some packets.
fn settle_in(lab: &Lab, held: &mut [Held]) -> Result {
    for _ in 0..4 {
        for connection in &mut *held {
            connection.ask()?;
        }
    }
    lab.pause(Duration::from_secs(3));
    Ok(())
}

/// How many connections of each server still answer.
pub(super) fn survivors(held: &mut [Held]) -> BTreeMap<String, usize> {
    let mut alive = BTreeMap::new();
    for connection in held {
        let count = alive.entry(connection.server().to_owned()).or_insert(0);
        *count += usize::from(connection.ask().is_ok());
    }
    alive
}

fn taken_over(lab: &Lab, cluster: &Cluster) -> Result {
    lab.wait_until("db2 holds the VIP", LIMIT, || cluster.db2.has_on_nic(VIP))?;
    lab.wait_until("the client knows", LIMIT, || {
        let neighbours = cluster.client.run(&format!("ip neigh show {VIP}"))?;
        Ok(neighbours.contains(&crate::switch::mac_text(cluster.db2.mac())))
    })?;
    Ok(())
}

pub(super) fn sync_daemon(lab: &Lab, host: &Host, role: &str) -> Result {
    let what = format!("the sync daemon of {} is {role}", host.name());
    let sign = format!("{role} sync daemon");
    lab.wait_until(&what, LIMIT, || {
        let text = host.run("ipvsadm -Ln --daemon")?;
        Ok(text.contains(&sign) && text.matches("sync daemon").count() == 1)
    })?;
    Ok(())
}
