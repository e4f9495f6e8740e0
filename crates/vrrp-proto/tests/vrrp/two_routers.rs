//! Two routers on a LAN that loses, delays and doubles packets, with the real octets in between.

use core::net::IpAddr;
use core::time::Duration;

use proptest::prelude::*;
use vrrp_proto::{
    Action, Authentication, Centis, ChecksumForm, Envelope, Expect, GROUP_V4, Input, MAX_LEN,
    Outgoing, Password, Priority, Router, RouterConfig, State, Version, Vrid, decode, encode,
    master_down,
};

const MS: Duration = Duration::from_millis(1);

/// A packet under way: when it arrives, at whom, and its octets.
type Frame = (Duration, usize, Vec<u8>);

struct Lan {
    now: Duration,
    routers: [Router; 2],
    frames: Vec<Frame>,
    /// Percent of the packets that get lost.
    loss: u64,
    cut: bool,
    random: u64,
    /// Whose address the hosts on each side of the LAN have for the VIP.
    arp: [Option<usize>; 2],
}

impl Lan {
    fn new(version: Version, priorities: [u8; 2], loss: u64, seed: u64) -> Self {
        let interval = Centis::from_secs(1).unwrap();
        let router = |index: usize| {
            let priority = Priority::new(priorities[index]);
            let mut config = RouterConfig::new(version, priority, interval, address(index));
            // The parting advert may be lost like any other; only the refresh mends that.
            config.announce.refresh = (loss > 0).then_some(Duration::from_secs(5));
            Router::new(config)
        };
        Self {
            now: Duration::ZERO,
            routers: [router(0), router(1)],
            frames: Vec::new(),
            loss,
            cut: false,
            random: seed | 1,
            arp: [None; 2],
        }
    }

    /// xorshift64: enough to lose packets by.
    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    fn input(&mut self, index: usize, input: Input) {
        let actions = self.routers[index].handle(self.now, input);
        for action in actions {
            match action {
                Action::SendAdvert(priority) => self.send(index, priority),
                Action::Announce => {
                    self.arp[index] = Some(index);
                    if !self.cut {
                        self.arp[1 - index] = Some(index);
                    }
                }
                Action::Enter(_) => {}
            }
        }
    }

    fn send(&mut self, from: usize, priority: Priority) {
        let config = self.routers[from].config();
        let packet = Outgoing {
            version: config.version,
            vrid: Vrid::new(51).unwrap(),
            priority,
            interval: config.interval,
            authentication: authentication(config.version),
            addresses: &[IpAddr::from([192, 0, 2, 10])],
            source: config.address,
            destination: GROUP_V4.into(),
            checksum: ChecksumForm::default(),
        };
        let mut buf = [0; MAX_LEN];
        let len = encode(&packet, &mut buf).unwrap();
        let copies = if self.random() % 100 < 5 { 2 } else { 1 };
        for _ in 0..copies {
            let lost = self.cut || self.random() % 100 < self.loss;
            let delay = Duration::from_micros(self.random() % 2000);
            if !lost {
                self.frames
                    .push((self.now + delay, 1 - from, buf[..len].to_vec()));
            }
        }
    }

    fn receive(&mut self, index: usize, octets: &[u8]) {
        let config = self.routers[index].config();
        let envelope = Envelope {
            source: address(1 - index),
            destination: GROUP_V4.into(),
            ttl: 255,
        };
        let expect = Expect {
            version: config.version,
            vrid: Vrid::new(51).unwrap(),
            interval: config.interval,
            authentication: authentication(config.version),
            addresses: &[IpAddr::from([192, 0, 2, 10])],
            own_address: config.address,
        };
        let heard = decode(octets, &envelope, &expect).unwrap().heard();
        self.input(index, Input::Heard(heard));
    }

    /// Runs for this long; returns how long exactly one router was master at the end of it.
    fn run(&mut self, span: Duration) -> Duration {
        let until = self.now + span;
        let mut settled_at = until;
        loop {
            let tick = (0..2).filter_map(|index| Some((self.routers[index].deadline()?, index)));
            let tick = tick.min().filter(|(at, _)| *at <= until);
            let frame = (0..self.frames.len()).min_by_key(|at| self.frames[*at].0);
            let frame = frame.filter(|at| self.frames[*at].0 <= until);
            match (frame, tick) {
                (Some(at), tick) if tick.is_none_or(|(due, _)| self.frames[at].0 <= due) => {
                    let (now, index, octets) = self.frames.swap_remove(at);
                    self.now = now;
                    self.receive(index, &octets);
                }
                (_, Some((now, index))) => {
                    self.now = now;
                    self.input(index, Input::Tick);
                }
                (_, None) => break,
            }
            if self.masters() != 1 {
                settled_at = until;
            } else if settled_at == until {
                settled_at = self.now;
            }
        }
        self.now = until;
        until - settled_at
    }

    fn start(&mut self) {
        self.input(0, Input::Start);
        self.input(1, Input::Start);
    }

    fn masters(&self) -> usize {
        self.routers
            .iter()
            .filter(|router| router.state() == State::Master)
            .count()
    }

    fn states(&self) -> [State; 2] {
        [self.routers[0].state(), self.routers[1].state()]
    }
}

fn address(index: usize) -> IpAddr {
    IpAddr::from([192, 0, 2, u8::try_from(index + 1).unwrap()])
}

fn authentication(version: Version) -> Authentication {
    match version {
        Version::V2 => Authentication::Pass(Password::new(b"secret").unwrap()),
        Version::V3 => Authentication::None,
    }
}

/// Who wins: the higher priority, or with equal ones the higher address.
fn winner(priorities: [u8; 2]) -> usize {
    usize::from(priorities[1] >= priorities[0])
}

fn versions() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V2), Just(Version::V3)]
}

/// The LAN settles within the master-down time of the slowest router and a second of adverts.
const SETTLED: Duration = Duration::from_secs(6);

proptest! {
    #[test]
    fn a_whole_lan_settles_on_the_better_router(
        version in versions(), priorities in any::<[u8; 2]>().prop_map(|p| p.map(|p| p.clamp(1, 254))), seed: u64,
    ) {
        let mut lan = Lan::new(version, priorities, 0, seed);
        lan.start();
        lan.run(SETTLED);
        prop_assert_eq!(lan.states()[winner(priorities)], State::Master);
        // Then nothing changes any more.
        let span = 60 * SETTLED;
        prop_assert!(lan.run(span) >= span - 1000 * MS);
        prop_assert_eq!(lan.arp, [Some(winner(priorities)); 2]);
    }

    #[test]
    fn two_owners_settle_on_one_master(version in versions(), seed: u64) {
        let mut lan = Lan::new(version, [255, 255], 0, seed);
        lan.start();
        lan.run(SETTLED);
        prop_assert_eq!(lan.states(), [State::Backup, State::Master]);
        prop_assert_eq!(lan.arp, [Some(1); 2]);
        lan.input(1, Input::Stop);
        lan.run(MS * 1000);
        prop_assert_eq!(lan.states(), [State::Master, State::Initialize]);
    }

    #[test]
    fn a_lossy_lan_settles_once_the_loss_ends(
        version in versions(), loss in 0_u64..100, seed: u64,
    ) {
        let mut lan = Lan::new(version, [200, 100], loss, seed);
        lan.start();
        lan.run(60 * SETTLED);
        prop_assert!(lan.masters() >= 1, "never without a master for good");
        lan.loss = 0;
        lan.run(2 * SETTLED);
        prop_assert_eq!(lan.states(), [State::Master, State::Backup]);
        prop_assert_eq!(lan.arp, [Some(0); 2]);
    }

    #[test]
    fn a_healed_split_leaves_one_master_and_no_stale_arp_entry(
        version in versions(), apart in 4000_u32..20_000, seed: u64,
    ) {
        let mut lan = Lan::new(version, [200, 100], 0, seed);
        lan.start();
        lan.run(SETTLED);
        lan.cut = true;
        lan.run(apart * MS);
        prop_assert_eq!(lan.states(), [State::Master, State::Master]);
        prop_assert_eq!(lan.arp, [Some(0), Some(1)]);
        lan.cut = false;
        // One advert from either side is enough; neither waits for the 5 s repeat.
        lan.run(1010 * MS);
        prop_assert_eq!(lan.states(), [State::Master, State::Backup]);
        prop_assert_eq!(lan.arp, [Some(0), Some(0)]);
    }

    #[test]
    fn a_dead_master_is_replaced_within_the_master_down_time(version in versions(), seed: u64, lived in 0_u32..5000) {
        let mut lan = Lan::new(version, [200, 100], 0, seed);
        lan.start();
        lan.run(SETTLED + lived * MS);
        lan.cut = true;
        let interval = Centis::from_secs(1).unwrap();
        lan.run(master_down(version, Priority::DEFAULT, interval) + 2 * MS);
        prop_assert_eq!(lan.states()[1], State::Master);
    }

    #[test]
    fn a_stopped_master_is_replaced_within_the_skew(version in versions(), seed: u64) {
        let mut lan = Lan::new(version, [200, 100], 0, seed);
        lan.start();
        lan.run(SETTLED);
        lan.input(0, Input::Stop);
        lan.run(609_375 * MS / 1000 + 2 * MS);
        prop_assert_eq!(lan.states(), [State::Initialize, State::Master]);
        lan.input(0, Input::Start);
        lan.run(SETTLED);
        prop_assert_eq!(lan.states(), [State::Master, State::Backup]);
    }

    #[test]
    fn a_handover_moves_the_role_and_it_stays(version in versions(), seed: u64) {
        let mut lan = Lan::new(version, [200, 100], 0, seed);
        lan.start();
        lan.run(SETTLED);
        lan.input(0, Input::Handover);
        lan.run(SETTLED);
        prop_assert_eq!(lan.states(), [State::Backup, State::Master]);
        lan.run(60 * SETTLED);
        prop_assert_eq!(lan.states(), [State::Backup, State::Master]);
        lan.input(0, Input::EndHandover);
        lan.run(SETTLED);
        prop_assert_eq!(lan.states(), [State::Master, State::Backup]);
    }
}
