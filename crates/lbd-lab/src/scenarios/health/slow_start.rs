//! A command decides over servers: weights of its choice, and a slow start for one that comes back.

use std::time::Duration;

use super::status::{self, entry};
use crate::cluster::{Cluster, Reference};
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

const LIMIT: Duration = Duration::from_secs(20);
const WEIGHT: u32 = 12;
/// Five steps of 2 s below the full weight.
const KEYS: &str = "    slow_start: { duration: 10s, steps: 5 }\n";
/// Ends with the number that the server's own file has. An address is all that it gets to know of the server.
const SCRIPT: &str = "#!/bin/sh\nread code </dev/shm/lab/db1/exit-of-$LBD_ADDRESS\nexit $code\n";

pub(crate) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let [director, _, server] = cluster.databases();
    for host in cluster.databases() {
        ends_with(director, host, 0)?;
    }
    let script = director.write_file("check.sh", SCRIPT)?;
    let file = Reference::new()
        .with_weight(WEIGHT)
        .with_service_keys(KEYS)
        .with_check(&format!(
            "      exec:\n        command: [/bin/sh, {script}]\n        dynamic: true\n        \
             interval: 1s\n        timeout: 5s\n        retries: 1\n        retry_delay: 500ms\n"
        ));
    let _daemons = cluster.lbd_everywhere(&file)?;
    cluster.settled(lab, director, &cluster.databases())?;

    lab.say("a weight of the command's choice");
    ends_with(director, server, 2 + 7)?;
    has(lab, director, server, Some(7), "up")?;
    ends_with(director, server, 2)?;
    has(lab, director, server, Some(0), "its weight is 0")?;
    ends_with(director, server, 0)?;
    has(lab, director, server, Some(WEIGHT), "full weight 12")?;

    lab.say("down, and up again step by step");
    ends_with(director, server, 1)?;
    has(lab, director, server, None, "down (")?;
    let load = cluster.load().start(lab, &cluster.client)?;
    ends_with(director, server, 0)?;
    climbs(lab, director, server)?;
    let report = load.stop()?;
    lab.say(&report);
    ensure!(report.failed() == 0, "no read may fail: {report}");
    ensure!(
        report.of(server.name()) > 0 && report.of(server.name()) < report.of("db2"),
        "{} gets less than the others meanwhile: {report}",
        server.name()
    );
    Ok(())
}

/// From now on the command ends so for a server.
fn ends_with(director: &Host, server: &Host, code: u8) -> Result {
    let name = format!("exit-of-{}", server.address());
    director.write_file(&name, &format!("{code}\n")).map(drop)
}

fn has(lab: &Lab, director: &Host, server: &Host, weight: Option<u32>, why: &str) -> Result {
    let what = format!("the table has {weight:?} of {}", server.name());
    lab.wait_until(&what, LIMIT, || Ok(entry(director, server)? == weight))?;
    let told = status::of(director, server)?;
    lab.say(format!("{}: {}", server.name(), told.why));
    ensure!(told.why.contains(why), "it is told why ({why}): {told:?}");
    Ok(())
}

/// Each weight that the table has on the way to the full one, as long as that takes.
fn climbs(lab: &Lab, director: &Host, server: &Host) -> Result {
    let mut weights = Vec::new();
    let mut began = None;
    lab.wait_until("the weight is full", LIMIT * 2, || {
        let weight = entry(director, server)?.unwrap_or_default();
        if weight > 0 {
            began.get_or_insert(lab.now());
        }
        if weight > 0 && weights.last() != Some(&weight) {
            weights.push(weight);
        }
        Ok(weight == WEIGHT)
    })?;
    let took = lab.now().saturating_sub(began.unwrap_or_default());
    lab.say(format!("the weights: {weights:?}, in {took:?}"));
    // A busy machine may miss a step or two.
    let steps: Vec<u32> = (1..=6).map(|step| 2 * step).collect();
    ensure!(
        weights.len() >= 4
            && weights.first() == steps.first()
            && weights.is_sorted()
            && weights.iter().all(|weight| steps.contains(weight)),
        "from one step to the next, {steps:?}: {weights:?}"
    );
    ensure!(
        took > Duration::from_secs(8) && took < LIMIT,
        "five steps of 2 s take about 10 s, not {took:?}"
    );
    Ok(())
}
