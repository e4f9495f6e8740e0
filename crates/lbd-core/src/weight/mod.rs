//! From verdict to weight: the one place that decides who gets how many new connections.
//!
//! Pure: [`Weights::decide`] takes the time and what is known of a service's servers, and gives for each
//! what is wanted in the table and one sentence that says why. What wins over what, the first that
//! applies:
//!
//! 1. maintenance: not in the table;
//! 2. down: not in the table (the kernel then resets its connections, and clients go elsewhere at once);
//! 3. drained: weight 0, so that its connections run out; health brings it back no more than anything else;
//! 4. not judged yet: as the kernel has it;
//! 5. a weight of 0 of its own: 0;
//! 6. a second primary: 0;
//! 7. busy, or suspected: 0;
//! 8. up: the weight, less by the [slow start](SlowStart) and by [lag](LagLimits); 0 above the hard
//!    limit, and for a primary that is only the last resort.
//!
//! Then, when fewer than [`Policy::min_serving`] would serve, the least bad of those at 7 and 8 serve all the
//! same: lagging replicas first, by their lag; then the primary; then busy servers; suspected ones last.
//! At last the [rate limit](Policy::changes_per_second) puts off what can wait.
//!
//! ```
//! use std::time::Duration;
//! use healthcheck::{Health, Measured};
//! use lbd_core::weight::{Input, LagLimits, Policy, Want, Weights};
//!
//! let seconds = Duration::from_secs;
//! let limits = LagLimits { soft: seconds(10), hard: seconds(60), percent: 50, patience: seconds(300) };
//! let mut weights = Weights::new(Policy { lag: Some(limits), ..Policy::default() });
//!
//! let measured = Measured { lag: Some(seconds(12)), ..Measured::default() };
//! let replica = Input { measured, ..Input::new(100, Health::Up) };
//! let inputs = [("db2".to_owned(), replica)].into();
//! let decisions = weights.decide(seconds(0), &inputs);
//! assert_eq!(decisions["db2"].want, Want::Present(50));
//! assert_eq!(decisions["db2"].why, "up, 12s behind until it is 5s or less: weight 50 of 100");
//! ```

mod lag;
mod policy;
mod ramp;
mod reserve;
mod server;
mod window;
mod wish;

use std::collections::BTreeMap;

use healthcheck::Time;

pub use policy::{LagLimits, Policy, Primary, SlowStart};
pub use server::{Decision, Input, Want};

use lag::Standing;
use window::Window;
use wish::Wish;

/// The weights of one service's servers, with what has to be remembered from one decision to the next.
#[derive(Clone, Debug)]
pub struct Weights {
    policy: Policy,
    servers: BTreeMap<String, Memory>,
    window: Window,
    deadline: Option<Time>,
}

/// What is remembered of one server.
#[derive(Clone, Debug)]
struct Memory {
    standing: Standing,
    /// What was decided last.
    given: Want,
    /// It serves although it should not.
    is_reserve: bool,
    /// Since when a change has been waiting for the rate limit.
    waits_since: Option<Time>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            standing: Standing::default(),
            given: Want::AsIs,
            is_reserve: false,
            waits_since: None,
        }
    }
}

impl Weights {
    /// Nothing decided yet.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            window: Window::new(policy.changes_per_second),
            policy,
            servers: BTreeMap::new(),
            deadline: None,
        }
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// When to [`decide`](Self::decide) again though nothing became known: a step of a slow start ends, a
    /// lag was unknown for too long, or the rate limit lets a change through. None: never.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        self.deadline
    }

    /// Decides for all servers of the service, by name: the answer has the same names. Call it at the
    /// deadline and whenever something became known; a server that is not named any more is forgotten.
    ///
    /// Time must not run backwards.
    pub fn decide(
        &mut self,
        now: Time,
        inputs: &BTreeMap<String, Input>,
    ) -> BTreeMap<String, Decision> {
        self.servers.retain(|name, _| inputs.contains_key(name));
        let mut wishes = BTreeMap::new();
        for (name, input) in inputs {
            let memory = self.servers.entry(name.clone()).or_default();
            let wish = Wish::of(&self.policy, now, input, &mut memory.standing);
            wishes.insert(name.clone(), wish);
        }
        let incumbent = |name: &str| {
            self.servers
                .get(name)
                .is_some_and(|memory| memory.is_reserve)
        };
        reserve::promote(&mut wishes, self.policy.min_serving, incumbent);
        self.give(now, &wishes);
        self.deadline = self.next(&wishes);
        self.decisions(wishes)
    }

    /// Makes the wishes true: what must not wait at once, of the rest as much as the limit lets through.
    fn give(&mut self, now: Time, wishes: &BTreeMap<String, Wish>) {
        let wanted = wishes.values().filter(|wish| wish.want.serves()).count();
        let needed = self.policy.min_serving.min(wanted);
        let given = self.servers.values().map(|memory| memory.given);
        let mut serving = given.filter(|want| want.serves()).count();
        for (name, wish) in self.in_order(wishes) {
            let Some(memory) = self.servers.get_mut(name) else {
                continue;
            };
            memory.is_reserve = wish.reserve.is_some() && wish.want.serves();
            if memory.given == wish.want {
                memory.waits_since = None;
                continue;
            }
            let admitted = if wish.urgent || (wish.want.serves() && serving < needed) {
                self.window.count(now);
                true
            } else {
                self.window.admits(now)
            };
            if admitted {
                serving = serving
                    .saturating_sub(usize::from(memory.given.serves()))
                    .saturating_add(usize::from(wish.want.serves()));
                memory.given = wish.want;
                memory.waits_since = None;
            } else {
                memory.waits_since.get_or_insert(now);
            }
        }
    }

    /// Who must not serve, then who begins to, then the others, those first that have waited longest: so
    /// nobody leaves before the one who takes its place has come.
    fn in_order<'a>(&self, wishes: &'a BTreeMap<String, Wish>) -> Vec<(&'a String, &'a Wish)> {
        let mut order: Vec<_> = wishes.iter().collect();
        order.sort_by_key(|(name, wish)| {
            let memory = self.servers.get(*name);
            let enters = wish.want.serves() && memory.is_some_and(|memory| !memory.given.serves());
            let waits_since = memory.and_then(|memory| memory.waits_since);
            (!wish.urgent, !enters, waits_since.unwrap_or(Time::MAX))
        });
        order
    }

    fn next(&self, wishes: &BTreeMap<String, Wish>) -> Option<Time> {
        let waiting = self
            .servers
            .values()
            .any(|memory| memory.waits_since.is_some());
        let opens = self.window.opens().filter(|_| waiting);
        let own = wishes.values().filter_map(|wish| wish.until).min();
        opens.into_iter().chain(own).min()
    }

    fn decisions(&self, wishes: BTreeMap<String, Wish>) -> BTreeMap<String, Decision> {
        let decide = |(name, wish): (String, Wish)| {
            let memory = self.servers.get(&name);
            let waits = memory.is_some_and(|memory| memory.waits_since.is_some());
            let want = memory.map_or(wish.want, |memory| memory.given);
            let why = match self.policy.changes_per_second {
                Some(limit) if waits => format!(
                    "{}, soon: there are no more than {limit} changes a second",
                    wish.why
                ),
                Some(_) | None => wish.why,
            };
            (name, Decision { want, why })
        };
        wishes.into_iter().map(decide).collect()
    }
}
