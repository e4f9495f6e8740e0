//! What the virtual routers of this node track: when to look, and what is found does to priorities.
//!
//! As keepalived's users know it, with these differences: processes are looked at from time to time instead of being
//! announced by the kernel, and a script that cannot be run has failed.

mod standing;
mod track;
mod verdict;

use std::collections::BTreeMap;

use healthcheck::Time;

use super::event::{Effect, LookId};
use crate::host::{Host, Interface};
pub(super) use standing::Standing;
use track::{Spec, Track};

#[derive(Debug)]
pub(super) struct Tracks {
    /// By number. Numbers are not used again, so that what a look finds that a reload made moot finds nobody.
    tracks: BTreeMap<usize, Track>,
    next: usize,
}

impl Tracks {
    pub(super) fn new(host: &Host, now: Time) -> Self {
        let mut tracks = Self {
            tracks: BTreeMap::new(),
            next: 0,
        };
        tracks.reload(host, now);
        tracks
    }

    /// Goes over to another file: what is tracked as before keeps its verdict and the look under way.
    pub(super) fn reload(&mut self, host: &Host, now: Time) {
        let mut old = std::mem::take(&mut self.tracks);
        for (_, router) in host.routers() {
            for spec in Spec::all_of(router) {
                let kept = old
                    .iter()
                    .find(|(_, track)| track.is_of(router, &spec))
                    .map(|(number, _)| *number);
                let kept = kept.and_then(|number| Some((number, old.remove(&number)?)));
                let (number, track) = match kept {
                    Some((number, mut track)) => {
                        track.reform(router, spec, now);
                        (number, track)
                    }
                    None => {
                        let number = self.next;
                        self.next = number.wrapping_add(1);
                        (number, Track::new(router, spec, now))
                    }
                };
                self.tracks.insert(number, track);
            }
        }
    }

    pub(super) fn has(&self, number: usize) -> bool {
        self.tracks.contains_key(&number)
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        self.tracks.values().filter_map(Track::deadline).min()
    }

    /// What the tracked things of a router do to it, taken together.
    pub(super) fn standing(&self, router: &str) -> Standing {
        let tracks = self.tracks.values();
        tracks
            .filter(|track| track.router() == router)
            .map(Track::standing)
            .sum()
    }

    pub(super) fn tick(&mut self, now: Time, effects: &mut Vec<Effect>) {
        for (number, track) in &mut self.tracks {
            track.tick(now, *number, effects);
        }
    }

    pub(super) fn looked(
        &mut self,
        now: Time,
        id: LookId,
        found: Result<i64, String>,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(track) = self.tracks.get_mut(&id.track) {
            track.looked(now, id.look, found, effects);
        }
    }

    pub(super) fn network(&mut self, interfaces: &[Interface], effects: &mut Vec<Effect>) {
        for track in self.tracks.values_mut() {
            track.network(interfaces, effects);
        }
    }
}
