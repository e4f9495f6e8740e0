//! The daemon, its guardian, and both of them are killed.

use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::daemon::Daemon;
use crate::ensure;
use crate::failed::Result;
use crate::lab::Lab;

use super::lan::{
    AddressWatch, LIMIT, Lan, child_of, holds, kill_together, lbd, lbd_name, processes, roles,
};
use super::variant::Variant;
use super::wire;

/// Version 2 with adverts each second: no gap of more than three intervals.
pub(crate) fn daemon_v2(lab: &mut Lab) -> Result {
    daemon(lab, &Variant::V2_PASS, Duration::from_secs(3))
}

/// Version 3 at its fastest. A busy machine may hold up a start by more than three intervals; what counts is that
/// the backup keeps still.
pub(crate) fn daemon_v3(lab: &mut Lab) -> Result {
    daemon(lab, &Variant::V3_FAST, Duration::from_millis(500))
}

fn daemon(lab: &mut Lab, variant: &Variant, longest: Duration) -> Result {
    let (lan, vip) = (Lan::build(lab, variant)?, variant.vip());
    let lab: &Lab = lab;
    let file = variant.file(&lan, 100, 90);
    let (first, second) = (lbd(&lan.first, &file)?, lbd(&lan.second, &file)?);
    lan.held_by(lab, &lan.first, vip, "the first ranks higher")?;
    let at_first = AddressWatch::start(lab, &lan.first)?;
    let at_second = AddressWatch::start(lab, &lan.second)?;
    let told = roles(&second);
    let capture = lab.capture()?;
    let began = lab.now();
    lab.pause(variant.interval * 2);

    for _ in 0..2 {
        kill_child(lab, &first, &lan)?;
        lab.pause(variant.interval + Duration::from_millis(700));
    }
    slow_start(lab, &first, &lan, variant, &file)?;
    lab.pause(variant.master_down(90));

    let frames = capture.stop(lab.results(), "killed")?;
    let sent = wire::adverts(&frames);
    let gap = wire::longest_gap(wire::from(&sent, "first").map(|advert| advert.at));
    lab.say(format!(
        "{}: longest time between two adverts of a router whose daemon was killed: {gap:?}",
        variant.name
    ));
    ensure!(
        gap < longest,
        "no gap of {longest:?} between adverts, but one of {gap:?}"
    );
    let others = wire::from(&sent, "second").count();
    ensure!(
        others == 0,
        "the backup advertised nothing since {began:?}, not {others} times"
    );
    ensure!(
        roles(&second) == told,
        "the backup's role never changed:\n{}",
        roles(&second).join("\n")
    );
    ensure!(at_first.left(vip) == 0, "the address never left the card");
    ensure!(
        at_second.came(vip) == 0,
        "nobody else ever held the address"
    );
    ensure!(
        lan.holders(vip)? == ["first"],
        "the first holds the address at the end"
    );
    Ok(())
}

fn kill_child(lab: &Lab, guardian: &Daemon, lan: &Lan) -> Result {
    let old = child_of(guardian, &lan.first)?;
    kill(old, Signal::SIGKILL)?;
    lab.wait_until("a new daemon runs", LIMIT, || {
        Ok(child_of(guardian, &lan.first)? != old)
    })?;
    Ok(())
}

/// The new daemon waits for its file for longer than a backup waits for adverts.
fn slow_start(lab: &Lab, guardian: &Daemon, lan: &Lan, variant: &Variant, file: &str) -> Result {
    let config = lan.first.folder().join("lbd.yaml");
    fs::remove_file(&config)?;
    mkfifo(&config, Mode::S_IRUSR)?;
    kill_child(lab, guardian, lan)?;
    lab.pause((variant.interval * 7 / 2).max(Duration::from_millis(400)));
    fs::write(&config, file)?;
    lab.say("it gets its file only now");
    Ok(())
}

/// The guardian alone, then both together.
pub(crate) fn guardian(lab: &mut Lab) -> Result {
    let variant = Variant::V2_PASS;
    let (lan, vip) = (Lan::build(lab, &variant)?, variant.vip());
    let lab: &Lab = lab;
    let file = variant.file(&lan, 100, 90);
    let (mut first, _second) = (lbd(&lan.first, &file)?, lbd(&lan.second, &file)?);
    lan.held_by(lab, &lan.first, vip, "the first ranks higher")?;
    let capture = lab.capture()?;

    let killed = lab.now();
    first.kill()?;
    lan.held_by(lab, &lan.second, vip, "the first lost its guardian")?;
    let taken = wire::soon("the second's advert", || {
        let sent = wire::adverts(&capture.frames());
        wire::from(&sent, "second").map(|advert| advert.at).next()
    })?;
    let took = taken.saturating_sub(killed);
    lab.say(format!(
        "guardian killed: the backup took over after {took:?}"
    ));
    ensure!(
        took < variant.skew(90),
        "a daemon without guardian resigns, so the backup takes over at once, not after {took:?}"
    );
    lab.wait_until("nothing of lbd is left there", LIMIT, || {
        Ok(processes(&lan.first, &lbd_name()?)?.is_empty())
    })?;
    lan.held_by(lab, &lan.second, vip, "after that")?;
    first.restart()?;
    lan.held_by(lab, &lan.first, vip, "the first is back")?;

    both(lab, &lan, &mut first, &variant)?;
    capture.stop(lab.results(), "guardian")?;
    Ok(())
}

fn both(lab: &Lab, lan: &Lan, first: &mut Daemon, variant: &Variant) -> Result {
    let vip = variant.vip();
    kill_together(&lan.first, first, &lbd_name()?)?;
    let what = "guardian and daemon killed: the second takes over";
    let took = lab.wait_until(what, LIMIT, || holds(&lan.second, vip))?;
    ensure!(
        took > variant.interval * 2 && took < variant.master_down(90) + Duration::from_secs(1),
        "the backup waited for master-down ({:?}), not {took:?}",
        variant.master_down(90)
    );
    ensure!(
        holds(&lan.first, vip)?,
        "nobody took the address off the dead one's card"
    );
    let watch = AddressWatch::start(lab, &lan.first)?;
    first.restart()?;
    lan.held_by(lab, &lan.second, vip, "a new lbd begins as backup")?;
    ensure!(
        watch.left(vip) == 1,
        "it took the address that it found off its card"
    );
    lan.held_by(lab, &lan.first, vip, "it wins again")?;
    ensure!(watch.came(vip) == 1, "the address came back once");
    Ok(())
}
