//! kill -9 in many places of a daemon's life: it is killed as it enters a system call of those with which it changes
//! anything, on its way up and on its way down. (That a plan may be broken off after each of its steps is shown for any
//! plan by a property of `lbd-core`.) Whatever it left, the next start brings the host to the same
//! state, and a clean-up to that of before.

use std::collections::BTreeMap;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};

use super::vrrp::lan::processes;
use crate::cluster::{Cluster, Reference, VIP, ask_lbd, lbd_program};
use crate::daemon::Daemon;
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;
use crate::snapshot::{Part, Snapshot};

/// Netlink requests, values of parameters and the ledger, the ledger's renaming, programs that are started.
const CALLS: &str = "sendto,sendmsg,write,rename,clone3,vfork";
/// In how many places of its life the daemon is killed: each costs several seconds.
const PLACES: usize = 6;
const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let _servers = cluster.line_servers(lab)?;
    let host = &cluster.db1;
    // The owner of the address is master at once.
    let file = Reference::new()
        .with_quick_checks()
        .replace("{ db1: 100, db2: 90 }", "{ db1: 255 }");
    let config = host.write_file("lbd.yaml", file.text())?;
    let before = Snapshot::of(host, &Part::ALL)?;
    let goal = undisturbed(lab, host, &config)?;
    before.must_equal(
        &Snapshot::of(host, &Part::ALL)?,
        "after an undisturbed life",
    )?;
    let calls = calls_of_a_life(lab, host, &config, &goal)?;
    before.must_equal(
        &Snapshot::of(host, &Part::ALL)?,
        "after a life that was counted",
    )?;
    lab.say(format!(
        "no thread makes more than {calls} such calls in its life"
    ));
    ensure!(calls > 20, "a life with {calls} calls changes nothing");
    let mut killed = 0;
    for place in 1..=PLACES {
        let call = calls * 2 * place / (3 * (PLACES + 1));
        let inject = format!("inject={CALLS}:signal=KILL:when={call}");
        let options = ["-o", "/dev/null", "-e", &inject];
        killed += usize::from(!traced(lab, host, &config, &goal, &options)?);
        converges(lab, host, &config, &goal, call)?;
        let after = Snapshot::of(host, &Part::ALL)?;
        before.must_equal(&after, &format!("killed at call {call}, and cleaned up"))?;
    }
    // The life that was counted was the slowest, and had the most adverts and looks in it.
    ensure!(
        killed * 2 >= PLACES,
        "the daemon was killed in {killed} of {PLACES} lives only"
    );
    Ok(())
}

/// What the host looks like with lbd at work.
fn undisturbed(lab: &Lab, host: &Host, config: &str) -> Result<Snapshot> {
    let mut daemon = start(lab, host, config)?;
    lab.wait_until("lbd is at work", LIMIT, || Ok(is_at_work(host)))?;
    let goal = Snapshot::of(host, &Part::ALL)?;
    end(host, &mut daemon)?;
    Ok(goal)
}

/// The most such calls that one thread makes from start to stop.
fn calls_of_a_life(lab: &Lab, host: &Host, config: &str, goal: &Snapshot) -> Result<usize> {
    let record = host.folder().join("calls").to_string_lossy().into_owned();
    ensure!(
        traced(lab, host, config, goal, &["-o", &record])?,
        "it ends well when traced"
    );
    ask_lbd(host, "cleanup")?;
    let text = std::fs::read_to_string(&record)?;
    let mut threads = BTreeMap::new();
    for thread in text
        .lines()
        .filter_map(|line| line.split_whitespace().next())
    {
        *threads.entry(thread).or_insert(0) += 1;
    }
    Ok(threads.into_values().max().unwrap_or_default())
}

/// Starts lbd under strace, stops it when it has come to its state, and says whether it lived until then.
fn traced(lab: &Lab, host: &Host, config: &str, goal: &Snapshot, options: &[&str]) -> Result<bool> {
    let (program, set) = (lbd_program()?, format!("trace={CALLS}"));
    let words = [
        &["-f", "-qqq", "-e", &set],
        options,
        &[&program, "run", "--no-guardian", "--config", config],
    ];
    let mut tracer = host.start("strace", "strace", &words.concat())?;
    let mut told = false;
    let began = lab.now();
    while tracer.is_running() {
        ensure!(lab.now() < began + LIMIT * 2, "it neither dies nor ends");
        if !told && is_at_work(host) && Snapshot::of(host, &Part::ALL)? == *goal {
            told = true;
            for pid in processes(host, "lbd")? {
                kill(pid, Signal::SIGTERM)?;
            }
        }
        lab.pause(Duration::from_millis(10));
    }
    Ok(tracer.wait(LIMIT)?.success())
}

/// A new daemon brings the host to its state, and ends well.
fn converges(lab: &Lab, host: &Host, config: &str, goal: &Snapshot, call: usize) -> Result {
    let mut daemon = start(lab, host, config)?;
    let what = format!("killed at call {call}, and whole again");
    lab.wait_until(&what, LIMIT, || {
        goal.must_equal(&Snapshot::of(host, &Part::ALL)?, &what)?;
        Ok(true)
    })?;
    end(host, &mut daemon)
}

/// Starts lbd and waits until it is master: before that it may not have asked for its signals yet.
fn start(lab: &Lab, host: &Host, config: &str) -> Result<Daemon> {
    let words = ["run", "--no-guardian", "--config", config];
    let daemon = host.start("lbd", &lbd_program()?, &words)?;
    // The log is that of all lives.
    let masters = |daemon: &Daemon| daemon.log().matches("-> master").count();
    let before = masters(&daemon);
    lab.wait_until("lbd is master", LIMIT, || Ok(masters(&daemon) > before))?;
    Ok(daemon)
}

fn end(host: &Host, daemon: &mut Daemon) -> Result {
    let status = daemon.stop()?;
    ensure!(
        status.success(),
        "lbd ends well when asked to, not with {status}: {}",
        daemon.tail(5)
    );
    ask_lbd(host, "cleanup").map(drop)
}

fn is_at_work(host: &Host) -> bool {
    host.has_on_nic(VIP).unwrap_or(false) && host.serving().is_ok_and(|serving| serving.len() == 3)
}
