//! Drift is told from what was never right yet, thing by thing.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use ipvs_netlink::{
    Daemon, DaemonRole, Destination, Forwarding, Name, Scheduler, Service, ServiceKey,
};
use lbd_core::desired::{Desired, DesiredService, Marks, Want};
use lbd_core::drift::{Drift, PATIENCE, PAUSE};
use lbd_core::plan::{Actual, Corner, Step};
use netfilter_mark::ChainState;
use proptest::prelude::*;
use sysctl_tune::{Change, Key, Setting};

use crate::{address, seconds};

fn everything() -> Actual {
    Actual {
        sysctl_changes: Vec::new(),
        addresses: BTreeSet::new(),
        services: Some(BTreeMap::new()),
        sync: Some(BTreeSet::new()),
        marks: Some(ChainState::Absent),
    }
}

fn parameter() -> Step {
    Step::SetSysctl(Change {
        key: Key::ipvs("conntrack"),
        from: Some(1),
        to: 0,
        why: "",
    })
}

fn service() -> Step {
    Step::AddService(Service::new(key(), Scheduler::RR))
}

fn key() -> ServiceKey {
    ServiceKey::fwmark(NonZeroU32::new(2).unwrap())
}

fn server(n: u8) -> Step {
    let address = format!("198.51.100.{n}").parse().unwrap();
    Step::AddDestination(
        key(),
        Destination::new(address, 0, Forwarding::DirectRoute, 1),
    )
}

/// A round in which these steps are due and some fail, all corners of the kernel being seen; gives the steps that were
/// carried out or tried, and how many of them were repairs.
fn round(
    drift: &mut Drift,
    now: Duration,
    due: &[Step],
    fails: impl Fn(&Step) -> bool,
) -> (Vec<Step>, usize) {
    drift.begin(now);
    let allowed = drift.allow(now, due.to_vec());
    let failed = allowed.iter().filter(|allowed| fails(&allowed.step));
    failed.for_each(|allowed| drift.failed(&allowed.step));
    drift.settle(&everything());
    let repairs = allowed.iter().filter(|a| a.repair.is_some()).count();
    (allowed.into_iter().map(|a| a.step).collect(), repairs)
}

fn all_well(_: &Step) -> bool {
    false
}

/// After the first round of an order, in which nothing was left to do.
fn settled() -> Drift {
    let mut drift = Drift::default();
    round(&mut drift, seconds(0), &[], all_well);
    drift
}

#[test]
fn what_a_new_order_wants_is_no_drift() {
    let mut drift = settled();
    drift.renew();
    let due = [address(1), parameter()];
    assert_eq!(round(&mut drift, seconds(1), &due, all_well).1, 0);
    assert_eq!(round(&mut drift, seconds(2), &due, all_well).1, 2);
}

#[test]
fn a_lasting_failure_of_one_thing_does_not_hide_the_drift_of_others() {
    let mut drift = Drift::default();
    let broken = |step: &Step| *step == parameter();
    round(&mut drift, seconds(0), &[parameter()], broken);
    let mut insisted = 0;
    for second in 1..=20 {
        let due = [parameter(), address(1)];
        let (tried, repairs) = round(&mut drift, seconds(second), &due, broken);
        assert!(
            tried.contains(&parameter()),
            "what failed is tried each time, and no fight"
        );
        assert_eq!(
            repairs,
            tried.len() - 1,
            "the address is counted, the failure is not"
        );
        insisted += repairs;
    }
    assert_eq!(insisted, PATIENCE + 1, "and limited as a fight");
    assert_eq!(drift.fights(seconds(20)).len(), 1);
}

#[test]
fn each_corner_is_settled_for_itself() {
    let mut drift = Drift::default();
    assert!(
        !Corner::ALL
            .into_iter()
            .any(|corner| drift.is_settled(corner))
    );
    round(&mut drift, seconds(0), &[parameter(), address(1)], |step| {
        *step == parameter()
    });
    let unsettled = |drift: &Drift| {
        let unsettled = Corner::ALL.into_iter().filter(|c| !drift.is_settled(*c));
        unsettled.collect::<Vec<_>>()
    };
    assert_eq!(unsettled(&drift), [Corner::Parameters]);
    drift.begin(seconds(1));
    drift.failed(&service());
    let both = [Corner::Parameters, Corner::Services];
    assert_eq!(unsettled(&drift), both, "within a round too");
    round(&mut drift, seconds(2), &[], all_well);
    assert_eq!(unsettled(&drift), []);
}

#[test]
fn what_failed_once_is_watched_again_when_it_is_right() {
    let mut drift = Drift::default();
    round(&mut drift, seconds(0), &[parameter()], |_| true);
    assert_eq!(round(&mut drift, seconds(1), &[parameter()], all_well).1, 0);
    assert_eq!(round(&mut drift, seconds(2), &[parameter()], all_well).1, 1);
}

#[test]
fn a_failure_within_a_round_is_no_drift_in_the_same_round() {
    let mut drift = settled();
    drift.begin(seconds(1));
    assert_eq!(drift.allow(seconds(1), vec![address(1)]).len(), 1);
    drift.failed(&address(1));
    let again = drift.allow(seconds(1), vec![address(1)]);
    assert_eq!(again.iter().map(|a| a.repair).collect::<Vec<_>>(), [None]);
}

#[test]
fn a_corner_that_could_not_be_read_since_the_order_is_not_settled_by_the_others() {
    let mut drift = Drift::default();
    drift.begin(seconds(0));
    let unread = Actual {
        services: None,
        ..everything()
    };
    drift.settle(&unread);
    let due = [service(), server(1), address(1)];
    let (tried, repairs) = round(&mut drift, seconds(1), &due, all_well);
    assert_eq!((tried.len(), repairs), (3, 1));
    assert_eq!(round(&mut drift, seconds(2), &due[..1], all_well).1, 1);
}

#[test]
fn what_failed_in_a_corner_that_is_not_read_for_once_is_still_to_be_done() {
    let mut drift = settled();
    round(&mut drift, seconds(1), &[server(1)], |_| true);
    drift.begin(seconds(2));
    drift.settle(&Actual {
        services: None,
        ..everything()
    });
    assert_eq!(round(&mut drift, seconds(3), &[server(1)], all_well).1, 0);
}

#[test]
fn a_service_that_is_held_holds_its_servers_and_they_come_back_together() {
    let mut drift = settled();
    // One server has a history of its own, short of a fight.
    for second in 0..4 {
        round(&mut drift, seconds(second), &[server(1)], all_well);
    }
    let due = [service(), server(1), server(2)];
    let mut last = 0;
    for second in 4..=120 {
        let (tried, repairs) = round(&mut drift, seconds(second), &due, all_well);
        assert!(
            tried.is_empty() || tried == due,
            "all of it or nothing: {tried:?}"
        );
        assert_eq!(repairs, usize::from(!tried.is_empty()), "one repair");
        if !tried.is_empty() && second > 12 {
            assert!(last < 12 || second - last >= PAUSE.as_secs());
            last = second;
        }
    }
    assert!(last > 60, "it is insisted on now and then");
}

#[test]
fn what_others_must_be_kept_from_is_done_even_in_a_fight() {
    let mut drift = settled();
    let Step::AddAddress(vip) = address(1) else {
        unreachable!()
    };
    let gone = Step::RemoveAddress(vip);
    for second in 0..30 {
        let due = std::slice::from_ref(&gone);
        assert_eq!(round(&mut drift, seconds(second), due, all_well).0, due);
    }
}

#[test]
fn an_address_with_another_prefix_length_is_replaced_or_left_but_never_only_taken_away() {
    let mut drift = settled();
    let Step::AddAddress(mut vip) = address(1) else {
        unreachable!()
    };
    vip.address = "192.0.2.1/24".parse().unwrap();
    let due = [Step::RemoveAddress(vip), address(1)];
    let mut replaced = 0;
    for second in 0..30 {
        let (tried, repairs) = round(&mut drift, seconds(second), &due, all_well);
        assert!(tried.is_empty() || tried == due, "{tried:?}");
        assert_eq!(repairs, usize::from(!tried.is_empty()), "one repair");
        replaced += repairs;
    }
    assert_eq!(replaced, PATIENCE + 1, "and it is a fight");
}

/// A service with servers of these numbers and weights, and nothing else.
fn serving(servers: &[(u8, u32)]) -> Desired {
    let want = |&(n, weight): &(u8, u32)| {
        let Step::AddDestination(_, mut server) = server(n) else {
            unreachable!()
        };
        server.weight = weight;
        (server.key(), Want::Present(server))
    };
    let wanted = DesiredService {
        service: Service::new(key(), Scheduler::RR),
        destinations: servers.iter().map(want).collect(),
    };
    Desired {
        services: [(key(), wanted)].into(),
        ..Desired::default()
    }
}

#[test]
fn a_new_order_is_no_drift_in_what_it_changes_and_hides_no_drift_and_ends_no_fight_elsewhere() {
    let mut drift = settled();
    for second in 0..10 {
        round(&mut drift, seconds(second), &[address(1)], all_well);
    }
    assert_eq!(drift.fights(seconds(10)).len(), 1);
    for (weight, second) in [(2, 10), (3, 11), (4, 12)] {
        let [old, new] = [weight - 1, weight].map(|first| serving(&[(1, first), (2, 1)]));
        drift.order(&old, &new);
        let due = [server(1), address(1)];
        let (tried, repairs) = round(&mut drift, seconds(second), &due, all_well);
        assert_eq!((tried, repairs), (vec![server(1)], 0), "the fight goes on");
    }
    assert_eq!(round(&mut drift, seconds(13), &[server(2)], all_well).1, 1);
}

#[test]
fn each_thing_that_is_wanted_otherwise_is_no_drift_for_a_round() {
    let old = serving(&[(1, 1), (2, 1)]);
    let Step::AddAddress(vip) = address(1) else {
        unreachable!()
    };
    let Step::SetSysctl(change) = parameter() else {
        unreachable!()
    };
    let daemon = Daemon::new(DaemonRole::Backup, Name::new("eth0").unwrap(), 7);
    let mut new = serving(&[(1, 1), (3, 1)]);
    new.addresses.insert(vip);
    new.sysctls.push(Setting {
        key: change.key,
        value: change.to,
        ..sysctl_tune::direct_route_host("eth0").remove(0)
    });
    new.sync = Some(daemon);
    new.marks = Marks::Exactly(Vec::new());
    let gone = Step::RemoveDestination(key(), {
        let Step::AddDestination(_, server) = server(2) else {
            unreachable!()
        };
        server.key()
    });
    let due = [
        address(1),
        parameter(),
        gone,
        server(3),
        Step::StartSync(daemon),
        Step::SetMarks(Vec::new()),
    ];
    let mut drift = settled();
    drift.order(&old, &new);
    assert_eq!(round(&mut drift, seconds(1), &due, all_well).1, 0);
    assert_eq!(round(&mut drift, seconds(2), &due, all_well).1, due.len());
    // Servers that a new service is found with are no other program's.
    drift.order(&Desired::default(), &serving(&[]));
    assert_eq!(round(&mut drift, seconds(3), &[server(9)], all_well).1, 0);
    drift.order(&serving(&[]), &Desired::default());
    let gone = [Step::RemoveService(key())];
    assert_eq!(round(&mut drift, seconds(4), &gone, all_well).1, 0);
}

proptest! {
    /// Whatever fails and however long, each thing that is right is put right as often as if nothing failed beside it.
    #[test]
    fn things_do_not_disturb_each_other(
        rounds in prop::collection::vec((1u64..20_000, any::<[bool; 3]>()), 1..200),
    ) {
        let (mut both, mut alone) = (settled(), settled());
        let mut now = Duration::ZERO;
        for (gap, [due, other, fails]) in rounds {
            now += Duration::from_millis(gap);
            let mine: Vec<Step> = due.then(|| address(1)).into_iter().collect();
            let theirs = other.then(parameter);
            let together: Vec<Step> = theirs.into_iter().chain(mine.iter().cloned()).collect();
            let broken = |step: &Step| fails && *step == parameter();
            let (beside, _) = round(&mut both, now, &together, broken);
            let (by_itself, _) = round(&mut alone, now, &mine, all_well);
            prop_assert_eq!(beside.contains(&address(1)), by_itself.contains(&address(1)));
        }
    }
}
