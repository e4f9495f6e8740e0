//! Our rules while they are being read from a listing, whatever its form.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};
use std::net::IpAddr;
use std::num::NonZeroU32;

use crate::rule::{Packets, Target, no_guard};
use crate::state::SHOWN;
use crate::{Fault, Mac, MarkRule};

/// The rules that have been read. Each taker says whether the rule is of ours and has its effect in that place.
#[derive(Default)]
pub(crate) struct Found {
    marked: BTreeMap<Target, MarkRule>,
    /// Whose ICMP to a destination gets this guard mark.
    icmp: BTreeMap<(IpAddr, NonZeroU32), BTreeSet<Mac>>,
    /// The rules that drop, in the listing's words.
    guarded: BTreeMap<(Packets, NonZeroU32), String>,
    strange: Vec<Fault>,
    local_spared: bool,
}

impl Found {
    /// The rule that keeps local traffic from being marked; behind a mark it would come too late.
    pub(crate) fn spare_local(&mut self) -> bool {
        let first = self.marked.is_empty() && !self.local_spared;
        self.local_spared = true;
        first
    }

    /// A rule that sets a target's mark; the second for one target would win, also over exclusions.
    pub(crate) fn mark(&mut self, target: Target, mark: NonZeroU32) -> bool {
        let Entry::Vacant(place) = self.marked.entry(target) else {
            return false;
        };
        place.insert(MarkRule {
            destination: target.destination,
            protocol: target.protocol,
            port: target.port,
            mark,
            guard: no_guard(mark),
            excluded: [].into(),
        });
        true
    }

    /// A rule that sets the guard mark; before the target's mark it would lose, and all of a target's share one guard.
    pub(crate) fn exclude(&mut self, packets: Packets, mac: Mac, guard: NonZeroU32) -> bool {
        let target = match packets {
            Packets::Of(target) => target,
            Packets::Icmp(destination) => {
                // Rules for the same destination may share it.
                self.icmp
                    .entry((destination, guard))
                    .or_default()
                    .insert(mac);
                return true;
            }
        };
        let Some(rule) = self.marked.get_mut(&target) else {
            return false;
        };
        if rule.excluded.is_empty() {
            rule.guard = guard;
        }
        rule.guard == guard && rule.excluded.insert(mac)
    }

    /// A rule that drops what carries this guard mark.
    pub(crate) fn guard(&mut self, packets: Packets, guard: NonZeroU32, words: &str) -> bool {
        let Entry::Vacant(place) = self.guarded.entry((packets, guard)) else {
            return false;
        };
        place.insert(words.to_owned());
        true
    }

    /// Something that is not ours.
    pub(crate) fn strange(&mut self, words: &str) {
        if self.strange.len() < SHOWN {
            self.strange.push(Fault::Strange(shorten(words)));
        }
    }

    /// The rules, sorted, and what is wrong with them.
    pub(crate) fn finish(mut self) -> (Vec<MarkRule>, Vec<Fault>) {
        let mut faults = Vec::new();
        if !self.marked.is_empty() && !self.local_spared {
            faults.push(Fault::LocalMarked);
        }
        for packets in self.unguarded() {
            let target = packets.to_string();
            faults.push(Fault::Unguarded { target });
        }
        for ((destination, _), macs) in std::mem::take(&mut self.icmp) {
            for mac in macs {
                self.strange(&format!("icmp of {destination} from {mac}"));
            }
        }
        for words in std::mem::take(&mut self.guarded).into_values() {
            self.strange(&words);
        }
        faults.truncate(SHOWN);
        faults.append(&mut self.strange);
        (self.marked.into_values().collect(), faults)
    }
}

impl Found {
    /// What excluded hosts send and nothing keeps from being sent on. What does is taken away, so that the rest is
    /// left over.
    fn unguarded(&mut self) -> BTreeSet<Packets> {
        let mut unguarded = BTreeSet::new();
        let mut guarded = BTreeSet::new();
        let mut icmp: BTreeMap<_, BTreeSet<Mac>> = BTreeMap::new();
        let excluding = self
            .marked
            .iter()
            .filter(|(_, rule)| !rule.excluded.is_empty());
        for (target, rule) in excluding {
            let (destination, guard) = (rule.destination, rule.guard);
            guarded.extend([
                (Packets::Of(*target), guard),
                (Packets::Icmp(destination), guard),
            ]);
            icmp.entry((destination, guard))
                .or_default()
                .extend(&rule.excluded);
        }
        for (packets, guard) in guarded {
            if self.guarded.remove(&(packets, guard)).is_none() {
                unguarded.insert(packets);
            }
        }
        for (key, wanted) in icmp {
            let found = self.icmp.entry(key).or_default();
            if !found.is_superset(&wanted) {
                unguarded.insert(Packets::Icmp(key.0));
            }
            found.retain(|mac| !wanted.contains(mac));
        }
        unguarded
    }
}

/// As much of a rule as people want to look at.
pub(crate) fn shorten(words: &str) -> String {
    words.chars().take(200).collect()
}
