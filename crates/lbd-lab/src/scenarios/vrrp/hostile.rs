//! Floods of adverts that are wrong in every way: nobody crashes, moves, or is late.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::daemon::Daemon;
use crate::ensure;
use crate::failed::{Failed, Result};
use crate::lab::Lab;

use super::ear::Ear;
use super::junk;
use super::lan::{Lan, lbd, roles};
use super::variant::Variant;
use super::wire;

const SPELL: Duration = Duration::from_secs(5);
/// What makes a flood. The sender shares the processors with those who listen, who go first: of what it aims at a
/// small machine manages a part.
const FLOOD: u32 = 25_000;
/// The most that each router may say about it.
const LINES: usize = 200;

pub(crate) fn run(lab: &mut Lab) -> Result {
    let variant = Variant::V2_PASS;
    let (lan, vip) = (Lan::build(lab, &variant)?, variant.vip());
    let stranger = lab.add_host("stranger", Ipv4Addr::new(10, 243, 95, 66))?;
    let lab: &Lab = lab;
    let file = variant.file(&lan, 100, 90);
    let (mut first, mut second) = (lbd(&lan.first, &file)?, lbd(&lan.second, &file)?);
    lan.held_by(lab, &lan.first, vip, "the first ranks higher")?;
    let before = [roles(&first), roles(&second)];
    let ear = Ear::open(&lan.third, &lan.first)?;
    lab.pause(variant.interval * 2);

    let sent = junk::flood(&stranger, SPELL)?
        .join()
        .map_err(|_| Failed::new("the sender of junk panicked"))??;
    lab.say(format!(
        "{sent} junk adverts in {SPELL:?}; {} a second were aimed at",
        junk::RATE
    ));
    ensure!(sent > FLOOD, "a flood is more than {sent} packets");
    lab.pause(variant.interval * 2);

    let heard = ear.close()?;
    let gap = wire::longest_gap(heard.iter().copied());
    lab.say(format!(
        "{} adverts of the master, at most {gap:?} apart",
        heard.len()
    ));
    ensure!(
        heard.len() >= 8,
        "the master advertised all the time: {} adverts",
        heard.len()
    );
    ensure!(
        gap < variant.interval * 3 / 2,
        "the master's adverts are less than 1.5 intervals apart, not {gap:?}"
    );
    ensure!(
        [roles(&first), roles(&second)] == before,
        "no role changes in a flood:\n{}\n{}",
        first.tail(20),
        second.tail(20)
    );
    for daemon in [&mut first, &mut second] {
        said_little(daemon)?;
    }
    first.stop()?;
    lan.held_by(lab, &lan.second, vip, "both still do their work")
}

fn said_little(daemon: &mut Daemon) -> Result {
    ensure!(
        daemon.is_running(),
        "{} crashed:\n{}",
        daemon.name(),
        daemon.tail(20)
    );
    let log = daemon.log();
    ensure!(
        !log.contains("the daemon died"),
        "{} crashed and was started again:\n{}",
        daemon.name(),
        daemon.tail(20)
    );
    let about = log.lines().filter(|line| line.contains("rejected")).count();
    ensure!(
        (1..LINES).contains(&about),
        "{} says something of what it rejects, but not {about} lines",
        daemon.name()
    );
    Ok(())
}
