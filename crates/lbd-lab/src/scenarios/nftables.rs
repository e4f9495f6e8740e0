//! Marks and guard in nftables instead of iptables, together with IPVS.

use std::ops::Range;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};

use super::loops::lowest_ttl;
use super::vrrp::lan::child_of;
use crate::cluster::{Cluster, Reference, ask_lbd, daemon_of};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

const LIMIT: Duration = Duration::from_secs(30);
/// Few, so that each is soon used again and meets the entry of an earlier connection.
const PORTS: Range<u16> = 40_000..40_040;

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let file = Reference::new().with_quick_checks().replace(
        "cluster: orders\n",
        "cluster: orders\nmark_backend: nftables\n",
    );
    let mut fleet = cluster.lbd_everywhere(&file)?;
    let [db1, db2, _] = cluster.databases();
    cluster.settled(lab, db1, &cluster.databases())?;
    for director in [db1, db2] {
        let rules = table(director)?;
        let other = if director.name() == "db1" { db2 } else { db1 };
        let mac = crate::switch::mac_text(other.mac());
        ensure!(
            rules.contains(&mac),
            "{} spares the other director: {rules}",
            director.name()
        );
        let iptables = director.mangle()?;
        ensure!(
            !iptables.iter().any(|rule| rule.contains("LBD-")),
            "nothing of lbd is in iptables: {iptables:?}"
        );
    }

    lab.say("reads, then a handover there and back, with ports used again");
    let report = cluster.load().attempts(lab, &cluster.client, 60)?;
    lab.say(&report);
    ensure!(
        cluster
            .databases()
            .iter()
            .all(|host| report.of(host.name()) == 20),
        "an even spread: {report}"
    );
    let capture = lab.capture()?;
    let load = cluster
        .load()
        .every(Duration::from_millis(30))
        .from_ports(PORTS);
    let load = load.start(lab, &cluster.client)?;
    for [from, to] in [[db1, db2], [db2, db1]] {
        ask_lbd(from, "handover")?;
        cluster.settled(lab, to, &cluster.databases())?;
        lab.pause(Duration::from_secs(3));
    }

    lab.say("the daemon is killed");
    let before = table(db1)?;
    kill(child_of(daemon_of(&mut fleet, db1)?, db1)?, Signal::SIGKILL)?;
    lab.pause(Duration::from_secs(2));
    ensure!(table(db1)? == before, "the rules are as they were");
    lab.say(load.stop()?);
    let lowest = lowest_ttl(&capture.stop(lab.results(), "reads")?)?;
    ensure!(
        lowest == 63,
        "each frame is forwarded once; the lowest TTL seen is {lowest}"
    );

    lab.say("another program takes the table away");
    db1.run("nft delete table inet lbd")?;
    lab.wait_until("the rules are there again", LIMIT, || {
        Ok(table(db1).is_ok_and(|rules| rules == before))
    })?;
    cluster.settled(lab, db1, &cluster.databases())?;

    lab.say("after a stop nothing of it is left");
    daemon_of(&mut fleet, db1)?.stop()?;
    let left = db1.run("nft list tables")?;
    ensure!(!left.contains("lbd"), "no table of lbd is left: {left}");
    Ok(())
}

/// The rules of lbd, without counters.
fn table(host: &Host) -> Result<String> {
    host.run("nft --stateless list table inet lbd")
}
