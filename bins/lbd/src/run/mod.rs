//! `lbd run`: the daemon.
//!
//! Several threads, so that the election waits for nothing: this one runs the engine and its VRRP
//! sockets; a second one reads and changes the kernel; a third one probes servers and watches
//! interfaces and neighbours, runs tracked scripts and hooks, and mails; the log is written by a fourth.

mod advert_sockets;
mod alarm;
mod bequest;
mod capabilities;
mod clock;
pub(crate) mod commands;
pub(crate) mod drained;
mod driver;
mod heartbeat;
pub(crate) mod in_force;
mod io_thread;
pub(crate) mod kernel;
pub(crate) mod ledger;
pub(crate) mod lock;
mod mail_settings;
mod marks;
pub(crate) mod network;
mod page;
pub(crate) mod preflight;
mod probes;
mod readable;
mod reload;
mod report;
mod tell;
mod tracks;
mod worker;

use tracing::info;

use crate::cli::RunOptions;
use crate::failure::Failure;

/// Runs the daemon until it is told to stop.
pub(crate) fn run(options: &RunOptions) -> Result<(), Failure> {
    let runtime = crate::runtime::of_one_thread()?;
    runtime.block_on(async {
        let ready = preflight::preflight(options).await?;
        let host = &ready.host;
        info!(
            node = %host.node,
            cluster = %host.config.cluster,
            nic = %host.nic,
            "starting with {}",
            ready.path.display()
        );
        report::warn_about(&host.config);
        driver::drive(ready, options).await?;
        // The next one starts anew.
        in_force::forget(&options.runtime_dir);
        Ok(())
    })
}
