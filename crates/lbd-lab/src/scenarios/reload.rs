//! Another file for a running daemon: only what differs is touched, and a bad file changes nothing.

use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::client::Held;
use crate::cluster::{Cluster, Fleet, PORT, Reference, VIP, ask_lbd, daemon_of};
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;
use crate::snapshot::{Part, Snapshot};

const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let file = Reference::new().with_quick_checks();
    let mut fleet = cluster.lbd_everywhere(&file)?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let mut held = held_to_each(&cluster)?;
    let load = cluster.load().start(lab, &cluster.client)?;

    lab.say("the same file again, by signal and by command");
    let before = Snapshot::of(&cluster.db1, &Part::ALL)?;
    daemon_of(&mut fleet, &cluster.db1)?.signal(Signal::SIGHUP)?;
    lab.wait_until("the reload is told", LIMIT, || {
        Ok(daemon_of(&mut fleet, &cluster.db1)?
            .log()
            .contains("changes in the kernel: 0"))
    })?;
    let said = ask_lbd(&cluster.db1, "reload")?;
    ensure!(
        said.contains("nothing in the kernel had to be changed"),
        "{said}"
    );
    before.must_equal(
        &Snapshot::of(&cluster.db1, &Part::ALL)?,
        "after a reload of the same file",
    )?;

    lab.say("bad files");
    bad_files(&cluster, &mut fleet, &file, &before)?;

    lab.say("db3 is drained by the file");
    let drained = file
        .clone()
        .replace("weight: 3\n", "weight: 3\n    weights: { db3: 0 }\n");
    cluster.db1.write_file("lbd.yaml", drained.text())?;
    let said = ask_lbd(&cluster.db1, "reload")?;
    ensure!(
        said.contains("changes in the kernel: 1"),
        "one weight, one change: {said}"
    );
    let began = lab.now();
    lab.pause(Duration::from_secs(2));
    let report = load.since(began);
    ensure!(
        report.of("db3") == 0 && report.failed() == 0,
        "no new reads go to db3: {report}"
    );
    all_answer(&mut held, "drained servers finish what they have")?;

    lab.say("another scheduler, another priority, other checks");
    let other = drained
        .with_scheduler("scheduler: wlc")
        .replace("db1: 100", "db1: 150")
        .replace("retries: 1", "retries: 2");
    cluster.db1.write_file("lbd.yaml", other.text())?;
    let said = ask_lbd(&cluster.db1, "reload")?;
    ensure!(
        said.contains("changes in the kernel: 1"),
        "the scheduler only: {said}"
    );
    ensure!(
        cluster
            .db1
            .ipvs()?
            .iter()
            .all(|service| service.scheduler == "wlc"),
        "the scheduler is wlc"
    );
    all_answer(&mut held, "an edited service keeps its connections")?;
    ensure!(cluster.holders()? == ["db1"], "the role has not moved");

    lab.say("back to the first file");
    cluster.db1.write_file("lbd.yaml", file.text())?;
    ask_lbd(&cluster.db1, "reload")?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    before.must_equal(
        &Snapshot::of(&cluster.db1, &Part::ALL)?,
        "after a reload of the first file",
    )?;
    let report = load.stop()?;
    lab.say(&report);
    ensure!(
        report.failed() == 0,
        "no reload was noticed by any read: {report}"
    );

    lab.say("without the service: what the file no longer names goes");
    cluster
        .db1
        .write_file("lbd.yaml", file.without_services().text())?;
    ask_lbd(&cluster.db1, "reload")?;
    ensure!(cluster.db1.ipvs()?.is_empty(), "the service is gone");
    ensure!(
        !cluster
            .db1
            .mangle()?
            .iter()
            .any(|rule| rule.contains("LBD-")),
        "the rules are gone"
    );
    ensure!(cluster.holders()? == ["db1"], "the router goes on");
    Ok(())
}

fn held_to_each(cluster: &Cluster) -> Result<Vec<Held>> {
    let target = SocketAddrV4::new(VIP, PORT);
    let held = (0..6)
        .map(|_| Held::open(&cluster.client, target))
        .collect::<Result<Vec<_>>>()?;
    let mut servers = BTreeMap::new();
    for connection in &held {
        *servers.entry(connection.server().to_owned()).or_insert(0) += 1;
    }
    ensure!(
        servers.len() == 3,
        "the connections lead to all three: {servers:?}"
    );
    Ok(held)
}

fn all_answer(held: &mut [Held], what: &str) -> Result {
    for connection in held {
        let server = connection.server().to_owned();
        connection
            .ask()
            .map_err(|error| error.while_doing(format!("{what}, asking {server}")))?;
    }
    Ok(())
}

/// Each is refused in words that say where, and the daemon goes on as before.
fn bad_files(cluster: &Cluster, fleet: &mut Fleet, file: &Reference, before: &Snapshot) -> Result {
    let host = &cluster.db1;
    let bad = [
        (file.clone().replace("weight: 3", "wieght: 3"), "lbd.yaml:"),
        (
            file.clone().replace("interval: 1s", "interval: soon"),
            "lbd.yaml:",
        ),
        (
            file.clone().replace("interface: eth0", "interface: eth7"),
            "eth7",
        ),
        (
            file.clone().replace("10.243.95.3 }", "10.243.95.33 }"),
            "none of this host's addresses",
        ),
    ];
    for (text, sign) in bad {
        host.write_file("lbd.yaml", text.text())?;
        let said = ask_lbd(host, "reload")
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        ensure!(
            said.contains(sign),
            "the answer names what is wrong ({sign}): {said}"
        );
        let log = daemon_of(fleet, host)?.log();
        ensure!(
            log.contains("not reloaded, everything stays as it was"),
            "the log tells it too: {log}"
        );
        before.must_equal(
            &Snapshot::of(host, &Part::ALL)?,
            "after a reload of a bad file",
        )?;
    }
    host.write_file("lbd.yaml", file.text()).map(drop)
}
