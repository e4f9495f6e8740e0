//! Adverts each 10 ms on a machine whose processors all have something else to do.

use std::time::Duration;

use crate::daemon::Daemon;
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;

use super::lan::{Lan, lbd, roles};
use super::variant::Variant;
use super::wire;

/// How long the machine is kept busy.
const SPELL: Duration = Duration::from_secs(30);

pub(crate) fn run(lab: &mut Lab) -> Result {
    let variant = Variant::V3_FAST;
    let (lan, vip) = (Lan::build(lab, &variant)?, variant.vip());
    let lab: &Lab = lab;
    let file = variant.file(&lan, 100, 90);
    let (first, second) = (lbd(&lan.first, &file)?, lbd(&lan.second, &file)?);
    lan.held_by(lab, &lan.first, vip, "the first ranks higher")?;
    lab.pause(Duration::from_secs(1));
    let before = [roles(&first), roles(&second)];
    let capture = lab.capture()?;

    let mut loops = busy_loops(&lan)?;
    lab.say(format!("{} busy loops run", loops.len()));
    lab.pause(SPELL);
    for one in &mut loops {
        one.kill()?;
    }

    let sent = wire::adverts(&capture.stop(lab.results(), "busy")?);
    let gap = wire::longest_gap(wire::from(&sent, "first").map(|advert| advert.at));
    let count = wire::from(&sent, "first").count();
    lab.say(format!("{count} adverts, at most {gap:?} apart"));
    let after = [roles(&first), roles(&second)];
    let changes = after.concat().len() - before.concat().len();
    ensure!(
        changes == 0,
        "no role changes on a busy machine, not {changes} (adverts were at most {gap:?} apart):\n{}",
        second.tail(4)
    );
    ensure!(
        lan.holders(vip)? == ["first"],
        "the first still holds the address"
    );
    Ok(())
}

/// Two for each processor, and of the most urgent kind that is not real-time: the scheduler is so quick with
/// processes that mostly sleep that ordinary ones would hold up nobody.
fn busy_loops(lan: &Lan) -> Result<Vec<Daemon>> {
    let processors = std::thread::available_parallelism()?.get();
    let hosts = [&lan.first, &lan.second];
    let pairs = (0..processors).flat_map(|_| hosts);
    pairs
        .map(|host| {
            host.start(
                "busy",
                "nice",
                &["-n", "-20", "sh", "-c", "while :; do :; done"],
            )
        })
        .collect()
}
