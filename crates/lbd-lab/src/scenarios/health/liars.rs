//! Servers whose port is open and who serve nobody: a TCP check is content with them, a MySQL check is not.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::liar::{Liar, Manner};
use super::status::{self, entry};
use crate::client::{Language, Report};
use crate::cluster::mysql_check;
use crate::cluster::{Cluster, Reference, lbd, lbd_program, mariadb, replication};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

const DB4: Ipv4Addr = Ipv4Addr::new(10, 243, 95, 6);
/// Two failures of 2 s, half a second between them; the rest is for a slow machine.
const WITHIN: Duration = Duration::from_secs(15);

pub(crate) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let db4 = lab.add_host("db4", DB4)?;
    let all = [&cluster.db1, &cluster.db2, &cluster.db3, &db4];
    let _honest = mariadb::start_primary(&cluster.db1)?;
    mariadb::answers(lab, &cluster.db1)?;
    let liars = [
        (&cluster.db2, Manner::Mute, "timed out"),
        (&cluster.db3, Manner::Garbage, "not MySQL's protocol"),
        (&db4, Manner::Endless, "too large"),
    ];
    let _liars = liars
        .iter()
        .map(|(host, manner, _)| Liar::start(host, *manner))
        .collect::<Result<Vec<_>>>()?;

    let tcp = Reference::new().with_quick_checks().with_fourth_server();
    let _daemons = all
        .iter()
        .map(|host| lbd(host, &tcp.clone().with_weight(mysql_check::FULL)))
        .collect::<Result<Vec<_>>>()?;
    cluster.settled(lab, &cluster.db1, &all)?;
    lab.pause(Duration::from_secs(5));
    let report = reads(lab, &cluster)?;
    lab.say(format!("a TCP check leaves all in the table: {report}"));
    ensure!(
        cluster.db1.serving()?.len() == all.len() && report.failed() * 2 > report.answered(),
        "a TCP check is content with servers that serve nobody: {report}"
    );

    let file = mysql_check::file(&cluster, "ping")?.with_fourth_server();
    replication::make_check_user(lab, &file, &cluster.db1, &[])?;
    for host in all {
        host.write_file("lbd.yaml", file.text())?;
        host.run(&format!("{} reload", lbd_program()?))?;
    }
    let began = lab.now();
    for (host, manner, why) in liars {
        let what = format!("{} ({manner:?}) is out of the table", host.name());
        lab.wait_until(&what, WITHIN, || Ok(entry(&cluster.db1, host)?.is_none()))?;
        let took = lab.now().saturating_sub(began);
        is_down(lab, &cluster.db1, host, why, took)?;
    }
    let report = reads(lab, &cluster)?;
    lab.say(&report);
    ensure!(
        report.failed() == 0 && report.of("db1") == report.answered(),
        "the honest one answers all: {report}"
    );
    Ok(())
}

fn reads(lab: &Lab, cluster: &Cluster) -> Result<Report> {
    let load = cluster.load().speaking(Language::Mysql);
    let load = load.every(Duration::from_millis(50));
    load.attempts(lab, &cluster.client, 40)
}

fn is_down(lab: &Lab, director: &Host, host: &Host, why: &str, took: Duration) -> Result {
    let told = status::of(director, host)?;
    let (name, seconds) = (host.name(), took.as_secs_f64());
    lab.say(format!("{name}: out after {seconds:.1} s, {}", told.why));
    ensure!(
        told.table == "absent" && told.why.starts_with("down (") && told.why.contains(why),
        "{name} is down because of this: {why}: {told:?}"
    );
    let line = status::line(director, host)?;
    ensure!(
        line.contains(&told.why),
        "the line for people says the same: {line}"
    );
    Ok(())
}
