//! lbd and keepalived as the two routers of one virtual router: both roles, and each way to lose one.

use std::time::Duration;

use crate::capture::Capture;
use crate::daemon::Daemon;
use crate::ensure;
use crate::failed::Result;
use crate::host::Host;
use crate::lab::Lab;
use crate::pcap;

use super::keepalived::Keepalived;
use super::lan::{LIMIT, Lan, holds, lbd};
use super::variant::{VRID, Variant};
use super::wire::{self, Sent};

/// lbd's priority.
const OURS: u8 = 100;
/// keepalived's, before its tracked file changes it.
const THEIRS: u8 = 120;
/// What the tracked file says: keepalived ranks below lbd, beside it, or above.
const BELOW: i32 = -40;
const EQUAL: i32 = -20;
const ABOVE: i32 = 0;
/// What a slow machine may add to a timer.
const SLACK: Duration = Duration::from_millis(400);

pub(crate) fn v2_pass(lab: &mut Lab) -> Result {
    run(lab, &Variant::V2_PASS, Place::First)
}

pub(crate) fn v2_unicast(lab: &mut Lab) -> Result {
    run(lab, &Variant::V2_UNICAST, Place::Second)
}

pub(crate) fn v3_ipv4(lab: &mut Lab) -> Result {
    run(lab, &Variant::V3_IPV4, Place::Second)
}

pub(crate) fn v3_ipv6(lab: &mut Lab) -> Result {
    run(lab, &Variant::V3_IPV6, Place::First)
}

/// Where lbd is: the second host has the higher address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    First,
    Second,
}

struct Pair<'a> {
    lab: &'a Lab,
    variant: &'a Variant,
    lan: &'a Lan,
    our_host: &'a Host,
    their_host: &'a Host,
    ours: Daemon,
    theirs: Keepalived,
    capture: Capture,
}

fn run(lab: &mut Lab, variant: &Variant, place: Place) -> Result {
    let lan = Lan::build(lab, variant)?;
    let lab: &Lab = lab;
    let (our_host, their_host, file) = match place {
        Place::First => (&lan.first, &lan.second, variant.file(&lan, OURS, THEIRS)),
        Place::Second => (&lan.second, &lan.first, variant.file(&lan, THEIRS, OURS)),
    };
    let capture = lab.capture()?;
    let ours = lbd(our_host, &file)?;
    // The difference of their skews alone is less than a slow start.
    lab.pause(variant.interval);
    let theirs = Keepalived::start(variant, their_host, our_host, THEIRS, BELOW)?;
    let mut pair = Pair {
        lab,
        variant,
        lan: &lan,
        our_host,
        their_host,
        ours,
        theirs,
        capture,
    };
    pair.ours_is_elected()?;
    pair.ours_stops()?;
    pair.theirs_rises_and_is_killed()?;
    pair.theirs_falls()?;
    pair.equals_meet(place)?;
    pair.theirs_stops()?;
    pair.end()
}

impl Pair<'_> {
    fn ours_is_elected(&mut self) -> Result {
        self.held_by_us("lbd ranks higher")?;
        self.lab.pause(self.variant.interval * 3 / 2);
        let quiet = self.first_advert(self.their_host, Duration::ZERO).is_none();
        ensure!(quiet, "keepalived, which ranks lower, never advertised");
        Ok(())
    }

    fn ours_stops(&mut self) -> Result {
        let ended = self.ours.stop()?;
        ensure!(ended.success(), "lbd ends well on SIGTERM: {ended}");
        self.held_by_them("lbd was stopped")?;
        let below = THEIRS.saturating_add_signed(i8::try_from(BELOW)?);
        self.follows(self.our_host, self.their_host, self.variant.skew(below))?;
        self.ours.restart()?;
        self.held_by_us("lbd is back")
    }

    fn theirs_rises_and_is_killed(&mut self) -> Result {
        self.theirs.weigh(ABOVE)?;
        self.held_by_them("keepalived's priority rose above lbd's")?;
        self.lab.pause(self.variant.interval);
        let killed = self.lab.now();
        self.theirs.kill()?;
        let what = "keepalived was killed: lbd holds the address";
        self.lab
            .wait_until(what, LIMIT, || holds(self.our_host, self.variant.vip()))?;
        ensure!(
            holds(self.their_host, self.variant.vip())?,
            "a killed keepalived leaves its address behind, so that this is the hard case"
        );
        self.waited_for_silence(killed)?;
        self.theirs.restart()?;
        self.held_by_them("keepalived is back")
    }

    /// lbd waited for master-down since keepalived's last advert: not less, nor much more.
    fn waited_for_silence(&self, killed: Duration) -> Result {
        let sent = self.adverts();
        let last = wire::from(&sent, self.their_host.name())
            .take_while(|advert| advert.at < killed + Duration::from_millis(20))
            .last();
        let last = last.map(|advert| advert.at).unwrap_or_default();
        let ours = wire::soon("lbd's advert", || self.first_advert(self.our_host, killed))?;
        let (waited, due) = (ours.saturating_sub(last), self.variant.master_down(OURS));
        self.lab.say(format!(
            "after the last advert of a killed keepalived lbd waited {waited:?}; master-down is {due:?}"
        ));
        ensure!(
            waited + Duration::from_millis(5) > due && waited < due + SLACK,
            "lbd takes over after master-down ({due:?}), not after {waited:?}"
        );
        Ok(())
    }

    fn theirs_falls(&mut self) -> Result {
        self.theirs.weigh(BELOW)?;
        self.held_by_us("keepalived's priority fell below lbd's")
    }

    fn equals_meet(&mut self, place: Place) -> Result {
        self.theirs.weigh(EQUAL)?;
        self.lab.pause(self.variant.master_down(OURS));
        ensure!(
            self.lan.holders(self.variant.vip())? == [self.our_host.name()],
            "of equals the one that is master stays it"
        );
        self.their_host.cut()?;
        let what = "both are master, with equal priorities and no link between them";
        let both = || Ok(self.lan.holders(self.variant.vip())?.len() == 2);
        self.lab.wait_until(what, LIMIT, both)?;
        self.their_host.reconnect()?;
        let winner = match place {
            Place::First => self.their_host,
            Place::Second => self.our_host,
        };
        let why = "of equals the higher address wins";
        self.lan
            .held_by(self.lab, winner, self.variant.vip(), why)?;
        self.lab.pause(self.variant.interval * 2);
        self.lan
            .held_by(self.lab, winner, self.variant.vip(), "and stays")
    }

    fn theirs_stops(&mut self) -> Result {
        let raised = self.lab.now();
        self.theirs.weigh(ABOVE)?;
        self.held_by_them("keepalived ranks higher again")?;
        wire::soon("keepalived's advert with its full priority", || {
            let sent = self.adverts();
            wire::from(&sent, self.their_host.name())
                .find(|advert| advert.at > raised && advert.priority == THEIRS)
                .map(|advert| advert.at)
        })?;
        self.theirs.stop()?;
        self.held_by_us("keepalived was stopped")?;
        // lbd knows its rank from the file: it need not wait for its skew.
        self.follows(self.their_host, self.our_host, Duration::ZERO)
    }

    fn end(mut self) -> Result {
        self.ours.stop()?;
        let left = self.lan.holders(self.variant.vip())?;
        ensure!(left.is_empty(), "nobody is left with the address: {left:?}");
        let frames = self.capture.stop(self.lab.results(), "adverts")?;
        for advert in wire::adverts(&frames) {
            ensure!(
                (advert.version, advert.vrid) == (self.variant.version, VRID),
                "there are only adverts of this form: {advert:?}"
            );
        }
        let name = format!("{}.pcap", self.variant.name);
        pcap::write(&self.lab.results().join(name), &wire::distinct(&frames))?;
        Ok(())
    }

    /// After the resigning advert of one, the first advert of the other came within `skew`.
    fn follows(&self, resigned: &Host, heir: &Host, skew: Duration) -> Result {
        let at = wire::soon("an advert of priority 0", || {
            let sent = self.adverts();
            let resigning = wire::from(&sent, resigned.name()).rfind(|advert| advert.priority == 0);
            resigning.map(|advert| advert.at)
        })?;
        let next = wire::soon("the heir's advert", || self.first_advert(heir, at))?;
        let waited = next.saturating_sub(at);
        let (from, to) = (resigned.name(), heir.name());
        self.lab
            .say(format!("{from} resigned, {to} advertised {waited:?} later"));
        ensure!(
            waited < skew + SLACK,
            "{to} follows within the skew of {skew:?}, not after {waited:?}"
        );
        Ok(())
    }

    fn adverts(&self) -> Vec<Sent> {
        wire::adverts(&self.capture.frames())
    }

    fn first_advert(&self, host: &Host, after: Duration) -> Option<Duration> {
        let sent = self.adverts();
        wire::from(&sent, host.name())
            .find(|advert| advert.at > after)
            .map(|advert| advert.at)
    }

    fn held_by_us(&self, why: &str) -> Result {
        self.lan
            .held_by(self.lab, self.our_host, self.variant.vip(), why)
    }

    fn held_by_them(&self, why: &str) -> Result {
        self.lan
            .held_by(self.lab, self.their_host, self.variant.vip(), why)
    }
}
