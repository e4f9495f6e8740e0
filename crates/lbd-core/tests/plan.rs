//! The plan: what it does, in which order, and that it does nothing where nothing is to do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use ipvs_netlink::{
    Daemon, DaemonRole, Destination, DestinationKey, Forwarding, Name, Scheduler, Service,
    ServiceKey,
};
use lbd_core::desired::{Desired, DesiredService, Marks, Vip, Want};
use lbd_core::plan::{Actual, ActualService, Scope, Step, plan, split_unguarded};
use netfilter_mark::{ChainState, MarkRule, Protocol};
use proptest::prelude::*;
use sysctl_tune::{Change, Key};

fn vip(n: u8, interface: &str) -> Vip {
    Vip {
        interface: interface.to_owned(),
        address: format!("192.0.2.{n}/32").parse().unwrap(),
    }
}

fn key(mark: u32) -> ServiceKey {
    ServiceKey::fwmark(NonZeroU32::new(mark).unwrap())
}

fn server(n: u8, weight: u32) -> Destination {
    let address = format!("198.51.100.{n}").parse().unwrap();
    Destination::new(address, 0, Forwarding::DirectRoute, weight)
}

fn rule(mark: u32) -> MarkRule {
    MarkRule {
        destination: "192.0.2.1".parse().unwrap(),
        protocol: Protocol::Tcp,
        port: 3306,
        mark: NonZeroU32::new(mark).unwrap(),
        guard: NonZeroU32::new(mark | 1 << 31).unwrap(),
        excluded: BTreeSet::new(),
    }
}

fn empty() -> Actual {
    Actual {
        sysctl_changes: Vec::new(),
        addresses: BTreeSet::new(),
        services: Some(BTreeMap::new()),
        sync: Some(BTreeSet::new()),
        marks: Some(ChainState::Absent),
    }
}

fn services(actual: &mut Actual) -> &mut BTreeMap<ServiceKey, ActualService> {
    actual.services.as_mut().unwrap()
}

/// The kernel, as far as a plan is concerned: carries a step out.
fn carry_out(actual: &mut Actual, step: &Step) {
    match step {
        Step::RemoveAddress(vip) => assert!(actual.addresses.remove(vip)),
        Step::AddAddress(vip) => assert!(actual.addresses.insert(vip.clone())),
        Step::RemoveMarks => actual.marks = Some(ChainState::Absent),
        Step::SetMarks(rules) => actual.marks = Some(ChainState::Installed(rules.clone())),
        Step::RemoveService(key) => assert!(services(actual).remove(key).is_some()),
        Step::SetSysctl(change) => actual.sysctl_changes.retain(|c| c != change),
        Step::AddService(service) => {
            let destinations = BTreeMap::new();
            let service = *service;
            let before = services(actual).insert(
                service.key,
                ActualService {
                    service,
                    destinations,
                },
            );
            assert!(before.is_none());
        }
        Step::EditService(service) => {
            services(actual).get_mut(&service.key).unwrap().service = *service
        }
        Step::RemoveDestination(key, server) => {
            assert!(
                services(actual)
                    .get_mut(key)
                    .unwrap()
                    .destinations
                    .remove(server)
                    .is_some()
            );
        }
        Step::AddDestination(key, server) => {
            let destinations = &mut services(actual).get_mut(key).unwrap().destinations;
            assert!(destinations.insert(server.key(), *server).is_none());
        }
        Step::EditDestination(key, server) => {
            let destinations = &mut services(actual).get_mut(key).unwrap().destinations;
            assert!(destinations.insert(server.key(), *server).is_some());
        }
        Step::StartSync(daemon) => {
            let running = actual.sync.as_mut().unwrap();
            assert!(running.iter().all(|other| other.role != daemon.role));
            running.insert(*daemon);
        }
        Step::StopSync(role) => {
            let running = actual.sync.as_mut().unwrap();
            assert!(running.iter().any(|daemon| daemon.role == *role));
            running.retain(|daemon| daemon.role != *role);
        }
    }
}

fn sync(role: DaemonRole, id: u8) -> Daemon {
    Daemon::new(role, Name::new("eth0").unwrap(), id)
}

#[test]
fn the_way_up_ends_with_what_attracts_traffic() {
    let desired = Desired {
        addresses: [vip(1, "lo"), vip(1, "eth0")].into(),
        services: [(
            key(2),
            DesiredService {
                service: Service::new(key(2), Scheduler::RR),
                destinations: [(server(3, 3).key(), Want::Present(server(3, 3)))].into(),
            },
        )]
        .into(),
        marks: Marks::Exactly(vec![rule(2)]),
        ..Desired::default()
    };
    let change = Change {
        key: Key::ipv4_conf("all", "arp_ignore"),
        from: Some(0),
        to: 1,
        why: "",
    };
    let actual = Actual {
        sysctl_changes: vec![change.clone()],
        ..empty()
    };
    let steps = plan(&desired, &actual, &Scope::default());
    assert_eq!(
        steps,
        [
            Step::SetSysctl(change),
            Step::AddAddress(vip(1, "lo")),
            Step::SetMarks(vec![rule(2)]),
            Step::AddService(Service::new(key(2), Scheduler::RR)),
            Step::AddDestination(key(2), server(3, 3)),
            Step::AddAddress(vip(1, "eth0")),
        ]
    );
}

#[test]
fn the_way_down_begins_with_it_and_spares_the_copy_on_lo() {
    let services = [(
        key(2),
        ActualService {
            service: Service::new(key(2), Scheduler::RR),
            destinations: [(server(3, 3).key(), server(3, 3))].into(),
        },
    )];
    let actual = Actual {
        addresses: [vip(1, "lo"), vip(1, "eth0")].into(),
        services: Some(services.into()),
        marks: Some(ChainState::Installed(vec![rule(2)])),
        ..empty()
    };
    let desired = Desired {
        addresses: [vip(1, "lo")].into(),
        ..Desired::default()
    };
    let scope = Scope {
        addresses: [vip(1, "lo"), vip(1, "eth0")].into(),
        services: [key(2)].into(),
        sync: true,
        marks: true,
    };
    assert_eq!(
        plan(&desired, &actual, &scope),
        [
            Step::RemoveAddress(vip(1, "eth0")),
            Step::RemoveService(key(2)),
            Step::RemoveMarks,
        ]
    );
}

#[test]
fn a_server_not_judged_yet_is_left_as_it_is() {
    let wanted = DesiredService {
        service: Service::new(key(2), Scheduler::RR),
        destinations: [
            (server(3, 3).key(), Want::AsIs),
            (server(4, 3).key(), Want::AsIs),
        ]
        .into(),
    };
    let desired = Desired {
        services: [(key(2), wanted)].into(),
        ..Desired::default()
    };
    let there = ActualService {
        service: Service::new(key(2), Scheduler::RR),
        destinations: [(server(3, 1).key(), server(3, 1))].into(),
    };
    let actual = Actual {
        services: Some([(key(2), there)].into()),
        ..empty()
    };
    assert_eq!(plan(&desired, &actual, &Scope::default()), []);
}

#[test]
fn a_copy_with_another_prefix_length_is_replaced() {
    let desired = Desired {
        addresses: [vip(1, "eth0")].into(),
        ..Desired::default()
    };
    let mut old = vip(1, "eth0");
    old.address = "192.0.2.1/24".parse().unwrap();
    let actual = Actual {
        addresses: [old.clone()].into(),
        ..empty()
    };
    let scope = Scope {
        addresses: [vip(1, "eth0")].into(),
        ..Scope::default()
    };
    assert_eq!(
        plan(&desired, &actual, &scope),
        [Step::RemoveAddress(old), Step::AddAddress(vip(1, "eth0"))]
    );
}

#[test]
fn what_could_not_be_read_keeps_nothing_else_from_being_done() {
    let actual = Actual {
        addresses: [vip(1, "eth0")].into(),
        services: None,
        marks: None,
        ..empty()
    };
    let scope = Scope {
        addresses: [vip(1, "eth0")].into(),
        services: [key(2)].into(),
        sync: true,
        marks: true,
    };
    let steps = plan(&Desired::default(), &actual, &scope);
    assert_eq!(steps, [Step::RemoveAddress(vip(1, "eth0"))]);
}

#[test]
fn without_the_guard_a_new_service_waits_with_its_servers_and_nothing_else() {
    let wanted = |mark| DesiredService {
        service: Service::new(key(mark), Scheduler::RR),
        destinations: [(server(1, 1).key(), Want::Present(server(1, 1)))].into(),
    };
    let desired = Desired {
        addresses: [vip(1, "eth0")].into(),
        services: [1, 2, 3].map(|mark| (key(mark), wanted(mark))).into(),
        // The third service's marks are made by others.
        marks: Marks::Exactly(vec![rule(1), rule(2)]),
        ..Desired::default()
    };
    let mut actual = empty();
    let there = ActualService {
        service: wanted(1).service,
        destinations: BTreeMap::new(),
    };
    services(&mut actual).insert(key(1), there);
    let steps = plan(&desired, &actual, &Scope::default());
    let (go_on, wait) = split_unguarded(&desired, steps.clone());
    let second = [
        Step::AddService(wanted(2).service),
        Step::AddDestination(key(2), server(1, 1)),
    ];
    assert_eq!(wait, second);
    let others = steps.into_iter().filter(|step| !second.contains(step));
    assert_eq!(go_on, others.collect::<Vec<_>>());
    assert!(go_on.contains(&Step::AddService(wanted(3).service)));
    assert!(go_on.contains(&Step::AddAddress(vip(1, "eth0"))));
}

#[test]
fn a_damaged_mark_chain_is_made_anew() {
    let desired = Desired {
        marks: Marks::Exactly(vec![rule(2)]),
        ..Desired::default()
    };
    let actual = Actual {
        marks: Some(ChainState::Damaged(netfilter_mark::Damage::default())),
        ..empty()
    };
    assert_eq!(
        plan(&desired, &actual, &Scope::default()),
        [Step::SetMarks(vec![rule(2)])]
    );
}

#[test]
fn a_new_backup_stops_balancing_before_anything_is_taken_away() {
    let desired = Desired {
        sync: Some(sync(DaemonRole::Backup, 200)),
        ..Desired::default()
    };
    let actual = Actual {
        addresses: [vip(1, "eth0")].into(),
        sync: Some([sync(DaemonRole::Master, 200)].into()),
        marks: Some(ChainState::Installed(vec![rule(2)])),
        ..empty()
    };
    let scope = Scope {
        addresses: [vip(1, "eth0")].into(),
        sync: true,
        marks: true,
        ..Scope::default()
    };
    assert_eq!(
        plan(&desired, &actual, &scope),
        [
            Step::RemoveAddress(vip(1, "eth0")),
            Step::StartSync(sync(DaemonRole::Backup, 200)),
            Step::StopSync(DaemonRole::Master),
            Step::RemoveMarks,
        ]
    );
}

#[test]
fn a_new_master_tells_of_its_connections_before_it_attracts_more() {
    let desired = Desired {
        addresses: [vip(1, "eth0")].into(),
        sync: Some(sync(DaemonRole::Master, 200)),
        ..Desired::default()
    };
    let actual = Actual {
        sync: Some([sync(DaemonRole::Backup, 200)].into()),
        ..empty()
    };
    let scope = Scope {
        sync: true,
        ..Scope::default()
    };
    assert_eq!(
        plan(&desired, &actual, &scope),
        [
            Step::StartSync(sync(DaemonRole::Master, 200)),
            Step::StopSync(DaemonRole::Backup),
            Step::AddAddress(vip(1, "eth0")),
        ]
    );
}

#[test]
fn a_sync_daemon_is_known_again_with_what_the_kernel_chose() {
    let wanted = sync(DaemonRole::Backup, 200);
    let found = Daemon {
        ttl: Some(1),
        port: Some(8848),
        max_length: Some(1472),
        ..wanted
    };
    let desired = Desired {
        sync: Some(wanted),
        ..Desired::default()
    };
    let running = |daemon| Actual {
        sync: Some([daemon].into()),
        ..empty()
    };
    let scope = Scope {
        sync: true,
        ..Scope::default()
    };
    assert_eq!(plan(&desired, &running(found), &scope), []);
    let other = sync(DaemonRole::Backup, 7);
    let replaced = [Step::StopSync(DaemonRole::Backup), Step::StartSync(wanted)];
    assert_eq!(plan(&desired, &running(other), &scope), replaced);
    // Nobody said that it is lbd's.
    assert_eq!(plan(&desired, &running(other), &Scope::default()), []);
}

prop_compose! {
    fn any_addresses()(chosen in proptest::collection::btree_set((0u8..4, any::<bool>()), 0..6)) -> BTreeSet<Vip> {
        chosen.into_iter().map(|(n, lo)| vip(n, if lo { "lo" } else { "eth0" })).collect()
    }
}

fn any_scheduler() -> impl Strategy<Value = Scheduler> {
    prop_oneof![Just(Scheduler::RR), Just(Scheduler::WLC)]
}

fn any_marks() -> impl Strategy<Value = Option<Vec<MarkRule>>> {
    proptest::option::of((1u32..3).prop_map(|mark| vec![rule(mark)]))
}

prop_compose! {
    fn any_actual()(
        addresses in any_addresses(),
        services in proptest::collection::btree_map(1u32..4, (any_scheduler(), proptest::collection::btree_map(1u8..5, 0u32..3, 0..4)), 0..3),
        marks in any_marks(),
        sync in proptest::collection::btree_set(any_sync(), 0..3),
    ) -> Actual {
        let services = services.into_iter().map(|(mark, (scheduler, servers))| {
            let destinations = servers.into_iter().map(|(n, w)| (server(n, w).key(), server(n, w))).collect();
            (key(mark), ActualService { service: Service::new(key(mark), scheduler), destinations })
        }).collect();
        let marks = Some(marks.map_or(ChainState::Absent, ChainState::Installed));
        let services = Some(services);
        // One of each role at most, as in the kernel.
        let mut running = BTreeSet::new();
        for daemon in sync {
            if running.iter().all(|other: &Daemon| other.role != daemon.role) {
                running.insert(daemon);
            }
        }
        Actual { addresses, services, marks, sync: Some(running), ..empty() }
    }
}

fn any_sync() -> impl Strategy<Value = Daemon> {
    let role = prop_oneof![Just(DaemonRole::Master), Just(DaemonRole::Backup)];
    (role, 1u8..3).prop_map(|(role, id)| sync(role, id))
}

fn any_want() -> impl Strategy<Value = Option<u32>> {
    proptest::option::of(0u32..3)
}

prop_compose! {
    fn any_desired()(
        addresses in any_addresses(),
        services in proptest::collection::btree_map(1u32..4, (any_scheduler(), proptest::collection::btree_map(1u8..5, any_want(), 0..4)), 0..3),
        marks in any_marks(),
        sync in proptest::option::of(any_sync()),
    ) -> Desired {
        let want = |n: u8, w: Option<u32>| -> (DestinationKey, Want) {
            let absent = server(n, 0).key();
            w.map_or((absent, Want::Absent), |w| (absent, Want::Present(server(n, w))))
        };
        let services = services.into_iter().map(|(mark, (scheduler, servers))| {
            let destinations = servers.into_iter().map(|(n, w)| want(n, w)).collect();
            (key(mark), DesiredService { service: Service::new(key(mark), scheduler), destinations })
        }).collect();
        Desired { addresses, services, sync, marks: marks.map_or(Marks::Absent, Marks::Exactly), ..Desired::default() }
    }
}

proptest! {
    #[test]
    fn a_plan_carried_out_leaves_nothing_to_do_and_nothing_of_others_touched(
        desired in any_desired(),
        mut actual in any_actual(),
        owned in any_addresses(),
        stop_after in 0usize..20,
    ) {
        let foreign_addresses: BTreeSet<Vip> = actual.addresses.difference(&owned).cloned().collect();
        let foreign_services: Vec<ServiceKey> = actual.services.as_ref().unwrap().keys().copied()
            .filter(|k| *k != key(2) && !desired.services.contains_key(k)).collect();
        let scope = Scope { addresses: owned, services: [key(2)].into(), sync: true, marks: true };
        // Killed after any step, a second plan takes it from there.
        for step in plan(&desired, &actual, &scope).iter().take(stop_after) {
            carry_out(&mut actual, step);
        }
        for step in plan(&desired, &actual, &scope) {
            carry_out(&mut actual, &step);
        }
        prop_assert_eq!(plan(&desired, &actual, &scope), []);
        prop_assert!(foreign_addresses.is_subset(&actual.addresses));
        prop_assert!(foreign_services.iter().all(|k| actual.services.as_ref().unwrap().contains_key(k)));
        prop_assert!(desired.addresses.is_subset(&actual.addresses));
        for (key, wanted) in &desired.services {
            let there = &actual.services.as_ref().unwrap()[key];
            prop_assert_eq!(there.service, wanted.service);
            let present = wanted.destinations.values().filter(|w| matches!(w, Want::Present(_))).count();
            prop_assert_eq!(there.destinations.len(), present);
        }
    }
}
