//! `lbd run`: the daemon.
//!
//! Several threads, so that the election waits for nothing: this one runs the engine and its VRRP
//! sockets; a second one reads and changes the kernel; a third one probes servers and watches
//! interfaces and neighbours; the log is written by a fourth.

mod alarm;
mod bequest;
mod clock;
mod driver;
mod kernel;
mod ledger;
mod lock;
mod network;
mod preflight;
mod probes;
mod report;
mod worker;

use tracing::{info, warn};

use crate::cli::RunOptions;
use crate::failure::Failure;
use crate::file;

/// Runs the daemon until it is told to stop.
pub(crate) fn run(options: &RunOptions) -> Result<(), Failure> {
    let config = file::load(&options.config)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Runtime(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let ready = preflight::preflight(config, options).await?;
        let host = &ready.host;
        info!(
            node = %host.node,
            cluster = %host.config.cluster,
            nic = %host.nic,
            "starting with {}",
            options.config.display()
        );
        let pending = host.config.not_yet_carried_out();
        if !pending.is_empty() {
            warn!("not carried out by this version: {}", pending.join(", "));
        }
        for advice in host.config.advice() {
            warn!("{advice}");
        }
        driver::drive(ready, options).await
    })
}
