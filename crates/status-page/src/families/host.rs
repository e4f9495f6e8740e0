//! The daemon itself, and what the kernel took.

use crate::exposition::{Family, Kind};

pub(super) const FAMILIES: [Family; 9] = [
    Family {
        name: "lbd_info",
        kind: Kind::Gauge,
        labels: &["version", "cluster", "node"],
        help: "1, for its labels: lbd's version, the cluster, and the node that this host is",
        read: |snapshot, samples| {
            let status = &snapshot.status;
            samples.add(&[snapshot.lbd, &status.cluster, &status.node], 1);
        },
    },
    Family {
        name: "lbd_start_time_seconds",
        kind: Kind::Gauge,
        labels: &[],
        help: "When the daemon started, in seconds since 1970; counters begin there",
        read: |snapshot, samples| samples.add(&[], snapshot.started.as_secs_f64()),
    },
    Family {
        name: "lbd_timer_lateness_seconds",
        kind: Kind::Summary,
        labels: &[],
        help: "How late timers of the election and the checks went off: what holds the event loop up, or a busy host",
        read: |snapshot, samples| {
            let lateness = snapshot.counts.lateness;
            samples.summary(&[], lateness.count, lateness.sum.as_secs_f64());
        },
    },
    Family {
        name: "lbd_timer_lateness_max_seconds",
        kind: Kind::Gauge,
        labels: &[],
        help: "The latest timer since the start",
        read: |snapshot, samples| {
            samples.add(&[], snapshot.counts.lateness.max.as_secs_f64());
        },
    },
    Family {
        name: "lbd_kernel_changes_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Changes made to the kernel's addresses, IPVS table, mark rules and parameters, repairs among them",
        read: |snapshot, samples| samples.add(&[], snapshot.kernel.changes),
    },
    Family {
        name: "lbd_kernel_repairs_total",
        kind: Kind::Counter,
        labels: &[],
        help: "What other programs changed of lbd's things, and was put right (drift)",
        read: |snapshot, samples| samples.add(&[], snapshot.kernel.repairs),
    },
    Family {
        name: "lbd_kernel_failing",
        kind: Kind::Gauge,
        labels: &[],
        help: "Things in the kernel that are not as they should be, and are tried again; the log names them",
        read: |snapshot, samples| samples.add(&[], snapshot.kernel.failing),
    },
    Family {
        name: "lbd_kernel_fights",
        kind: Kind::Gauge,
        labels: &[],
        help: "Things that another program keeps changing, so that lbd puts them right every 30 s only",
        read: |snapshot, samples| samples.add(&[], snapshot.kernel.fights),
    },
    Family {
        name: "lbd_announcements_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Addresses announced to the network by gratuitous ARP or unsolicited neighbour advertisements",
        read: |snapshot, samples| samples.add(&[], snapshot.kernel.announcements),
    },
];
