//! The loop between two directors that are real servers: seen where both hold the service and nobody guards, absent
//! with lbd.

use super::plain_ipvs::balance_by_hand;
use crate::capture::to_service;
use crate::cluster::{Cluster, PORT, Reference, VIP, make_real_server, mark_by_hand};
use crate::ensure;
use crate::failed::{Failed, Result};
use crate::frame::Frame;
use crate::lab::Lab;

/// Two directors that both hold the service and mark every frame: frames go round until their TTL ends.
pub(super) fn by_hand(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    for host in cluster.databases() {
        make_real_server(host)?;
    }
    for director in [&cluster.db1, &cluster.db2] {
        balance_by_hand(director, &cluster.databases())?;
    }
    // Only one of them is master.
    cluster.db2.run(&format!("ip addr del {VIP}/32 dev eth0"))?;
    let lowest = lowest_ttl(&read_and_capture(lab, &cluster)?)?;
    ensure!(
        lowest < 40,
        "without a guard a frame goes round and its TTL falls; the lowest seen is {lowest}"
    );
    Ok(())
}

/// Somebody else marks, and spares nobody: still only the master holds the service.
pub(super) fn marked_by_others(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    for director in [&cluster.db1, &cluster.db2] {
        mark_by_hand(director, None)?;
    }
    let _daemons = cluster.lbd_everywhere(&Reference::new().with_external_mark())?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let rules = cluster.db1.mangle()?;
    ensure!(
        rules.iter().filter(|rule| rule.contains("MARK")).count() == 1,
        "with `mark: external` lbd adds no rule: {rules:?}"
    );
    let lowest = lowest_ttl(&read_and_capture(lab, &cluster)?)?;
    ensure!(
        lowest == 63,
        "each frame is forwarded once; the lowest TTL seen is {lowest}"
    );
    Ok(())
}

/// lbd marks.
pub(super) fn with_guard(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let _daemons = cluster.lbd_everywhere(&Reference::new())?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let frames = read_and_capture(lab, &cluster)?;
    let lowest = lowest_ttl(&frames)?;
    ensure!(
        lowest == 63,
        "each frame is forwarded once; the lowest TTL seen is {lowest}"
    );
    Ok(())
}

/// Three directors: each spares the two others.
pub(super) fn three_directors(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let _daemons =
        cluster.lbd_everywhere(&Reference::new().with_quick_checks().with_third_director())?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let frames = read_and_capture(lab, &cluster)?;
    let lowest = lowest_ttl(&frames)?;
    ensure!(
        lowest == 63,
        "each frame is forwarded once; the lowest TTL seen is {lowest}"
    );
    cluster.db1.die()?;
    cluster.settled(lab, &cluster.db2, &[&cluster.db2, &cluster.db3])?;
    let frames = read_and_capture(lab, &cluster)?;
    let lowest = lowest_ttl(&frames)?;
    ensure!(
        lowest == 63,
        "also after a takeover; the lowest TTL seen is {lowest}"
    );
    Ok(())
}

fn read_and_capture(lab: &Lab, cluster: &Cluster) -> Result<Vec<Frame>> {
    let capture = lab.capture()?;
    let report = cluster.load().attempts(lab, &cluster.client, 100)?;
    lab.say(&report);
    capture.stop(lab.results(), "reads")
}

/// The lowest TTL of any frame of the service: 63 where each was forwarded once.
pub(super) fn lowest_ttl(frames: &[Frame]) -> Result<u8> {
    let ttls = to_service(frames, VIP, PORT)
        .filter_map(Frame::ipv4)
        .map(|ip| ip.ttl);
    ttls.min()
        .ok_or_else(|| Failed::new("no frame of the service was captured"))
}
