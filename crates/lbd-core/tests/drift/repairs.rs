//! Repairs: at once, but no endless fight.

use std::time::Duration;

use lbd_core::drift::{PATIENCE, PAUSE, QUIET, Repairs, Verdict, WINDOW};
use lbd_core::plan::Step;
use proptest::prelude::*;
use sysctl_tune::{Change, Key};

use crate::{address, seconds};

/// Judges a step each second until there is a fight, and gives the second.
fn fight(repairs: &mut Repairs) -> u64 {
    for second in 0..60 {
        match repairs.judge(seconds(second), &address(1)) {
            Verdict::Repair(_) => {}
            Verdict::Fight(_) => return second,
            Verdict::Hold => panic!("held without a fight"),
        }
    }
    panic!("no fight");
}

#[test]
fn what_is_changed_now_and_then_is_always_put_right() {
    let mut repairs = Repairs::default();
    for n in 0..100 {
        let now = WINDOW * n / u32::try_from(PATIENCE).unwrap() + Duration::from_millis(n.into());
        assert_eq!(
            repairs.judge(now, &address(1)),
            Verdict::Repair(u64::from(n) + 1)
        );
    }
    assert_eq!(repairs.total(), 100);
}

#[test]
fn a_fight_is_told_once_and_then_fought_slowly() {
    let mut repairs = Repairs::default();
    let began = fight(&mut repairs);
    assert_eq!(began, u64::try_from(PATIENCE).unwrap());
    let mut repaired = 0;
    for second in began + 1..=began + 300 {
        match repairs.judge(seconds(second), &address(1)) {
            Verdict::Repair(_) => repaired += 1,
            Verdict::Fight(_) => panic!("told twice"),
            Verdict::Hold => {}
        }
    }
    assert_eq!(repaired, 300 / PAUSE.as_secs());
}

#[test]
fn a_fight_is_told_with_its_thing_its_length_and_its_repairs() {
    let mut repairs = Repairs::default();
    repairs.judge(seconds(0), &address(2));
    let began = fight(&mut repairs);
    let fights = repairs.fights(seconds(began + 3));
    let [only] = fights.as_slice() else {
        panic!("one fight: {fights:?}")
    };
    assert_eq!(only.thing, address(1).thing());
    assert_eq!(only.lasting, seconds(began + 3));
    assert_eq!(only.repairs, began + 1);
    assert!(
        only.to_string()
            .contains("192.0.2.1 on eth0: put right 6 times within 8 s")
    );

    let _ = repairs.judge(seconds(began + 30), &address(1));
    let [only] = repairs.fights(seconds(began + 31)).try_into().unwrap();
    assert_eq!(only.repairs, began + 2);
    repairs.forget_quiet(seconds(began + 31) + QUIET);
    assert_eq!(repairs.fights(seconds(began + 31) + QUIET), []);
}

#[test]
fn a_fight_over_one_thing_does_not_hold_up_another() {
    let mut repairs = Repairs::default();
    let began = fight(&mut repairs);
    let now = seconds(began + 1);
    assert_eq!(repairs.judge(now, &address(1)), Verdict::Hold);
    assert!(matches!(
        repairs.judge(now, &address(2)),
        Verdict::Repair(_)
    ));
}

#[test]
fn undoing_and_redoing_are_about_the_same_thing() {
    let (add, other) = (address(1), address(2));
    let Step::AddAddress(vip) = add.clone() else {
        unreachable!()
    };
    assert_eq!(add.thing(), Step::RemoveAddress(vip).thing());
    assert_ne!(add.thing(), other.thing());
}

#[test]
fn what_this_host_must_not_have_is_never_left_to_a_fight() {
    let Step::AddAddress(vip) = address(1) else {
        unreachable!()
    };
    assert!(Step::RemoveAddress(vip).is_for_safety());
    assert!(!address(1).is_for_safety());
}

#[test]
fn what_keeps_harm_from_others_is_put_right_each_time_and_counted_and_told() {
    let parameter = |key| {
        let (from, why) = (Some(0), "");
        Step::SetSysctl(Change {
            key,
            from,
            to: 1,
            why,
        })
    };
    for step in [
        Step::SetMarks(Vec::new()),
        parameter(Key::ipv4_conf("all", "arp_ignore")),
        parameter(Key::ipv4_conf("eth0", "arp_announce")),
        parameter(Key::ipvs("backup_only")),
    ] {
        let mut repairs = Repairs::default();
        for second in 0..20 {
            let verdict = repairs.judge(seconds(second), &step);
            assert_ne!(verdict, Verdict::Hold, "{step} in second {second}");
        }
        assert_eq!(repairs.total(), 20);
        let [only] = repairs.fights(seconds(20)).try_into().unwrap();
        assert_eq!(only.repairs, 20);
        assert!(only.to_string().contains("each time from now on"), "{only}");
    }
    assert!(!parameter(Key::ipvs("conntrack")).is_for_safety());
}

#[test]
fn after_a_quiet_time_the_fight_is_over() {
    let mut repairs = Repairs::default();
    let began = fight(&mut repairs);
    let later = seconds(began) + QUIET + seconds(1);
    assert!(matches!(
        repairs.judge(later, &address(1)),
        Verdict::Repair(_)
    ));
    assert!(matches!(
        repairs.judge(later + seconds(1), &address(1)),
        Verdict::Repair(_)
    ));
}

proptest! {
    /// However the changes come, no thing is repaired more often than a burst and one repair each pause.
    #[test]
    fn repairs_are_bounded(gaps in prop::collection::vec(0u64..20_000, 1..400)) {
        let mut repairs = Repairs::default();
        let mut now = Duration::ZERO;
        let mut times = Vec::new();
        for gap in gaps {
            now += Duration::from_millis(gap);
            if repairs.judge(now, &address(1)) != Verdict::Hold {
                times.push(now);
            }
        }
        for (n, from) in times.iter().enumerate() {
            let within = times[n..].iter().take_while(|at| **at - *from <= WINDOW).count();
            prop_assert!(within <= PATIENCE + 1 + 2, "{within} repairs within {WINDOW:?}");
        }
    }
}
