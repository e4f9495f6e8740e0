//! A planned stop and `lbd handover`: the heir is known, so nobody waits for a timer.

use std::time::Duration;

use crate::capture::Capture;
use crate::cluster::lbd_program;
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;
use crate::switch::output_of;

use super::lan::{Lan, kill_together, lbd, lbd_name, roles};
use super::variant::Variant;
use super::wire;

/// The goal is 20 ms; a machine that runs other tests has other things to do. The skew would be 0.65 s.
const AT_ONCE: Duration = Duration::from_millis(200);

pub(crate) fn run(lab: &mut Lab) -> Result {
    let variant = Variant::V2_PASS;
    let (lan, vip) = (Lan::build(lab, &variant)?, variant.vip());
    let lab: &Lab = lab;
    let file = variant.file(&lan, 100, 90);
    let (mut first, mut second) = (lbd(&lan.first, &file)?, lbd(&lan.second, &file)?);
    lan.held_by(lab, &lan.first, vip, "the first ranks higher")?;
    let capture = lab.capture()?;

    let before = lab.now();
    first.stop()?;
    lan.held_by(lab, &lan.second, vip, "the first was stopped")?;
    answered_at_once(lab, &capture, before, "a planned stop", &variant)?;
    first.restart()?;
    lan.held_by(lab, &lan.first, vip, "the first is back")?;

    let before = lab.now();
    hand_over(&lan.first)?;
    lan.held_by(lab, &lan.second, vip, "the first handed over")?;
    answered_at_once(lab, &capture, before, "lbd handover", &variant)?;
    let told = roles(&first).len();
    lab.pause(variant.master_down(100) + variant.interval);
    ensure!(
        lan.holders(vip)? == ["second"] && roles(&first).len() == told,
        "who handed over does not take the role back while the new master lives"
    );

    kill_together(&lan.second, &mut second, &lbd_name()?)?;
    let back = || super::lan::holds(&lan.first, vip);
    lab.wait_until(
        "it does when the new master is dead",
        super::lan::LIMIT,
        back,
    )?;
    capture.stop(lab.results(), "handover")?;
    Ok(())
}

fn hand_over(host: &Host) -> Result {
    let mut command = host.command(&lbd_program()?);
    command.arg("handover");
    output_of(command)
        .map(drop)
        .map_err(|error| error.while_doing("lbd handover"))
}

/// From the resigning advert on the wire to the heir's first announcement of the address.
fn answered_at_once(
    lab: &Lab,
    capture: &Capture,
    after: Duration,
    what: &str,
    variant: &Variant,
) -> Result {
    let resigned = wire::soon(&format!("{what}: an advert of priority 0"), || {
        let sent = wire::adverts(&capture.frames());
        let resigning = wire::from(&sent, "first").filter(|advert| advert.priority == 0);
        resigning.map(|advert| advert.at).find(|at| *at > after)
    })?;
    let announced = wire::soon(&format!("{what}: the heir's announcement"), || {
        let frames = capture.frames();
        wire::announcements(&frames, variant.vip())
            .find(|frame| frame.at > resigned && frame.port == "second")
            .map(|frame| frame.at)
    })?;
    let took = announced.saturating_sub(resigned);
    lab.say(format!(
        "{what}: the heir announced the address {took:?} after the resignation"
    ));
    ensure!(
        took < AT_ONCE,
        "{what}: the heir announces the address within {AT_ONCE:?}, not after {took:?}"
    );
    Ok(())
}
