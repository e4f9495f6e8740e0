//! The virtual routers that this host directs.

use lbd_core::engine::RouterState;

use crate::exposition::{Family, Kind};

const STATES: [RouterState; 4] = [
    RouterState::Initialize,
    RouterState::Backup,
    RouterState::Master,
    RouterState::Fault,
];

/// A state as labels have it.
pub(crate) fn router_state(state: RouterState) -> &'static str {
    match state {
        RouterState::Initialize => "initialize",
        RouterState::Backup => "backup",
        RouterState::Master => "master",
        RouterState::Fault => "fault",
    }
}

pub(super) const FAMILIES: [Family; 6] = [
    Family {
        name: "lbd_router_state",
        kind: Kind::Gauge,
        labels: &["router", "state"],
        help: "1 for the state that this host has in the virtual router, 0 for the others: `initialize`, `backup`, \
               `master`, `fault`",
        read: |snapshot, samples| {
            for router in &snapshot.status.routers {
                for state in STATES {
                    let it_is = u8::from(router.state == state);
                    samples.add(&[&router.name, router_state(state)], it_is);
                }
            }
        },
    },
    Family {
        name: "lbd_router_priority",
        kind: Kind::Gauge,
        labels: &["router"],
        help: "The priority of this host now, with what tracked things change of it",
        read: |snapshot, samples| {
            for router in &snapshot.status.routers {
                samples.add(&[&router.name], router.priority);
            }
        },
    },
    Family {
        name: "lbd_router_transitions_total",
        kind: Kind::Counter,
        labels: &["router", "to"],
        help: "How often this host went over to a state",
        read: |snapshot, samples| {
            for ((router, to), count) in &snapshot.counts.transitions {
                samples.add(&[router, to], count);
            }
        },
    },
    Family {
        name: "lbd_adverts_sent_total",
        kind: Kind::Counter,
        labels: &["router"],
        help: "Adverts sent; in unicast one to each other director",
        read: |snapshot, samples| {
            for router in &snapshot.status.routers {
                samples.add(&[&router.name], router.adverts.sent);
            }
        },
    },
    Family {
        name: "lbd_adverts_received_total",
        kind: Kind::Counter,
        labels: &["router"],
        help: "Adverts of others that were accepted",
        read: |snapshot, samples| {
            for router in &snapshot.status.routers {
                samples.add(&[&router.name], router.adverts.received);
            }
        },
    },
    Family {
        name: "lbd_adverts_rejected_total",
        kind: Kind::Counter,
        labels: &["router", "reason"],
        help: "Adverts that were not accepted, by the check that they failed: `ttl`, `length`, `version`, `type`, `family`, \
               `no-addresses`, `checksum`, `own-address`, `vrid`, `authentication-type`, `password`, `interval`",
        read: |snapshot, samples| {
            for router in &snapshot.status.routers {
                for (reason, count) in &router.adverts.rejected {
                    samples.add(&[&router.name, reason], count);
                }
            }
        },
    },
];
