//! Other programs change what lbd holds: it is put right, counted and told, and no fight goes on for ever.

use std::time::Duration;

use crate::cluster::{Cluster, Fleet, Reference, VIP, daemon_of};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

/// What the kernel tells of at once is put right within a second; twice that on a machine with other things to do.
const AT_ONCE: Duration = Duration::from_secs(2);
/// The rest is seen at the next look, every 5 s.
const AT_NEXT_LOOK: Duration = Duration::from_secs(8);

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let mut fleet = cluster.lbd_everywhere(&Reference::new().with_quick_checks())?;
    cluster.settled(lab, &cluster.db1, &cluster.databases())?;
    let host = &cluster.db1;
    let rules = host.mangle()?;
    // What the daemon itself just did has been looked at again.
    lab.pause(Duration::from_secs(6));
    ensure!(
        repairs(&mut fleet, host)? == 0,
        "nothing had to be put right so far"
    );

    host.run(&format!("ip addr del {VIP}/32 dev eth0"))?;
    lab.wait_until("the VIP is back on the card", AT_ONCE, || {
        host.has_on_nic(VIP)
    })?;
    host.run(&format!("ip addr del {VIP}/32 dev lo"))?;
    lab.wait_until("the VIP is back on lo", AT_ONCE, || {
        Ok(host.addresses("lo")?.contains(&format!("{VIP}/32")))
    })?;

    let db3 = cluster.db3.address();
    host.run(&format!("ipvsadm -d -f 2 -r {db3}:0"))?;
    lab.wait_until("the server is back in the table", AT_NEXT_LOOK, || {
        Ok(host.serving()?.len() == 3)
    })?;
    host.run(&format!("ipvsadm -e -f 2 -r {db3}:0 -w 77"))?;
    host.run("ipvsadm -a -f 2 -r 10.243.95.99:0 -g -w 1")?;
    lab.wait_until("weight and servers are right again", AT_NEXT_LOOK, || {
        let services = host.ipvs()?;
        let servers = services.first().map(|service| &service.servers);
        Ok(servers.is_some_and(|s| s.len() == 3 && s.values().all(|server| server.weight == 3)))
    })?;
    host.run("ipvsadm -D -f 2")?;
    lab.wait_until("the service is back", AT_NEXT_LOOK, || {
        Ok(host.serving()?.len() == 3)
    })?;

    let tool = host.iptables();
    for line in ["-F LBD-MARK", "-D PREROUTING -j LBD-MARK", "-F LBD-GUARD"] {
        host.run(&format!("{tool} -t mangle {line}"))?;
        let what = format!("the mark rules are whole again after {line}");
        lab.wait_until(&what, AT_NEXT_LOOK, || Ok(host.mangle()? == rules))?;
    }
    host.set_sysctl("net.ipv4.conf.all.arp_ignore", "0")?;
    host.set_sysctl("net.ipv4.vs.expire_nodest_conn", "0")?;
    lab.wait_until("the parameters are right again", AT_NEXT_LOOK, || {
        let arp = host.run("sysctl -n net.ipv4.conf.all.arp_ignore")?;
        let vs = host.run("sysctl -n net.ipv4.vs.expire_nodest_conn")?;
        Ok((arp.trim(), vs.trim()) == ("1", "1"))
    })?;
    let count = repairs(&mut fleet, host)?;
    ensure!(
        (10..=20).contains(&count),
        "each repair is told once; {count} were told"
    );
    a_parameter_gets_stuck(lab, &mut fleet, host)?;
    a_fight(lab, &mut fleet, host)
}

/// A file on a read-only file system lies over a parameter: it has the wrong value, and cannot be written any more. That
/// must not keep drift of other things from being counted, told and limited.
fn a_parameter_gets_stuck(lab: &Lab, fleet: &mut Fleet, host: &Host) -> Result {
    for line in [
        "mkdir /run/stuck",
        "mount -t tmpfs stuck /run/stuck",
        "cp /proc/sys/net/ipv4/vs/expire_nodest_conn /run/stuck/one",
        "mount -o remount,ro /run/stuck",
        "mount --bind /run/stuck/one /proc/sys/net/ipv4/vs/conntrack",
    ] {
        host.run(line)?;
    }
    lab.wait_until("the stuck parameter is told", AT_NEXT_LOOK, || {
        let log = daemon_of(fleet, host)?.log();
        Ok(log.contains("not as it should be, trying again: set net.ipv4.vs.conntrack"))
    })?;
    Ok(())
}

/// Another program takes the address off again and again.
fn a_fight(lab: &Lab, fleet: &mut Fleet, host: &Host) -> Result {
    let before = repairs(fleet, host)?;
    for _ in 0..12 {
        lab.pause(Duration::from_millis(500));
        // While the fight is on, the address is mostly not there.
        let _ = host.run(&format!("ip addr del {VIP}/32 dev eth0"));
    }
    let fought = repairs(fleet, host)?.saturating_sub(before);
    ensure!(
        (3..=6).contains(&fought),
        "the fight was given up after some repairs; there were {fought}"
    );
    let log = daemon_of(fleet, host)?.log();
    ensure!(
        log.matches("another program keeps changing").count() == 1,
        "the fight is told, and once: {log}"
    );
    ensure!(
        log.contains(&format!("keeps changing {VIP} on eth0: put right ")),
        "the fight is told with its thing and its repairs: {log}"
    );
    ensure!(
        !host.has_on_nic(VIP)?,
        "during a fight the thing is left for a while"
    );
    lab.wait_until("lbd insists now and then", Duration::from_secs(45), || {
        host.has_on_nic(VIP)
    })?;
    Ok(())
}

/// How many repairs the log tells of.
fn repairs(fleet: &mut Fleet, host: &Host) -> Result<usize> {
    let log = daemon_of(fleet, host)?.log();
    Ok(log.matches("changed by another program").count())
}
