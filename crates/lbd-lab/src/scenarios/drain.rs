//! An operator takes a server out of use, and gives it back.

use std::time::Duration;

use super::connections::{EACH, hold, survivors};
use crate::cluster::{Cluster, Reference, ask_lbd, daemon_of};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let mut fleet = cluster.lbd_everywhere(&Reference::new().with_quick_checks())?;
    let [director, server, _] = cluster.databases();
    cluster.settled(lab, director, &cluster.databases())?;
    let mut held = hold(&cluster)?;

    lab.say("db2 is drained: its connections go on, new ones go elsewhere");
    ask_lbd(director, "drain db2")?;
    has(lab, director, server, Some(0))?;
    says(director, "drained: no new connections")?;
    gets_nothing(lab, &cluster)?;
    let alive = survivors(&mut held);
    ensure!(
        alive.values().all(|count| *count == EACH),
        "all go on: {alive:?}"
    );

    lab.say("the daemon is stopped and started again: db2 is still drained");
    let daemon = daemon_of(&mut fleet, director)?;
    daemon.stop()?;
    daemon.restart()?;
    let others = [director, &cluster.db3].map(|host| host.address().to_string());
    lab.wait_until("the director balances over the others", LIMIT * 2, || {
        let serving = director.serving()?;
        Ok(others.iter().all(|other| serving.contains(other)))
    })?;
    has(lab, director, server, Some(0))?;
    gets_nothing(lab, &cluster)?;

    lab.say("maintenance: db2 leaves the table; undrained, it comes back");
    ask_lbd(director, "drain db2 --maintenance")?;
    has(lab, director, server, None)?;
    says(director, "in maintenance: not in the table")?;
    ask_lbd(director, "undrain db2")?;
    has(lab, director, server, Some(3))?;
    let refused = ask_lbd(director, "drain db9").err();
    let why = refused.map(|failed| failed.to_string()).unwrap_or_default();
    ensure!(
        why.contains("no node `db9`; it has db1, db2, db3"),
        "a node that there is not is refused: {why:?}"
    );
    Ok(())
}

fn has(lab: &Lab, director: &Host, server: &Host, weight: Option<u32>) -> Result {
    let what = format!("the table has {weight:?} of {}", server.name());
    let entry = || super::health::entry(director, server);
    lab.wait_until(&what, LIMIT, || Ok(entry()? == weight))?;
    Ok(())
}

fn says(director: &Host, why: &str) -> Result {
    let text = ask_lbd(director, "status")?;
    ensure!(text.contains(why), "lbd status says {why:?}: {text}");
    Ok(())
}

fn gets_nothing(lab: &Lab, cluster: &Cluster) -> Result {
    let report = cluster.load().attempts(lab, &cluster.client, 40)?;
    ensure!(
        report.of("db2") == 0 && report.failed() == 0,
        "no new reads go to db2: {report}"
    );
    Ok(())
}
