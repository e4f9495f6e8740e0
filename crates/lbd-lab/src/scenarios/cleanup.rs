//! `lbd cleanup`: after it a host is as it was before lbd came, whatever happened in between.

use crate::cluster::{Cluster, Reference, VIP, ask_lbd, daemon_of};
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;
use crate::snapshot::{Part, Snapshot};

use super::foreign_untouched::{others_are_there, things_of_others};
use super::vrrp::lan::kill_together;

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let mut before = Vec::new();
    for host in cluster.databases() {
        things_of_others(host)?;
        // Values that nobody would have by default.
        host.set_sysctl("net.ipv4.conf.all.arp_announce", "1")?;
        host.set_sysctl("net.ipv4.conf.eth0.send_redirects", "1")?;
        host.set_sysctl("net.ipv4.vs.sloppy_tcp", "1")?;
        before.push(Snapshot::of(host, &Part::ALL)?);
    }
    let mut fleet = cluster.lbd_everywhere(&Reference::new().with_quick_checks())?;
    lab.wait_until(
        "db1 holds the VIP",
        std::time::Duration::from_secs(40),
        || Ok(cluster.holders()? == ["db1"] && cluster.db1.serving()?.len() >= 3),
    )?;

    let refused = ask_lbd(&cluster.db1, "cleanup")
        .err()
        .map(|error| error.to_string());
    ensure!(
        refused
            .as_ref()
            .is_some_and(|why| why.contains("another lbd")),
        "a running daemon keeps a clean-up out: {refused:?}"
    );

    // One stopped in an orderly way, one killed with its guardian while it is master, one killed and with a change of
    // another program's since.
    daemon_of(&mut fleet, &cluster.db2)?.stop()?;
    for host in [&cluster.db1, &cluster.db3] {
        kill_together(host, daemon_of(&mut fleet, host)?, "lbd")?;
    }
    ensure!(
        cluster.db1.has_on_nic(VIP)?,
        "what was killed leaves its things behind"
    );
    cluster
        .db3
        .set_sysctl("net.ipv4.conf.all.arp_announce", "0")?;
    for (host, before) in cluster.databases().into_iter().zip(&before) {
        let said = ask_lbd(host, "cleanup")?;
        lab.say(format!("{}: {}", host.name(), said.replace('\n', "; ")));
        others_are_there(host)?;
        if host.name() == "db3" {
            ensure!(
                said.contains("left net.ipv4.conf.all.arp_announce alone"),
                "{said}"
            );
            host.set_sysctl("net.ipv4.conf.all.arp_announce", "1")?;
        }
        let after = Snapshot::of(host, &Part::ALL)?;
        before.must_equal(&after, &format!("after lbd's clean-up on {}", host.name()))?;
        let again = ask_lbd(host, "cleanup")?;
        ensure!(
            again == "nothing of lbd's is left\n",
            "a second clean-up has nothing to do: {again}"
        );
    }
    Ok(())
}
