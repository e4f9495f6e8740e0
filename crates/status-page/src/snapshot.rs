//! One moment of a daemon.

use std::time::Duration;

use lbd_core::engine::Status;
use serde::Serialize;

use crate::counts::Counts;
use crate::families;

/// All that is shown of one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Snapshot {
    /// lbd's version.
    pub lbd: &'static str,
    /// When the daemon started, since 1970-01-01 00:00 UTC.
    #[serde(serialize_with = "seconds")]
    pub started: Duration,
    /// Roles, servers, weights, and why.
    pub status: Status,
    /// What was counted along the engine. For metrics only.
    #[serde(skip)]
    pub counts: Counts,
    /// What the kernel took.
    pub kernel: Kernel,
    /// What IPVS counts, by service and server; empty where there is nothing in its table.
    pub traffic: Vec<Traffic>,
    /// What an operator was told last, the oldest first.
    pub news: Vec<News>,
}

/// What it took to bring the kernel to where it should be, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kernel {
    /// Changes made, repairs among them.
    pub changes: u64,
    /// What other programs had changed, and was put right.
    pub repairs: u64,
    /// Addresses announced, by gratuitous ARP or unsolicited neighbour advertisements.
    pub announcements: u64,
    /// Things that are not as they should be, and are tried again.
    pub failing: u64,
    /// Things that another program keeps changing, so that they are put right now and then only.
    pub fights: u64,
}

/// What the kernel's IPVS counts of one server of one service, since it has been in the table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// The service's name.
    pub service: String,
    /// The server's node.
    pub node: String,
    /// Connections in the established state.
    pub active: u32,
    /// All other connections that are remembered.
    pub inactive: u32,
    /// Connections scheduled.
    pub connections: u64,
    /// Packets from clients.
    pub packets: u64,
    /// Octets from clients. Answers pass IPVS by, but for masquerading.
    pub bytes: u64,
}

/// Something that an operator was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct News {
    /// When, since 1970-01-01 00:00 UTC.
    #[serde(serialize_with = "seconds")]
    pub at: Duration,
    /// What, in one line.
    pub text: String,
}

impl Snapshot {
    /// In the text format of Prometheus, version 0.0.4. Every metric is in `docs/metrics.md`.
    #[must_use]
    pub fn metrics(&self) -> String {
        families::expose(self)
    }

    /// As JSON: `status` is what `lbd status --json` prints; times are in seconds. Fields may be added.
    ///
    /// # Errors
    /// Never, as far as is known: there is nothing in it that JSON could not hold.
    pub fn json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }
}

fn seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}
