//! What goes wrong, and when.

use vrrp_proto::Priority;

use crate::bounds;
use crate::clock::Nanos;
use crate::random::Random;
use crate::scenario::{Kind, MAX_ROUTERS, Scenario};

/// One thing that happens to the LAN or its hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A router starts.
    Start(usize),
    /// A trouble, and after how long it ends (at calm at the latest), if it ends.
    Trouble(Target, Trouble, Option<Nanos>),
    /// A tracked thing changed.
    SetPriority(Target, Priority),
    /// Somebody tells a router that it is the next master.
    TakeOver(usize),
    /// Who reaches whom.
    Wire(Wiring),
    /// What becomes of packets.
    Weather(Weather),
    /// All troubles of the LAN and all pauses end.
    Calm,
}

/// Whom a step happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Host(usize),
    /// Whoever is master by then (the first of several; nobody if there is none).
    Master,
}

/// A trouble that can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// `Input::Stop`, then `Input::Start`.
    Stop,
    /// `Input::Fault`, then `Input::FaultCleared`.
    Fault,
    /// `Input::Handover`, then `Input::EndHandover`.
    Handover,
    /// The host is gone with all that it knew; then it boots.
    Death,
    /// Nothing runs; packets wait in the socket.
    Pause,
    /// A pause in which the host's clock stands still, as when a virtual machine is suspended.
    Suspend,
}

/// Bit `to` of octet `from`: whether packets get from one to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wiring([u8; MAX_ROUTERS]);

impl Wiring {
    pub(crate) const WHOLE: Self = Self([u8::MAX; MAX_ROUTERS]);

    pub(crate) fn reaches(self, from: usize, to: usize) -> bool {
        from == to || self.0[from] & (1 << to) != 0
    }

    /// Each host in one of some segments.
    fn split(random: &mut Random) -> Self {
        let segments = random.octet(2, 3);
        let of: [u8; MAX_ROUTERS] = core::array::from_fn(|_| random.octet(1, segments));
        Self(of.map(|mine| {
            (0..MAX_ROUTERS).fold(0, |bits, to| bits | (u8::from(of[to] == mine) << to))
        }))
    }

    /// Each direction of each pair for itself.
    fn broken(random: &mut Random) -> Self {
        let percent = random.between(50, 95);
        Self(core::array::from_fn(|_| {
            (0..MAX_ROUTERS).fold(0, |bits, to| {
                bits | (u8::from(random.percent(percent)) << to)
            })
        }))
    }
}

/// What becomes of packets; percentages of each copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weather {
    pub(crate) loss: u64,
    pub(crate) damage: u64,
    pub(crate) doubled: u64,
    /// Each packet takes up to this long, so later ones overtake it.
    pub(crate) delay: Nanos,
}

impl Weather {
    /// Nothing is lost, but packets still overtake each other, and some come twice.
    pub(crate) const fn calm(delay: Nanos) -> Self {
        Self {
            loss: 0,
            damage: 0,
            doubled: 3,
            delay,
        }
    }

    fn foul(random: &mut Random, scenario: &Scenario) -> Self {
        Self {
            loss: random.pick([0, 5, 30, 80, 100]),
            damage: random.pick([0, 0, 10, 50]),
            doubled: random.pick([0, 10, 50]),
            delay: random.between(scenario.delay, 3 * scenario.interval),
        }
    }
}

/// The steps in order of time, and when the last of them is.
pub(crate) fn steps(random: &mut Random, scenario: &Scenario) -> (Vec<(Nanos, Step)>, Nanos) {
    let unit = scenario.interval;
    let mut steps: Vec<_> = (0..scenario.hosts.len())
        .map(|host| (random.between(0, 5 * unit), Step::Start(host)))
        .collect();
    if random.percent(30) {
        steps.iter_mut().for_each(|(at, _)| *at = 0);
    }
    let started = steps.iter().map(|(at, _)| *at).max().unwrap_or(0);
    let calm_at = match scenario.kind {
        Kind::Quiet => started,
        Kind::Split => split(random, scenario, started, &mut steps),
        Kind::Planned => many(random, scenario, started, &mut steps, planned),
        Kind::Crash => many(random, scenario, started, &mut steps, crash),
        Kind::Chaos => many(random, scenario, started, &mut steps, chaos),
    };
    steps.push((calm_at, Step::Calm));
    steps.sort_by_key(|(at, _)| *at);
    (steps, calm_at)
}

/// One split, from the start or of a settled LAN, that lasts until each segment has settled.
///
/// One that comes or goes while two masters are just settling who yields can leave stale ARP entries
/// that nobody can know of; that is what the refresh is for.
fn split(
    random: &mut Random,
    scenario: &Scenario,
    started: Nanos,
    steps: &mut Vec<(Nanos, Step)>,
) -> Nanos {
    let settle = bounds::worst_settle(scenario);
    let unit = scenario.interval;
    let settled = started + settle + random.between(0, 3 * unit);
    let from = random.pick([0, settled]);
    let until = from.max(started) + settle + random.between(0, 20 * unit);
    steps.insert(0, (from, Step::Wire(Wiring::split(random))));
    for _ in 0..random.between(0, 2) {
        let at = random.between(from.max(started), until);
        steps.push((at, pause(random, scenario)));
    }
    until
}

/// Some steps at random times, or none for a while; often one in the last moment, to be timed.
fn many(
    random: &mut Random,
    scenario: &Scenario,
    started: Nanos,
    steps: &mut Vec<(Nanos, Step)>,
    one: fn(&mut Random, &Scenario) -> Step,
) -> Nanos {
    let count = random.between(0, 8);
    let until = started + random.between(scenario.interval, 40 * scenario.interval);
    for _ in 0..count {
        let at = random.between(0, until);
        steps.push((at, one(random, scenario)));
    }
    if count == 0 || random.percent(50) {
        steps.push((until, finale(random, scenario)));
    }
    until
}

/// The master goes, for good.
fn finale(random: &mut Random, scenario: &Scenario) -> Step {
    let trouble = match scenario.kind {
        Kind::Crash | Kind::Chaos => random.pick([Trouble::Death, Trouble::Death, Trouble::Stop]),
        Kind::Quiet | Kind::Split | Kind::Planned => {
            random.pick([Trouble::Stop, Trouble::Fault, Trouble::Handover])
        }
    };
    Step::Trouble(Target::Master, trouble, None)
}

fn planned(random: &mut Random, scenario: &Scenario) -> Step {
    let host = random.index(scenario.hosts.len());
    let trouble = random.pick([Trouble::Stop, Trouble::Fault, Trouble::Handover]);
    let steps = [
        Step::Trouble(target(random, host), trouble, lasting(random, scenario)),
        Step::Trouble(target(random, host), trouble, lasting(random, scenario)),
        Step::SetPriority(target(random, host), priority(random, scenario)),
        Step::TakeOver(host),
    ];
    random.pick(steps)
}

fn crash(random: &mut Random, scenario: &Scenario) -> Step {
    let host = random.index(scenario.hosts.len());
    if random.percent(50) {
        return pause(random, scenario);
    }
    Step::Trouble(
        target(random, host),
        Trouble::Death,
        lasting(random, scenario),
    )
}

fn chaos(random: &mut Random, scenario: &Scenario) -> Step {
    match random.between(0, 5) {
        0 => planned(random, scenario),
        1 => crash(random, scenario),
        2 => Step::Wire(Wiring::split(random)),
        3 => Step::Wire(Wiring::broken(random)),
        4 => Step::Wire(Wiring::WHOLE),
        _ => Step::Weather(Weather::foul(random, scenario)),
    }
}

fn pause(random: &mut Random, scenario: &Scenario) -> Step {
    let host = random.index(scenario.hosts.len());
    let trouble = random.pick([Trouble::Pause, Trouble::Suspend]);
    // From a garbage collection to a suspended machine.
    let most = random.pick([1, 4, 20]) * scenario.interval;
    let lasting = random.between(0, most);
    Step::Trouble(target(random, host), trouble, Some(lasting))
}

fn target(random: &mut Random, host: usize) -> Target {
    random.pick([Target::Host(host), Target::Host(host), Target::Master])
}

fn lasting(random: &mut Random, scenario: &Scenario) -> Option<Nanos> {
    let span = random.between(0, 12 * scenario.interval);
    random.percent(80).then_some(span)
}

/// A new one, or that of another router.
fn priority(random: &mut Random, scenario: &Scenario) -> Priority {
    let theirs = scenario.hosts[random.index(scenario.hosts.len())]
        .config
        .priority;
    let new = Priority::new(random.octet(1, 254));
    if theirs == Priority::OWNER {
        return new;
    }
    random.pick([theirs, new])
}
