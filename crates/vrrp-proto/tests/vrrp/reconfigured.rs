//! A router that goes on under another configuration keeps its state and what that rests on.

use core::net::IpAddr;
use core::time::Duration;

use proptest::prelude::*;
use vrrp_proto::{
    Action, Centis, Heard, Input, Priority, Router, RouterConfig, State, Version, master_down,
};

const SECOND: Duration = Duration::from_secs(1);
const START: Duration = Duration::from_secs(1000);
const MASTER: [u8; 4] = [192, 0, 2, 9];

fn config(version: Version, priority: u8, interval: u16) -> RouterConfig {
    let interval = Centis::new(interval).unwrap();
    let address = IpAddr::from([192, 0, 2, 5]);
    RouterConfig::new(version, Priority::new(priority), interval, address)
}

fn backup(config: RouterConfig) -> Router {
    let mut router = Router::new(config);
    router.handle(START, Input::Start);
    router
}

fn master(config: RouterConfig) -> Router {
    let mut router = backup(config);
    router.handle(START, Input::TakeOver);
    router
}

fn heard(priority: u8, interval: u16) -> Input {
    Input::Heard(Heard {
        source: IpAddr::from(MASTER),
        priority: Priority::new(priority),
        interval: Centis::new(interval).unwrap(),
    })
}

#[test]
fn a_role_that_was_handed_over_stays_so_until_its_master_is_gone() {
    let mut router = master(config(Version::V2, 200, 100));
    router.handle(START, Input::Handover);
    router.handle(START + SECOND, heard(100, 100));
    let other = config(Version::V2, 250, 100);
    assert!(router.reconfigure(START + SECOND, other).is_empty());
    assert!(router.handed_over());
    let mut now = START + SECOND;
    for _ in 0..20 {
        now += SECOND;
        assert!(router.handle(now, Input::Tick).is_empty());
        router.handle(now, heard(100, 100));
    }
    let down = master_down(Version::V2, Priority::new(250), other.interval);
    assert_eq!(router.deadline(), Some(now + down));
    router.handle(now + down, Input::Tick);
    assert_eq!(router.state(), State::Master);
}

#[test]
fn a_backups_new_priority_counts_from_the_last_advert() {
    for version in [Version::V2, Version::V3] {
        let mut router = backup(config(version, 100, 100));
        router.handle(START, heard(200, 100));
        let other = config(version, 150, 100);
        assert!(router.reconfigure(START + SECOND, other).is_empty());
        let down = master_down(version, Priority::new(150), other.interval);
        assert_eq!(router.deadline(), Some(START + down));
        assert_eq!(router.priority(), Priority::new(150));
    }
}

#[test]
fn a_shorter_interval_in_version_2_does_not_make_a_live_master_dead() {
    let mut router = backup(config(Version::V2, 254, 1000));
    router.handle(START, heard(255, 1000));
    let now = START + 9 * SECOND;
    let other = config(Version::V2, 254, 100);
    router.reconfigure(now, other);
    let down = master_down(Version::V2, Priority::new(254), other.interval);
    assert_eq!(router.deadline(), Some(now + down));
}

#[test]
fn in_version_3_the_masters_interval_goes_on_to_count() {
    let mut router = backup(config(Version::V3, 100, 100));
    router.handle(START, heard(200, 500));
    let deadline = router.deadline();
    router.reconfigure(START + SECOND, config(Version::V3, 100, 1));
    assert_eq!(router.deadline(), deadline);
    assert_eq!(router.master_interval(), Centis::new(500).unwrap());
}

#[test]
fn a_master_advertises_at_once_and_then_in_the_new_interval_and_announces_nothing() {
    let mut router = master(config(Version::V3, 100, 1000));
    let now = START + SECOND;
    let actions = router.reconfigure(now, config(Version::V3, 70, 10));
    assert_eq!(
        actions.as_slice(),
        [Action::SendAdvert(Priority::new(70))],
        "the others know at once"
    );
    assert_eq!(router.deadline(), Some(now + Duration::from_millis(100)));
    router.handle(now, heard(71, 10));
    assert_eq!(
        router.state(),
        State::Backup,
        "it compares with the new one"
    );
}

#[test]
fn a_masters_announcements_keep_their_times() {
    let mut router = master(config(Version::V2, 100, 4000));
    router.reconfigure(START + SECOND, config(Version::V2, 101, 4000));
    let at = router.deadline().unwrap();
    assert_eq!(at, START + 5 * SECOND);
    assert_eq!(
        router.handle(at, Input::Tick).as_slice(),
        [Action::Announce]
    );
}

#[test]
fn a_preempt_delay_runs_on_where_it_is_the_same_and_ends_where_preemption_does() {
    let mut delayed = config(Version::V2, 200, 100);
    delayed.preempt_delay = 30 * SECOND;
    let mut router = backup(delayed);
    for second in 0..=28 {
        router.handle(START + second * SECOND, heard(100, 100));
    }
    let mut same = router.clone();
    same.reconfigure(
        START + 28 * SECOND,
        RouterConfig {
            priority: Priority::new(210),
            ..delayed
        },
    );
    assert_eq!(same.deadline(), Some(START + 30 * SECOND));

    let patient = RouterConfig {
        preempt: false,
        ..delayed
    };
    router.reconfigure(START + 28 * SECOND, patient);
    router.handle(START + 29 * SECOND, heard(100, 100));
    let down = master_down(Version::V2, Priority::new(200), delayed.interval);
    assert_eq!(router.deadline(), Some(START + 29 * SECOND + down));
}

#[test]
fn a_delay_over_a_master_that_outranks_the_new_configuration_is_over() {
    let mut first = config(Version::V2, 100, 100);
    first.preempt_delay = 9 * SECOND;
    let mut router = backup(first);
    router.handle(START, heard(50, 100));
    let mut other = config(Version::V3, 50, 100);
    other.preempt_delay = 9 * SECOND;
    router.reconfigure(START, other);
    let once = router.clone();
    router.reconfigure(START, other);
    assert_eq!(router, once);
}

#[test]
fn one_that_takes_no_part_only_takes_the_configuration() {
    let other = config(Version::V2, 90, 300);
    let mut fresh = Router::new(config(Version::V2, 100, 100));
    let mut faulty = backup(config(Version::V2, 100, 100));
    faulty.handle(START, Input::Fault);
    for router in [&mut fresh, &mut faulty] {
        let state = router.state();
        assert!(router.reconfigure(START, other).is_empty());
        assert_eq!((router.state(), router.deadline()), (state, None));
        assert_eq!(*router.config(), other);
    }
    fresh.handle(START, Input::Start);
    assert_eq!(fresh, backup(other));
}

fn any_config() -> impl Strategy<Value = RouterConfig> {
    (
        any::<bool>(),
        any::<u8>(),
        1..=4095_u16,
        any::<bool>(),
        0..60_u64,
    )
        .prop_map(|(old, priority, interval, preempt, delay)| {
            let version = if old { Version::V2 } else { Version::V3 };
            let mut config = config(version, priority, interval);
            config.preempt = preempt;
            config.preempt_delay = Duration::from_secs(delay);
            config
        })
}

proptest! {
    #[test]
    fn whatever_the_configurations_the_state_stays(
        before in any_config(),
        after in any_config(),
        inputs in prop::collection::vec((0..3_u8, any::<u8>(), 0..5_000_u64), 0..12),
    ) {
        let mut router = backup(before);
        let mut now = START;
        for (kind, priority, wait) in inputs {
            now += Duration::from_millis(wait);
            router.handle(now, match kind {
                0 => Input::Tick,
                1 => Input::Handover,
                _ => heard(priority, 100),
            });
        }
        let (state, handed_over) = (router.state(), router.handed_over());
        let actions = router.reconfigure(now, after);
        prop_assert_eq!((router.state(), router.handed_over()), (state, handed_over));
        let expected = [Action::SendAdvert(router.priority())];
        let expected = if state == State::Master { &expected[..] } else { &[] };
        prop_assert_eq!(actions.as_slice(), expected);
        // The same again changes nothing more.
        let once = router.clone();
        router.reconfigure(now, after);
        prop_assert_eq!(router, once);
    }
}
