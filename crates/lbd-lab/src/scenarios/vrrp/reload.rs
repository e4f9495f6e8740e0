//! Another file for virtual routers that go on: the LAN is told what is new to it, and nobody's role moves.

use std::net::IpAddr;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};

use super::lan::{AddressWatch, Lan, child_of, holds, lbd, roles};
use super::variant::Variant;
use super::wire;
use crate::cluster::ask_lbd;
use crate::daemon::Daemon;
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;

/// From a takeover until its announcement has been repeated; then there is none without a cause for most of a minute.
const REPEATED: Duration = Duration::from_secs(6);
/// How long a guardian waits for a role to be taken back.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn run(lab: &mut Lab) -> Result {
    let variant = Variant::V3_IPV4;
    let lan = Lan::build(lab, &variant)?;
    let lab: &Lab = lab;
    let [old, new] = *variant.vips else {
        return Ok(());
    };
    let both = format!("\"{old}\", \"{new}\"");
    let file = |first, name: &str, addresses: &str| {
        let text = variant.file(&lan, first, 90);
        text.replace("VI_1", name).replace(&both, addresses)
    };
    let one = format!("\"{old}\"");
    let text = file(100, "VI_1", &one);
    let (first, second) = (lbd(&lan.first, &text)?, lbd(&lan.second, &text)?);
    lan.held_by(lab, &lan.first, old, "the first ranks higher")?;
    lab.pause(REPEATED);

    lab.say("another name, another priority, one more address");
    let watch = AddressWatch::start(lab, &lan.first)?;
    let told = roles(&first).len();
    let capture = lab.capture()?;
    reload(&lan.first, &file(110, "reads", &both))?;
    reload(&lan.second, &file(110, "reads", &both))?;
    wire::soon("the new address is announced", || {
        wire::announcements(&capture.frames(), new).next().map(drop)
    })?;
    lab.pause(variant.master_down(90) * 2);
    let frames = capture.stop(lab.results(), "reload")?;
    ensure!(
        wire::announcements(&frames, old).next().is_none(),
        "the old address is not announced again"
    );
    let sent = wire::adverts(&frames);
    let resigned = sent.iter().any(|advert| advert.priority == 0);
    ensure!(!resigned, "nobody resigns");
    ensure!(
        wire::from(&sent, "second").next().is_none(),
        "the backup never takes over"
    );
    let last = wire::from(&sent, "first").next_back();
    ensure!(
        last.is_some_and(|advert| advert.priority == 110),
        "the new priority is advertised: {last:?}"
    );
    ensure!(
        (watch.left(old), roles(&first).len()) == (0, told),
        "the first goes on as before"
    );
    ensure!(holds(&lan.first, new)?, "it has the new address too");

    lab.say("its daemon is killed: the guardian knows the role by its new name");
    kill(child_of(&first, &lan.first)?, Signal::SIGKILL)?;
    lab.pause(PATIENCE + Duration::from_secs(1));
    ensure!(
        (watch.left(old), watch.left(new)) == (0, 0),
        "no address leaves"
    );

    handed_over(lab, &lan, &variant, [&first, &second], old, &|priority| {
        file(priority, "reads", &both)
    })
}

/// The first hands over, and its file changes: it does not take the role back.
fn handed_over(
    lab: &Lab,
    lan: &Lan,
    variant: &Variant,
    [first, second]: [&Daemon; 2],
    vip: IpAddr,
    file: &dyn Fn(u8) -> String,
) -> Result {
    lab.say("a handover, and then another file");
    ask_lbd(&lan.first, "handover")?;
    lan.held_by(lab, &lan.second, vip, "the first handed over")?;
    let told = [roles(first).len(), roles(second).len()];
    reload(&lan.first, &file(120))?;
    lab.pause(variant.master_down(120) * 3);
    ensure!(
        lan.holders(vip)? == ["second"] && [roles(first).len(), roles(second).len()] == told,
        "a role that was handed over stays where it is"
    );
    Ok(())
}

fn reload(host: &Host, file: &str) -> Result {
    host.write_file("lbd.yaml", file)?;
    ask_lbd(host, "reload").map(drop)
}
