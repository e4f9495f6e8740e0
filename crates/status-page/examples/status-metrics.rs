//! Turns what `lbd status --json` prints into metrics, for hosts where lbd is to listen nowhere and node_exporter reads
//! files (`--collector.textfile.directory`). What only the daemon counts is missing.
//!
//! `lbd status --json | cargo run -p status-page --example status-metrics > /var/lib/node_exporter/lbd.prom`
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Duration;

use status_page::{Counts, Kernel, Snapshot};

/// What is zero or unknown without the daemon would be taken for true.
const DAEMONS: [&str; 4] = [
    "lbd_start_",
    "lbd_timer_",
    "lbd_kernel_",
    "lbd_announcements_",
];

fn main() -> Result<(), Box<dyn Error>> {
    let snapshot = Snapshot {
        lbd: env!("CARGO_PKG_VERSION"),
        started: Duration::ZERO,
        status: serde_json::from_reader(std::io::stdin())?,
        counts: Counts::default(),
        kernel: Kernel::default(),
        traffic: Vec::new(),
        news: Vec::new(),
    };
    for line in snapshot.metrics().lines() {
        if !DAEMONS.iter().any(|start| line.contains(start)) {
            println!("{line}");
        }
    }
    Ok(())
}
