//! How often each thing was put right, and when that has become a fight.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use crate::plan::Step;

/// So many repairs of one thing within [`WINDOW`] are no fight yet.
pub const PATIENCE: usize = 5;
/// The time in which repairs of one thing are counted.
pub const WINDOW: Duration = Duration::from_secs(60);
/// From one repair to the next while a fight lasts.
pub const PAUSE: Duration = Duration::from_secs(30);
/// A thing that needed no repair for so long is not fought over any more.
pub const QUIET: Duration = Duration::from_secs(300);

/// What to do about a thing that another program changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Put it right; the number counts all repairs so far.
    Repair(u64),
    /// Put it right; with this repair a fight begins.
    Fight(u64),
    /// Leave it for now.
    Hold,
}

/// The repairs of late, by thing.
#[derive(Clone, Debug, Default)]
pub struct Repairs {
    things: BTreeMap<String, Thing>,
    total: u64,
}

/// A thing that another program keeps changing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fight {
    /// The thing, as [`Step::thing`] names it.
    pub thing: String,
    /// How long ago it was put right first.
    pub lasting: Duration,
    /// How often it was put right since.
    pub repairs: u64,
    /// Whether it is put right each time all the same, as it [keeps harm from others](Step::is_for_safety).
    pub each_time: bool,
}

impl fmt::Display for Fight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "another program keeps changing {}: put right {} times within {} s, ",
            self.thing,
            self.repairs,
            self.lasting.as_secs(),
        )?;
        match self.each_time {
            true => f.write_str("and each time from now on, as it keeps harm from other hosts")?,
            false => write!(f, "from now on every {} s only", PAUSE.as_secs())?,
        }
        f.write_str("; find that program, and stop it or take the thing out of lbd's file")
    }
}

#[derive(Clone, Debug, Default)]
struct Thing {
    /// When it was repaired first.
    first: Duration,
    /// How often since then.
    count: u64,
    /// When it was repaired, within [`WINDOW`].
    repaired: VecDeque<Duration>,
    /// While there is a fight: when it may be repaired next.
    next: Option<Duration>,
    /// When it last needed repair.
    last: Duration,
    /// Whether it is repaired each time, fight or not.
    each_time: bool,
}

impl Repairs {
    /// How many repairs there have been.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Forgets the things that have been quiet; once before each round of judging, or they would pile up.
    pub fn forget_quiet(&mut self, now: Duration) {
        self.things.retain(|_, thing| !thing.is_quiet(now));
    }

    /// The fights that go on, by thing.
    #[must_use]
    pub fn fights(&self, now: Duration) -> Vec<Fight> {
        let fought = self.things.iter().filter(|(_, thing)| thing.next.is_some());
        let fight = |(name, thing): (&String, &Thing)| Fight {
            thing: name.clone(),
            lasting: now.saturating_sub(thing.first),
            repairs: thing.count,
            each_time: thing.each_time,
        };
        fought.map(fight).collect()
    }

    /// Judges a step that puts right what another program changed. `now` is monotonic, from any origin.
    ///
    /// What [keeps harm from others](Step::is_for_safety) is never held, but counted and told as a fight like the rest.
    pub fn judge(&mut self, now: Duration, step: &Step) -> Verdict {
        let thing = self.things.entry(step.thing()).or_default();
        if thing.count == 0 || thing.is_quiet(now) {
            *thing = Thing {
                first: now,
                ..Thing::default()
            };
        }
        thing.each_time = step.is_for_safety();
        if !thing.may_be_repaired(now) {
            if !thing.each_time {
                return Verdict::Hold;
            }
            thing.count = thing.count.saturating_add(1);
        }
        self.total = self.total.saturating_add(1);
        match thing.is_fought_over(now) {
            true => Verdict::Fight(self.total),
            false => Verdict::Repair(self.total),
        }
    }
}

impl Thing {
    fn is_quiet(&self, now: Duration) -> bool {
        now.saturating_sub(self.last) > QUIET
    }

    /// Whether it may be repaired now; takes note if so.
    fn may_be_repaired(&mut self, now: Duration) -> bool {
        self.last = now;
        if self.next.is_some_and(|next| now < next) {
            return false;
        }
        while self
            .repaired
            .front()
            .is_some_and(|at| now.saturating_sub(*at) > WINDOW)
        {
            self.repaired.pop_front();
        }
        self.repaired.push_back(now);
        self.count = self.count.saturating_add(1);
        if let Some(next) = &mut self.next {
            *next = now.saturating_add(PAUSE);
        }
        true
    }

    /// Whether a fight begins with the repair that was just noted.
    fn is_fought_over(&mut self, now: Duration) -> bool {
        let begins = self.next.is_none() && self.repaired.len() > PATIENCE;
        if begins {
            self.next = Some(now.saturating_add(PAUSE));
        }
        begins
    }
}
