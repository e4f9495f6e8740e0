//! What a seed stands for: the routers, their clocks, the LAN, and everything that goes wrong.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;

use vrrp_proto::{
    Announce, Authentication, Centis, ChecksumForm, Password, Priority, RouterConfig, Version,
};

use crate::clock::{MICRO, Nanos, SECOND};
use crate::plan::{self, Step};
use crate::random::Random;

/// The most routers of one LAN.
pub(crate) const MAX_ROUTERS: usize = 8;

/// What may go wrong; each kind has bounds of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Nothing: routers start one after the other.
    Quiet,
    /// One split into segments, healed at the end; hosts pause meanwhile. Nothing is lost.
    Split,
    /// What an administrator does: stops, starts, faults, priorities, handovers.
    Planned,
    /// Hosts die, come back, and pause.
    Crash,
    /// All of that, and a LAN that loses, damages, delays, doubles and cuts one-way.
    Chaos,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Quiet,
        Self::Split,
        Self::Planned,
        Self::Crash,
        Self::Chaos,
    ];
}

/// One LAN and its history.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) kind: Kind,
    pub(crate) version: Version,
    pub(crate) authentication: Authentication,
    pub(crate) hosts: Vec<HostPlan>,
    /// The longest advertisement interval of any router.
    pub(crate) interval: Nanos,
    /// A packet takes at most this long when the weather is calm.
    pub(crate) delay: Nanos,
    /// A host that runs acts at most this late on its timer.
    pub(crate) lateness: Nanos,
    /// In order of time; the last one is [`Step::Calm`].
    pub(crate) steps: Vec<(Nanos, Step)>,
    pub(crate) calm_at: Nanos,
}

/// One host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostPlan {
    pub(crate) config: RouterConfig,
    pub(crate) checksum: ChecksumForm,
    /// What its clock shows at the start.
    pub(crate) clock: Nanos,
    /// How much too fast its clock goes, in millionths.
    pub(crate) ppm: i32,
}

impl Scenario {
    pub(crate) fn new(seed: u64) -> Self {
        let random = &mut Random::new(seed);
        let kind = random.pick([
            Kind::Quiet,
            Kind::Split,
            Kind::Split,
            Kind::Planned,
            Kind::Planned,
            Kind::Crash,
            Kind::Chaos,
            Kind::Chaos,
        ]);
        let version = random.pick([Version::V2, Version::V3]);
        let interval = interval(random, version);
        let unit = u64::try_from(interval.as_duration().as_nanos()).unwrap_or(SECOND);
        let hosts = hosts(random, kind, version, interval, unit);
        let delay = random.between(5 * MICRO, unit / 5);
        let lateness = random.pick([0, 10 * MICRO, unit / 20]);
        let mut scenario = Self {
            seed,
            kind,
            version,
            authentication: authentication(random, version),
            hosts,
            interval: unit,
            delay,
            lateness,
            steps: Vec::new(),
            calm_at: 0,
        };
        (scenario.steps, scenario.calm_at) = plan::steps(random, &scenario);
        scenario
    }
}

/// The routers of one virtual router agree on the interval, as the RFCs ask for.
fn interval(random: &mut Random, version: Version) -> Centis {
    let centis = match version {
        Version::V2 => random.pick([100, 100, 100, 200, 300]),
        Version::V3 => random.pick([1, 1, 1, 2, 5, 10, 100]),
    };
    Centis::new(centis).unwrap_or_else(|| unreachable!("none of them is zero"))
}

fn authentication(random: &mut Random, version: Version) -> Authentication {
    let password = Password::new(b"secret").filter(|_| random.percent(50));
    match (version, password) {
        (Version::V2, Some(password)) => Authentication::Pass(password),
        (Version::V2, None) | (Version::V3, _) => Authentication::None,
    }
}

fn hosts(
    random: &mut Random,
    kind: Kind,
    version: Version,
    interval: Centis,
    unit: Nanos,
) -> Vec<HostPlan> {
    let count = random.pick([2, 2, 3, 3, 4, 5, 6, MAX_ROUTERS]);
    let ipv6 = version == Version::V3 && random.percent(40);
    let priorities = priorities(random, count);
    let preemption = random.pick([
        Preemption::All,
        Preemption::All,
        Preemption::None,
        Preemption::Delayed,
        Preemption::Mixed,
    ]);
    let announce = announce(random, kind, unit);
    // Crystals are off by millionths; an emulated or throttled clock by a few hundredths.
    let drift = random.pick([0, 100, 100, 30_000]);
    // Addresses in an order of their own, so that it is not always the last host that wins a tie.
    let rotated = random.index(count);
    (0_u8..)
        .zip(priorities)
        .map(|(index, priority)| {
            let number = (usize::from(index) + rotated) % count;
            let address = address(number, ipv6);
            let mut config = RouterConfig::new(version, priority, interval, address);
            (config.preempt, config.preempt_delay) = preemption.of_one(random, unit);
            config.announce = announce;
            // Without it, only the refresh mends the LAN.
            config.parting_advert = announce.refresh.is_none() || random.percent(80);
            HostPlan {
                config,
                checksum: random.pick([
                    ChecksumForm::WithPseudoHeader,
                    ChecksumForm::WithoutPseudoHeader,
                ]),
                clock: random.between(0, 1_000_000 * SECOND),
                ppm: signed(random, drift),
            }
        })
        .collect()
}

/// The address of one router.
fn address(number: usize, ipv6: bool) -> IpAddr {
    let last = u8::try_from(number + 1).unwrap_or(u8::MAX);
    if ipv6 {
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, u16::from(last)).into()
    } else {
        Ipv4Addr::new(192, 0, 2, last).into()
    }
}

fn signed(random: &mut Random, most: u32) -> i32 {
    let shifted = random.between(0, 2 * u64::from(most));
    let ppm = i64::try_from(shifted).unwrap_or(0) - i64::from(most);
    i32::try_from(ppm).unwrap_or(0)
}

fn priorities(random: &mut Random, count: usize) -> Vec<Priority> {
    let base = random.octet(1, 246);
    let style = random.pick([0_u8, 0, 1, 2, 3]);
    let mut priorities: Vec<_> = (0_u8..)
        .take(count)
        .map(|index| {
            Priority::new(match style {
                0 => random.octet(1, 254),
                1 => base,
                2 => base + index,
                _ => random.pick([50, 100, 150]),
            })
        })
        .collect();
    // The owner of the addresses; two of them are a mistake that still leaves one master.
    for _ in 0..random.pick([0, 0, 0, 0, 0, 0, 0, 1, 2]) {
        priorities[random.index(count)] = Priority::OWNER;
    }
    priorities
}

/// The routers' rules on preemption.
#[derive(Clone, Copy)]
enum Preemption {
    All,
    None,
    Delayed,
    Mixed,
}

impl Preemption {
    fn of_one(self, random: &mut Random, unit: Nanos) -> (bool, Duration) {
        // A shorter one may end between a yielding master's parting advert, which begins it, and the
        // next advert of the better master.
        let delay = Duration::from_nanos(random.between(2 * unit, 20 * unit));
        match self {
            Self::All => (true, Duration::ZERO),
            Self::None => (false, Duration::ZERO),
            Self::Delayed => (true, delay),
            Self::Mixed => random.pick([
                (true, Duration::ZERO),
                (false, Duration::ZERO),
                (true, delay),
            ]),
        }
    }
}

/// Where announcements or the parting advert may get lost, only a refresh can mend the LAN.
fn announce(random: &mut Random, kind: Kind, unit: Nanos) -> Announce {
    let refresh = match kind {
        Kind::Quiet | Kind::Split | Kind::Planned => None,
        Kind::Crash | Kind::Chaos => Some(Duration::from_nanos(random.between(unit, 10 * unit))),
    };
    Announce {
        repeat_after: Duration::from_nanos(random.between(unit, 8 * unit)),
        repeats: random.octet(1, 3),
        refresh,
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = Duration::from_nanos;
        writeln!(
            f,
            "seed {}: {:?}, version {}, interval {:?}, packets take up to {:?}, timers are up to {:?} late, calm from {:?}",
            self.seed,
            self.kind,
            self.version,
            span(self.interval),
            span(self.delay),
            span(self.lateness),
            span(self.calm_at),
        )?;
        for (index, host) in self.hosts.iter().enumerate() {
            let config = &host.config;
            writeln!(
                f,
                "  router {index}: priority {}, {}, {}, clock {:+} ppm, announces {}x after {:?}, refresh {:?}, parting advert {}",
                config.priority,
                config.address,
                match (config.preempt, config.preempt_delay) {
                    (false, _) => "does not preempt".to_owned(),
                    (true, Duration::ZERO) => "preempts".to_owned(),
                    (true, delay) => format!("preempts after {delay:?}"),
                },
                host.ppm,
                config.announce.repeats,
                config.announce.repeat_after,
                config.announce.refresh,
                config.parting_advert,
            )?;
        }
        Ok(())
    }
}
