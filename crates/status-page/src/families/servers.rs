//! The servers of the services that this host balances, as master or as backup.

use lbd_core::engine::{ServerStatus, Table};

use crate::Snapshot;
use crate::counts::ENDS;
use crate::exposition::{Family, Kind, Samples};

/// As [`ServerStatus::health`] has them.
const HEALTHS: [&str; 6] = ["unchecked", "unknown", "up", "suspected", "busy", "down"];

pub(super) const FAMILIES: [Family; 8] = [
    Family {
        name: "lbd_server_health",
        kind: Kind::Gauge,
        labels: &["service", "node", "health"],
        help: "1 for the verdict of the server's check, 0 for the others: `unchecked` (there is no check), `unknown`, `up`, \
               `suspected`, `busy`, `down`",
        read: |snapshot, samples| {
            each_server(snapshot, |service, server| {
                for health in HEALTHS {
                    let it_is = u8::from(server.health == health);
                    samples.add(&[service, &server.node, health], it_is);
                }
            });
        },
    },
    Family {
        name: "lbd_server_in_table",
        kind: Kind::Gauge,
        labels: &["service", "node"],
        help: "Whether the server is to be in IPVS's table while this host is master: 1 or 0; nothing before its first verdict",
        read: |snapshot, samples| {
            each_value(snapshot, samples, |server| match server.table {
                Table::Present => Some(1),
                Table::Absent => Some(0),
                Table::AsIs => None,
            });
        },
    },
    Family {
        name: "lbd_server_weight",
        kind: Kind::Gauge,
        labels: &["service", "node"],
        help: "The server's weight; nothing while it is not in the table",
        read: |snapshot, samples| {
            each_value(snapshot, samples, |server| server.weight.map(u64::from));
        },
    },
    Family {
        name: "lbd_server_base_weight",
        kind: Kind::Gauge,
        labels: &["service", "node"],
        help: "The server's weight before everything that reduces it (lag, slow start, drain)",
        read: |snapshot, samples| {
            each_value(snapshot, samples, |server| {
                Some(u64::from(server.base_weight))
            });
        },
    },
    Family {
        name: "lbd_server_lag_seconds",
        kind: Kind::Gauge,
        labels: &["service", "node"],
        help: "How far the replica is behind its primary; nothing where it is not measured",
        read: |snapshot, samples| {
            each_server(snapshot, |service, server| {
                if let Some(lag) = server.lag_seconds {
                    samples.add(&[service, &server.node], lag);
                }
            });
        },
    },
    Family {
        name: "lbd_server_alarm",
        kind: Kind::Gauge,
        labels: &["service", "node"],
        help: "1 while the server's check can say nothing before somebody acts (host blocked, access denied), else 0",
        read: |snapshot, samples| {
            each_value(snapshot, samples, |server| {
                Some(u64::from(server.alarm.is_some()))
            });
        },
    },
    Family {
        name: "lbd_probes_total",
        kind: Kind::Counter,
        labels: &["service", "node", "outcome"],
        help: "Probes by how they ended: `success`, `busy`, `alarm`, `refused`, `unreachable`, `timed-out`, `reset`, `lost`, \
               `wrong` (another answer than expected), `other`, `held-up` (this host was; it says nothing of the server)",
        read: |snapshot, samples| {
            for probes in snapshot.counts.probes.values() {
                let whom = &probes.whom;
                for (end, count) in ENDS.iter().zip(probes.ended) {
                    // `success` is always there, the others once they have been seen.
                    if count > 0 || *end == "success" {
                        samples.add(&[&whom.service, &whom.node, end], count);
                    }
                }
            }
        },
    },
    Family {
        name: "lbd_probe_duration_seconds",
        kind: Kind::Summary,
        labels: &["service", "node"],
        help: "How long successful probes took",
        read: |snapshot, samples| {
            for probes in snapshot.counts.probes.values() {
                let whom = [probes.whom.service.as_str(), probes.whom.node.as_str()];
                samples.summary(&whom, probes.answered, probes.took.as_secs_f64());
            }
        },
    },
];

/// What IPVS counts; nothing where the service or the server is not in its table.
pub(super) const TRAFFIC: [Family; 5] = [
    Family {
        name: "lbd_ipvs_active_connections",
        kind: Kind::Gauge,
        labels: &["service", "node"],
        help: "Connections to the server in the established state",
        read: |snapshot, samples| {
            for traffic in &snapshot.traffic {
                samples.add(&[&traffic.service, &traffic.node], traffic.active);
            }
        },
    },
    Family {
        name: "lbd_ipvs_inactive_connections",
        kind: Kind::Gauge,
        labels: &["service", "node"],
        help: "Other connections to the server that IPVS remembers",
        read: |snapshot, samples| {
            for traffic in &snapshot.traffic {
                samples.add(&[&traffic.service, &traffic.node], traffic.inactive);
            }
        },
    },
    Family {
        name: "lbd_ipvs_connections_total",
        kind: Kind::Counter,
        labels: &["service", "node"],
        help: "Connections scheduled to the server since it has been in the table",
        read: |snapshot, samples| {
            for traffic in &snapshot.traffic {
                samples.add(&[&traffic.service, &traffic.node], traffic.connections);
            }
        },
    },
    Family {
        name: "lbd_ipvs_packets_total",
        kind: Kind::Counter,
        labels: &["service", "node"],
        help: "Packets from clients to the server; answers do not pass IPVS with direct routing",
        read: |snapshot, samples| {
            for traffic in &snapshot.traffic {
                samples.add(&[&traffic.service, &traffic.node], traffic.packets);
            }
        },
    },
    Family {
        name: "lbd_ipvs_bytes_total",
        kind: Kind::Counter,
        labels: &["service", "node"],
        help: "Octets from clients to the server",
        read: |snapshot, samples| {
            for traffic in &snapshot.traffic {
                samples.add(&[&traffic.service, &traffic.node], traffic.bytes);
            }
        },
    },
];

fn each_server(snapshot: &Snapshot, mut with: impl FnMut(&str, &ServerStatus)) {
    for service in &snapshot.status.services {
        for server in &service.servers {
            with(&service.name, server);
        }
    }
}

fn each_value(
    snapshot: &Snapshot,
    samples: &mut Samples<'_>,
    value: impl Fn(&ServerStatus) -> Option<u64>,
) {
    each_server(snapshot, |service, server| {
        if let Some(value) = value(server) {
            samples.add(&[service, &server.node], value);
        }
    });
}
