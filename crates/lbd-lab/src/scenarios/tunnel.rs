//! Real servers behind IPIP tunnels: the director wraps each packet, and the server unwraps it and answers the client
//! itself.

use std::net::Ipv4Addr;
use std::ops::Range;
use std::time::Duration;

use super::without;
use crate::capture::to_service;
use crate::client::Report;
use crate::cluster::{Cluster, PORT, Reference, VIP, ask_lbd};
use crate::ensure;
use crate::failed::Result;
use crate::frame::Frame;
use crate::host::Host;
use crate::lab::Lab;

/// IP in IP (RFC 2003).
const IPIP: u8 = 4;
const LIMIT: Duration = Duration::from_secs(30);

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    for host in cluster.databases() {
        tunnel(host)?;
    }
    let file = Reference::new()
        .with_quick_checks()
        .replace("forwarding: direct-route", "forwarding: tunnel");
    let _daemons = cluster.lbd_everywhere(&file)?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;

    lab.say("reads are spread over the three, wrapped for the two others");
    let capture = lab.capture()?;
    let report = cluster.load().attempts(lab, &cluster.client, 90)?;
    lab.say(&report);
    spread(&report, &cluster.databases())?;
    let frames = capture.stop(lab.results(), "reads")?;
    wrapped(&frames, &cluster.db1, &[&cluster.db2, &cluster.db3])?;

    lab.say("handover there and back, with clients that use their ports again");
    let capture = lab.capture()?;
    let load = cluster
        .load()
        .every(Duration::from_millis(15))
        .from_ports(40_000..40_040);
    let load = load.start(lab, &cluster.client)?;
    let mut settled = Vec::new();
    for [from, to] in [[&cluster.db1, &cluster.db2], [&cluster.db2, &cluster.db1]] {
        ask_lbd(from, "handover")?;
        lab.wait_until("the old master has no service", LIMIT, || {
            Ok(from.ipvs()?.is_empty())
        })?;
        cluster.settled(lab, to, &cluster.databases())?;
        let began = lab.now();
        lab.pause(Duration::from_secs(3));
        settled.push(began..lab.now());
    }
    lab.say(load.stop()?);
    never_round(lab, &capture.stop(lab.results(), "handovers")?, &settled)?;

    lab.say("the master's host dies: the other director wraps for db3, and serves itself");
    cluster.db1.die()?;
    let living = without(&cluster, &cluster.db1);
    cluster.settled(lab, &cluster.db2, &living)?;
    lab.wait_until("the client knows", LIMIT, || {
        let neighbours = cluster.client.run(&format!("ip neigh show {VIP}"))?;
        Ok(neighbours.contains(&crate::switch::mac_text(cluster.db2.mac())))
    })?;
    let capture = lab.capture()?;
    let report = cluster.load().attempts(lab, &cluster.client, 60)?;
    lab.say(&report);
    spread(&report, &living)?;
    let frames = capture.stop(lab.results(), "after-takeover")?;
    wrapped(&frames, &cluster.db2, &[&cluster.db3])
}

/// What the operator does on each server. Where the module is not loaded yet, the first command has the kernel do so,
/// which makes the device; where it is there already it is refused.
fn tunnel(host: &Host) -> Result {
    let _ = host.run("ip link add tunl0 type ipip");
    host.run("ip link set tunl0 up")?;
    // A client's packet comes out of the tunnel; the way back to the client is the card.
    for interface in ["all", "tunl0"] {
        host.set_sysctl(&format!("net.ipv4.conf.{interface}.rp_filter"), "0")?;
    }
    Ok(())
}

fn spread(report: &Report, servers: &[&Host]) -> Result {
    let share = report.answered() / servers.len();
    ensure!(report.failed() == 0, "every read is answered: {report}");
    for server in servers {
        let count = report.of(server.name());
        ensure!(
            count.abs_diff(share) <= 1,
            "{} has its share of {share}: {report}",
            server.name()
        );
    }
    Ok(())
}

/// Every frame of the service that the director sends on is wrapped, and each of these servers got some.
fn wrapped(frames: &[Frame], director: &Host, servers: &[&Host]) -> Result {
    let sent = |frame: &&Frame| frame.from_host && frame.port == director.name();
    let bare = to_service(frames, VIP, PORT).filter(sent).count();
    ensure!(bare == 0, "{bare} frames were sent on without a tunnel");
    for server in servers {
        let wrapped = frames.iter().filter(sent).filter_map(inside);
        let count = wrapped.filter(|(to, _)| *to == server.address()).count();
        ensure!(count > 20, "{} got {count} frames", server.name());
    }
    Ok(())
}

/// What goes round is wrapped again and again, each time with a lower TTL inside. That is to be seen in no settled span
/// of time; while both directors hold the service, for a moment of each handover, nothing prevents it.
fn never_round(lab: &Lab, frames: &[Frame], settled: &[Range<Duration>]) -> Result {
    let (mut wrapped, mut round, mut meanwhile) = (0, 0, 0);
    for frame in frames.iter().filter(|frame| frame.from_host) {
        let Some((_, ttl)) = inside(frame) else {
            continue;
        };
        let forwarded_again = usize::from(ttl < 63);
        if settled.iter().any(|span| span.contains(&frame.at)) {
            wrapped += 1;
            round += forwarded_again;
        } else {
            meanwhile += forwarded_again;
        }
    }
    lab.say(format!(
        "{wrapped} wrapped frames, forwarded more than once: {round}; during the handovers: {meanwhile}"
    ));
    ensure!(wrapped > 100, "there were wrapped frames");
    ensure!(round == 0, "{round} frames were forwarded twice");
    Ok(())
}

/// Of a wrapped frame: whom it is for, and the TTL of the packet inside.
fn inside(frame: &Frame) -> Option<(Ipv4Addr, u8)> {
    let outer = frame.ipv4().filter(|ip| ip.protocol == IPIP)?;
    // An outer header without options, behind that of Ethernet.
    let ttl = frame.bytes.get(14 + 20 + 8)?;
    Some((outer.destination, *ttl))
}
