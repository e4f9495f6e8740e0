//! A LAN that falls apart and heals: one master, and no host left with the loser's MAC.

use std::net::UdpSocket;
use std::time::Duration;

use crate::ensure;
use crate::failed::{Failed, Result};
use crate::host::Host;
use crate::lab::Lab;
use crate::switch::mac_text;

use super::lan::{LIMIT, Lan, lbd};
use super::variant::Variant;
use super::wire;

/// How soon a host must know. The announcement is repeated after 5 s, which is not soon.
const AT_ONCE: Duration = Duration::from_secs(2);

pub(crate) fn run(lab: &mut Lab) -> Result {
    let variant = Variant::V3_IPV4;
    let (lan, vip) = (Lan::build(lab, &variant)?, variant.vip());
    let lab: &Lab = lab;
    let file = variant.file(&lan, 100, 90);
    let (_first, _second) = (lbd(&lan.first, &file)?, lbd(&lan.second, &file)?);
    lan.held_by(lab, &lan.first, vip, "the first ranks higher")?;
    let capture = lab.capture()?;
    speak(&lan, &variant)?;
    resolves_to(lab, &lan, &variant, &lan.first)?;

    // The third host goes with the loser first, then with the winner.
    for (cut, beside) in [(&lan.first, &lan.second), (&lan.second, &lan.first)] {
        cut.cut()?;
        let both = || Ok(lan.holders(vip)?.len() == 2);
        lab.wait_until("both are master on their side of the split", LIMIT, both)?;
        resolves_to(lab, &lan, &variant, beside)?;

        let healed = lab.now();
        cut.reconnect()?;
        lan.held_by(lab, &lan.first, vip, "the split has healed")?;
        resolves_to(lab, &lan, &variant, &lan.first)?;
        // Announcements are repeated after 5 s; what comes late must not be the loser's either.
        lab.pause(Duration::from_millis(5500));
        let frames = capture.frames();
        let last = wire::announcements(&frames, vip)
            .last()
            .filter(|frame| frame.at > healed)
            .ok_or_else(|| Failed::new("nobody announced the address after the split healed"))?;
        ensure!(
            last.source_mac() == Some(lan.first.mac()),
            "the last announcement is the winner's, not one of {}",
            last.port
        );
        resolves_to(lab, &lan, &variant, &lan.first)?;
        ensure!(
            lan.holders(vip)? == ["first"],
            "there is one master, the first"
        );
    }
    capture.stop(lab.results(), "split")?;
    Ok(())
}

/// Makes the third host look the address up.
fn speak(lan: &Lan, variant: &Variant) -> Result {
    let to = (variant.vip(), 9);
    let spoken = lan.third.thread(move || {
        UdpSocket::bind("0.0.0.0:0")?.send_to(b"hello", to)?;
        Ok(())
    })?;
    spoken
        .join()
        .map_err(|_| Failed::new("the thread that speaks panicked"))?
}

/// The third host, without asking anew, sends what is for the address to this one.
fn resolves_to(lab: &Lab, lan: &Lan, variant: &Variant, master: &Host) -> Result {
    let line = format!("ip neigh show {} dev eth0", variant.vip());
    let mac = mac_text(master.mac());
    let what = format!("the third host sends to {}", master.name());
    lab.wait_until(&what, AT_ONCE, || {
        let entry = lan.third.run(&line)?;
        ensure!(entry.contains(&mac), "its neighbour entry is {entry:?}");
        Ok(true)
    })?;
    Ok(())
}
