//! The timers and rules of the election, one router at a time.

use core::net::IpAddr;
use core::time::Duration;

use vrrp_proto::{
    Action, Announce, Centis, Heard, Input, Priority, Router, RouterConfig, State, Version,
    master_down, skew,
};

const SECOND: Duration = Duration::from_secs(1);
const START: Duration = Duration::from_secs(1000);

fn centis(centis: u16) -> Centis {
    Centis::new(centis).unwrap()
}

fn config(version: Version, priority: u8) -> RouterConfig {
    let address = IpAddr::from([192, 0, 2, 5]);
    RouterConfig::new(version, Priority::new(priority), centis(100), address)
}

fn started(config: RouterConfig) -> Router {
    let mut router = Router::new(config);
    router.handle(START, Input::Start);
    router
}

fn master(config: RouterConfig) -> Router {
    let mut router = started(config);
    router.handle(START, Input::TakeOver);
    router
}

fn heard_every(priority: u8, interval: u16) -> Input {
    Input::Heard(Heard {
        source: IpAddr::from([192, 0, 2, 9]),
        priority: Priority::new(priority),
        interval: centis(interval),
    })
}

fn heard(priority: u8) -> Input {
    heard_every(priority, 100)
}

/// Ticks at every deadline up to `until` and returns what was done when.
fn run(router: &mut Router, until: Duration) -> Vec<(Duration, Action)> {
    let mut log = Vec::new();
    while let Some(at) = router.deadline().filter(|at| *at <= until) {
        log.extend(
            router
                .handle(at, Input::Tick)
                .into_iter()
                .map(|action| (at, action)),
        );
        assert!(
            router.deadline().is_none_or(|next| next > at),
            "a tick settles its deadline"
        );
    }
    log
}

fn times(log: &[(Duration, Action)], wanted: fn(&Action) -> bool) -> Vec<Duration> {
    log.iter()
        .filter(|(_, action)| wanted(action))
        .map(|(at, _)| *at)
        .collect()
}

fn is_advert(action: &Action) -> bool {
    matches!(action, Action::SendAdvert(_))
}

fn is_announcement(action: &Action) -> bool {
    matches!(action, Action::Announce)
}

#[test]
fn a_backup_takes_over_when_the_master_down_time_has_passed() {
    for version in [Version::V2, Version::V3] {
        for priority in [1, 100, 254] {
            let mut router = started(config(version, priority));
            let down = master_down(version, Priority::new(priority), centis(100));
            assert_eq!(router.deadline(), Some(START + down));
            let later = START + SECOND;
            router.handle(later, heard(priority));
            assert_eq!(
                router.deadline(),
                Some(later + down),
                "an advert starts it anew"
            );
        }
    }
}

#[test]
fn a_backup_of_version_3_adopts_the_masters_interval() {
    let mut router = started(config(Version::V3, 100));
    router.handle(START, heard_every(200, 10));
    assert_eq!(router.master_interval(), centis(10));
    let down = master_down(Version::V3, Priority::DEFAULT, centis(10));
    assert_eq!(router.deadline(), Some(START + down));

    // As master it uses its own; when it yields, that of the better one.
    run(&mut router, START + down);
    assert_eq!(router.state(), State::Master);
    assert_eq!(router.deadline(), Some(START + down + SECOND));
    router.handle(START + down, heard_every(200, 20));
    assert_eq!(router.master_interval(), centis(20));
}

#[test]
fn a_backup_of_version_2_keeps_its_own_interval() {
    let mut router = started(config(Version::V2, 100));
    router.handle(START, heard_every(200, 10));
    assert_eq!(router.master_interval(), centis(100));
}

#[test]
fn a_backup_waits_only_the_skew_after_priority_zero() {
    for version in [Version::V2, Version::V3] {
        let mut router = started(config(version, 100));
        router.handle(START, heard_every(200, 50));
        let interval = router.master_interval();
        router.handle(START, heard(0));
        let skewed = START + skew(version, Priority::DEFAULT, interval);
        assert_eq!(router.deadline(), Some(skewed));
        router.handle(START + Duration::from_millis(10), heard(0));
        assert_eq!(
            router.deadline(),
            Some(skewed),
            "a second one does not prolong it"
        );
        router.handle(START + Duration::from_millis(20), heard_every(200, 50));
        let down = master_down(version, Priority::DEFAULT, interval);
        let alive = START + Duration::from_millis(20) + down;
        assert_eq!(router.deadline(), Some(alive), "another master lives");
    }
}

#[test]
fn a_backup_that_preempts_ignores_a_lower_priority() {
    let mut router = started(config(Version::V2, 100));
    let deadline = router.deadline();
    router.handle(START + SECOND, heard(99));
    assert_eq!(router.deadline(), deadline);
}

#[test]
fn a_backup_that_does_not_preempt_accepts_a_lower_priority() {
    let mut router = started(RouterConfig {
        preempt: false,
        ..config(Version::V2, 100)
    });
    router.handle(START + SECOND, heard(1));
    let down = master_down(Version::V2, Priority::DEFAULT, centis(100));
    assert_eq!(router.deadline(), Some(START + SECOND + down));
}

#[test]
fn an_owner_preempts_whatever_is_configured() {
    let owner = RouterConfig {
        preempt: false,
        preempt_delay: 60 * SECOND,
        ..config(Version::V2, 255)
    };
    let mut router = master(owner);
    router.handle(START, Input::Handover);
    router.handle(START, Input::EndHandover);
    let deadline = router.deadline();
    router.handle(START + SECOND, heard(254));
    assert_eq!(router.deadline(), deadline);
}

#[test]
fn of_two_owners_the_one_with_the_higher_address_stays_master() {
    // The other one's address is 192.0.2.9.
    for (last, state) in [(5, State::Backup), (200, State::Master)] {
        let address = IpAddr::from([192, 0, 2, last]);
        let mut router = master(RouterConfig {
            address,
            ..config(Version::V3, 255)
        });
        let actions = router.handle(START, heard(255));
        assert_eq!(router.state(), state);
        assert_eq!(
            actions.as_slice().first(),
            Some(&Action::SendAdvert(Priority::OWNER))
        );
    }
}

#[test]
fn the_preempt_delay_starts_at_the_first_lower_advert_and_ends_in_taking_over() {
    let delayed = RouterConfig {
        preempt_delay: 10 * SECOND,
        ..config(Version::V2, 100)
    };
    let mut router = started(delayed);
    let mut log = Vec::new();
    for second in 1..20 {
        let now = START + second * SECOND;
        log.extend(run(&mut router, now));
        if router.state() == State::Master {
            break;
        }
        router.handle(now, heard(50));
    }
    assert_eq!(times(&log, is_advert), [START + 11 * SECOND]);
}

#[test]
fn the_preempt_delay_is_forgotten_when_a_better_master_is_heard() {
    let delayed = RouterConfig {
        preempt_delay: 2 * SECOND,
        ..config(Version::V2, 100)
    };
    let mut router = started(delayed);
    router.handle(START, heard(50));
    assert_eq!(router.deadline(), Some(START + 2 * SECOND));
    router.handle(START + SECOND, heard(100));
    let down = master_down(Version::V2, Priority::DEFAULT, centis(100));
    assert_eq!(router.deadline(), Some(START + SECOND + down));
    router.handle(START + 2 * SECOND, heard(50));
    assert_eq!(
        router.deadline(),
        Some(START + 4 * SECOND),
        "it starts anew"
    );
}

#[test]
fn the_preempt_delay_does_not_hold_up_the_takeover_from_a_dead_master() {
    let delayed = RouterConfig {
        preempt_delay: 60 * SECOND,
        ..config(Version::V2, 100)
    };
    let mut router = started(delayed);
    router.handle(START, heard(50));
    let down = master_down(Version::V2, Priority::DEFAULT, centis(100));
    assert_eq!(router.deadline(), Some(START + down));
    router.handle(START, heard(0));
    let skewed = skew(Version::V2, Priority::DEFAULT, centis(100));
    assert_eq!(router.deadline(), Some(START + skewed));
}

#[test]
fn a_preempt_delay_ends_when_our_own_priority_falls_to_the_masters() {
    let delayed = RouterConfig {
        preempt_delay: SECOND,
        ..config(Version::V2, 100)
    };
    let mut router = started(delayed);
    router.handle(START, heard(50));
    router.handle(START, Input::SetPriority(Priority::new(50)));
    let down = master_down(Version::V2, Priority::new(50), centis(100));
    assert_eq!(router.deadline(), Some(START + down));
}

#[test]
fn a_new_priority_counts_from_the_last_advert() {
    for version in [Version::V2, Version::V3] {
        let mut router = started(config(version, 100));
        router.handle(START, heard(200));
        let later = START + SECOND;
        router.handle(later, Input::SetPriority(Priority::new(254)));
        let down = master_down(version, Priority::new(254), centis(100));
        assert_eq!(router.deadline(), Some(START + down));
        assert_eq!(router.priority(), Priority::new(254));
    }
}

#[test]
fn a_router_never_has_priority_zero_itself() {
    let mut router = master(config(Version::V2, 100));
    router.handle(START, Input::SetPriority(Priority::ZERO));
    assert_eq!(router.priority().get(), 1);
    assert_eq!(Router::new(config(Version::V2, 0)).priority().get(), 1);
}

#[test]
fn a_master_whose_priority_changes_advertises_the_new_one_and_compares_with_it() {
    let mut router = master(config(Version::V2, 100));
    router.handle(START, Input::SetPriority(Priority::new(70)));
    let log = run(&mut router, START + SECOND);
    assert_eq!(
        log,
        [(START + SECOND, Action::SendAdvert(Priority::new(70)))]
    );
    router.handle(START + SECOND, heard(71));
    assert_eq!(router.state(), State::Backup);
}

#[test]
fn a_master_advertises_every_interval_without_drifting() {
    let mut router = master(config(Version::V3, 100));
    let late = Duration::from_millis(3);
    for second in 1..100 {
        let due = START + second * SECOND;
        assert_eq!(router.deadline().filter(|at| *at <= due), Some(due));
        router.handle(due + late, Input::Tick);
        if second == 5 {
            // Also the repeat of the announcement, which was due at the same time.
            assert!(router.deadline().unwrap() > due + late);
        }
    }
}

#[test]
fn a_master_that_slept_sends_one_advert_and_no_burst() {
    let mut router = master(config(Version::V2, 100));
    let woken = START + 3600 * SECOND;
    let actions = router.handle(woken, Input::Tick);
    assert_eq!(
        actions.as_slice(),
        [Action::SendAdvert(Priority::DEFAULT), Action::Announce]
    );
    assert_eq!(router.deadline(), Some(woken + SECOND));
}

#[test]
fn addresses_are_announced_again_5_seconds_after_the_promotion() {
    let mut router = master(config(Version::V2, 100));
    let log = run(&mut router, START + 60 * SECOND);
    assert_eq!(times(&log, is_announcement), [START + 5 * SECOND]);
    assert_eq!(times(&log, is_advert).len(), 60);
}

#[test]
fn announcements_can_be_repeated_and_refreshed() {
    let announce = Announce {
        repeat_after: 2 * SECOND,
        repeats: 2,
        refresh: Some(10 * SECOND),
    };
    let mut router = master(RouterConfig {
        announce,
        ..config(Version::V2, 100)
    });
    let log = run(&mut router, START + 30 * SECOND);
    let at: Vec<_> = times(&log, is_announcement)
        .iter()
        .map(|at| (*at - START).as_secs())
        .collect();
    assert_eq!(at, [2, 4, 14, 24]);

    let never = Announce {
        repeats: 0,
        refresh: None,
        ..announce
    };
    let mut router = master(RouterConfig {
        announce: never,
        ..config(Version::V2, 100)
    });
    let log = run(&mut router, START + 30 * SECOND);
    assert!(times(&log, is_announcement).is_empty());
}

#[test]
fn a_challenged_master_announces_again_now_and_5_seconds_later() {
    let mut router = master(config(Version::V2, 100));
    run(&mut router, START + 20 * SECOND);
    let now = START + 20 * SECOND + Duration::from_millis(500);
    let actions = router.handle(now, heard(50));
    assert_eq!(
        actions.as_slice(),
        [Action::SendAdvert(Priority::DEFAULT), Action::Announce]
    );
    let log = run(&mut router, now + 20 * SECOND);
    assert_eq!(times(&log, is_announcement), [now + 5 * SECOND]);
    assert_eq!(
        times(&log, is_advert)[0],
        now + SECOND,
        "the timer starts anew"
    );
}

#[test]
fn a_flood_of_lower_priorities_is_answered_ten_times_an_interval_and_to_the_end() {
    let mut router = master(config(Version::V2, 100));
    let mut log = Vec::new();
    for micros in (0..1_000_000).step_by(10) {
        let now = START + Duration::from_micros(micros);
        log.extend(run(&mut router, now));
        log.extend(
            router
                .handle(now, heard(50))
                .into_iter()
                .map(|action| (now, action)),
        );
    }
    log.extend(run(&mut router, START + Duration::from_millis(1500)));
    assert_eq!(times(&log, is_advert).len(), 11);
    assert_eq!(times(&log, is_announcement).len(), 11);
}

#[test]
fn a_priority_zero_is_answered_before_the_quickest_backup_acts() {
    // The other backup has 254 and would wait 7.8 ms; we have just answered a lower priority.
    let mut router = master(config(Version::V2, 255));
    router.handle(START, heard(50));
    let now = START + Duration::from_millis(1);
    router.handle(now, heard(0));
    let quickest = skew(Version::V2, Priority::new(254), centis(100));
    let log = run(&mut router, now + quickest);
    assert_eq!(times(&log, is_advert).len(), 1);
}

#[test]
fn a_yielding_master_can_be_told_to_go_silently() {
    let quiet = RouterConfig {
        parting_advert: false,
        ..config(Version::V2, 100)
    };
    let actions = master(quiet).handle(START, heard(200));
    assert_eq!(actions.as_slice(), [Action::Enter(State::Backup)]);
}

#[test]
fn after_a_handover_a_lower_master_is_left_alone_until_it_is_gone() {
    let mut router = master(config(Version::V2, 200));
    router.handle(START, Input::Handover);
    let mut now = START;
    for _ in 0..100 {
        now += SECOND;
        assert!(
            run(&mut router, now).is_empty(),
            "it does not take the role back"
        );
        router.handle(now, heard(100));
    }
    assert!(router.handed_over());
    let down = master_down(Version::V2, Priority::new(200), centis(100));
    let log = run(&mut router, now + down);
    assert_eq!(times(&log, is_advert), [now + down]);
    assert!(!router.handed_over());
}

#[test]
fn after_a_handover_nobody_wanted_the_router_takes_the_role_back() {
    let mut router = master(config(Version::V2, 200));
    router.handle(START, Input::Handover);
    let down = master_down(Version::V2, Priority::new(200), centis(100));
    assert!(
        down > skew(Version::V2, Priority::new(1), centis(100)),
        "the others come first"
    );
    let log = run(&mut router, START + down);
    assert_eq!(times(&log, is_advert), [START + down]);
}

#[test]
fn the_end_of_a_handover_lets_it_preempt_again() {
    let mut router = master(config(Version::V2, 200));
    router.handle(START, Input::Handover);
    router.handle(START + SECOND, heard(100));
    router.handle(START + SECOND, Input::EndHandover);
    let deadline = router.deadline();
    router.handle(START + 2 * SECOND, heard(100));
    assert_eq!(router.deadline(), deadline);
}

#[test]
fn an_advert_that_waited_behind_a_deadline_still_counts() {
    // A paused process reads its socket first, then ticks.
    let mut router = started(config(Version::V2, 100));
    let woken = START + 60 * SECOND;
    router.handle(woken, heard(200));
    assert!(router.handle(woken, Input::Tick).is_empty());
    assert_eq!(router.state(), State::Backup);
}

#[test]
fn times_at_the_end_of_the_clock_do_not_overflow() {
    for priority in [1, 255] {
        let mut router = Router::new(config(Version::V3, priority));
        for input in [
            Input::Start,
            heard(100),
            Input::TakeOver,
            heard(0),
            heard(1),
            Input::Tick,
        ] {
            router.handle(Duration::MAX, input);
        }
    }
}
