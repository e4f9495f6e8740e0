//! The master's host dies between two slow checks: who knows that its server died with it?

use std::net::Ipv4Addr;
use std::time::Duration;

use super::status;
use crate::client::Report;
use crate::cluster::{
    Cluster, Keepalived, PORT, Reference, lbd, line_server, listening, make_real_server,
    mark_by_hand,
};
use crate::daemon::Daemon;
use crate::ensure;
use crate::failed::{Failed, Result};
use crate::frame::Frame;
use crate::host::Host;
use crate::lab::Lab;

const DB4: Ipv4Addr = Ipv4Addr::new(10, 243, 95, 6);
const LIMIT: Duration = Duration::from_secs(30);
/// How long reads are counted after the takeover.
const WINDOW: Duration = Duration::from_secs(20);
/// How long probes are counted before; the reference file has one every 10 s.
const QUIET: Duration = Duration::from_secs(30);
const INTERVAL: Duration = Duration::from_secs(10);
/// Reads that may be under way to the dead server when the new master hears of it.
const MAY_FAIL: usize = 4;

/// Three lbd direct four servers: the silence of the master makes its server suspected.
pub(crate) fn of_lbd(lab: &mut Lab) -> Result {
    let (cluster, db4) = build(lab)?;
    let (_servers, _fourth) = serve(lab, &cluster, &db4)?;
    let file = Reference::new().with_fourth_server();
    let _daemons = cluster.lbd_everywhere(&file)?;
    let _daemon = lbd(&db4, &file)?;
    let all = everybody(&cluster, &db4);
    cluster.settled(lab, &cluster.db1, &all)?;
    few_probes(lab, &cluster, &all)?;

    let after = die_under_load(lab, &cluster, || {
        let told = status::of(&cluster.db2, &cluster.db1)?;
        lab.say(format!("db1 is {}: {}", told.table, told.why));
        let known = told.why.starts_with("suspected") || told.why.starts_with("down");
        ensure!(
            known && told.weight.unwrap_or(0) == 0,
            "db1 is suspected because it fell silent, or found to be down: {told:?}"
        );
        Ok(())
    })?;
    lab.say(format!("lbd, after the takeover: {after}"));
    ensure!(
        after.failed() <= MAY_FAIL,
        "after the takeover no more than {MAY_FAIL} reads fail: {after}"
    );
    let serving = [&cluster.db2, &cluster.db3, &db4];
    cluster.settled(lab, &cluster.db2, &serving)?;
    let told = status::of(&cluster.db2, &cluster.db1)?;
    ensure!(
        told.table == "absent" && told.why.starts_with("down ("),
        "at last db1 is down: {told:?}"
    );
    Ok(())
}

/// Two keepalived direct the same servers with checks as slow: the number to compare with.
pub(crate) fn of_keepalived(lab: &mut Lab) -> Result {
    let (cluster, db4) = build(lab)?;
    let (_servers, _fourth) = serve(lab, &cluster, &db4)?;
    let all = everybody(&cluster, &db4);
    for host in all {
        make_real_server(host)?;
    }
    mark_by_hand(&cluster.db1, Some(cluster.db2.mac()))?;
    mark_by_hand(&cluster.db2, Some(cluster.db1.mac()))?;
    let first = Keepalived::director(100, &all).with_slow_checks();
    let _first = first.start(&cluster.db1)?;
    let second = Keepalived::director(90, &all).with_slow_checks();
    let _second = second.start(&cluster.db2)?;
    cluster.settled(lab, &cluster.db1, &all)?;
    let after = die_under_load(lab, &cluster, || Ok(()))?;
    lab.say(format!("keepalived, after the takeover: {after}"));
    ensure!(
        after.failed() > MAY_FAIL,
        "without suspicion more reads fail, or the other number says nothing: {after}"
    );
    Ok(())
}

fn build(lab: &mut Lab) -> Result<(Cluster, Host)> {
    let cluster = Cluster::build(lab)?;
    let db4 = lab.add_host("db4", DB4)?;
    Ok((cluster, db4))
}

fn serve(lab: &Lab, cluster: &Cluster, db4: &Host) -> Result<(crate::cluster::Fleet, Daemon)> {
    let servers = cluster.line_servers(lab)?;
    let fourth = line_server(db4)?;
    listening(lab, db4)?;
    Ok((servers, fourth))
}

fn everybody<'a>(cluster: &'a Cluster, db4: &'a Host) -> [&'a Host; 4] {
    [&cluster.db1, &cluster.db2, &cluster.db3, db4]
}

/// In quiet times nobody is probed more often than the file asks for.
fn few_probes(lab: &Lab, cluster: &Cluster, servers: &[&Host]) -> Result {
    // The first probes come sooner than the regular ones.
    lab.pause(INTERVAL);
    let capture = lab.capture()?;
    lab.pause(QUIET);
    let frames = capture.stop(lab.results(), "quiet")?;
    let most = usize::try_from(QUIET.as_secs() / INTERVAL.as_secs())? + 1;
    for director in cluster.databases() {
        // A director's probe of itself does not reach the switch.
        for server in servers.iter().filter(|host| host.name() != director.name()) {
            let probes = frames
                .iter()
                .filter(|frame| opens(frame, director, server))
                .count();
            let (from, to) = (director.name(), server.name());
            lab.say(format!("{from} probed {to} {probes} times in {QUIET:?}"));
            ensure!(
                (1..=most).contains(&probes),
                "{from} probes {to} every {INTERVAL:?}, not {probes} times in {QUIET:?}"
            );
        }
    }
    Ok(())
}

/// A director's connection to a server's own address.
fn opens(frame: &Frame, director: &Host, server: &Host) -> bool {
    frame.from_host
        && frame.port == director.name()
        && frame
            .ipv4()
            .is_some_and(|ip| ip.destination == server.address())
        && frame
            .tcp()
            .is_some_and(|tcp| tcp.syn && !tcp.ack && tcp.destination_port == PORT)
}

/// The reads that began after the first one that a new master had answered.
fn die_under_load(
    lab: &Lab,
    cluster: &Cluster,
    at_once: impl FnOnce() -> Result,
) -> Result<Report> {
    let load = cluster.load().start(lab, &cluster.client)?;
    lab.pause(Duration::from_secs(2));
    cluster.db1.die()?;
    let died = lab.now();
    lab.wait_until("reads are answered by another master", LIMIT, || {
        Ok(load.since(died).answered() > 0)
    })?;
    at_once()?;
    lab.pause(WINDOW);
    let report = load.stop()?;
    report.keep(&lab.results().join("reads.csv"))?;
    let answered = report
        .after(died)
        .attempts
        .into_iter()
        .filter(|attempt| attempt.result.is_ok())
        .map(|attempt| attempt.at + attempt.took)
        .min();
    let over = answered.ok_or_else(|| Failed::new(format!("nobody answered: {report}")))?;
    let after = report.between(over, over + WINDOW);
    ensure!(
        after.attempts.len() > 200,
        "the client did read all the time: {after}"
    );
    Ok(after)
}
