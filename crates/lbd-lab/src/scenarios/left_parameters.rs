//! `leave_ipvs_parameters` on a real kernel: what the file leaves to others keeps any value, also through reloads.

use std::time::Duration;

use crate::cluster::{Cluster, Reference, ask_lbd, daemon_of};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

const LEFT: [&str; 2] = ["conntrack", "sloppy_tcp"];
/// Longer than from one look at everything to the next.
const A_LOOK: Duration = Duration::from_secs(7);

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let host = &cluster.db1;
    set(host, "1")?;
    host.set_sysctl("net.ipv4.vs.expire_nodest_conn", "0")?;
    let managing = Reference::new().with_quick_checks();
    let leaving = managing.clone().replace(
        "cluster: orders\n",
        "cluster: orders\nleave_ipvs_parameters: [conntrack, sloppy_tcp]\n",
    );
    let mut fleet = cluster.lbd_everywhere(&leaving)?;
    cluster.settled(lab, host, &cluster.databases())?;
    ensure!(values(host)? == ["1", "1"], "both are left as they were");
    ensure!(
        host.sysctl("net.ipv4.vs.expire_nodest_conn")? == "1",
        "the others are kept"
    );

    lab.say("another program sets them");
    set(host, "0")?;
    set(host, "1")?;
    lab.pause(A_LOOK);
    ensure!(values(host)? == ["1", "1"], "no drift of lbd's things");
    let log = daemon_of(&mut fleet, host)?.log();
    ensure!(
        !LEFT.iter().any(|name| log.contains(&format!("vs.{name}"))),
        "nothing is said of them: {log}"
    );

    lab.say("a file that leaves none");
    reload(host, &managing, "changes in the kernel: 2")?;
    ensure!(values(host)? == ["0", "0"], "now they are lbd's");

    lab.say("the first file again");
    reload(host, &leaving, "nothing in the kernel had to be changed")?;
    set(host, "1")?;
    lab.pause(A_LOOK);
    ensure!(values(host)? == ["1", "1"], "and left again");
    set(host, "0")?;

    daemon_of(&mut fleet, host)?.stop()?;
    ask_lbd(host, "cleanup")?;
    ensure!(
        values(host)? == ["1", "1"],
        "what was lbd's for a time is put back to what it was before"
    );
    Ok(())
}

fn reload(host: &Host, file: &Reference, answer: &str) -> Result {
    host.write_file("lbd.yaml", file.text())?;
    let said = ask_lbd(host, "reload")?;
    ensure!(said.contains(answer), "{answer}: {said}");
    Ok(())
}

fn set(host: &Host, value: &str) -> Result {
    LEFT.iter()
        .try_for_each(|name| host.set_sysctl(&format!("net.ipv4.vs.{name}"), value))
}

fn values(host: &Host) -> Result<Vec<String>> {
    LEFT.iter()
        .map(|name| host.sysctl(&format!("net.ipv4.vs.{name}")))
        .collect()
}
