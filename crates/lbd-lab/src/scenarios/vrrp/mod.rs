//! VRRP alone, on the machine's own kernel: beside keepalived, against time, and against bad luck and malice.

mod busy;
mod ear;
mod handover;
mod hostile;
mod interop;
mod junk;
mod keepalived;
mod killed;
pub(super) mod lan;
mod reload;
mod split;
mod variant;
mod wire;

use std::process::Command;

use super::{Need, Scenario, seconds};
use crate::failed::Result;
use crate::ground::Kernel;
use crate::lab::Lab;

pub(super) use busy::run as busy_host;
pub(super) use handover::run as handover;
pub(super) use hostile::run as hostile_senders;
pub(super) use interop::{v2_pass, v2_unicast, v3_ipv4, v3_ipv6};
pub(super) use killed::{daemon_v2, daemon_v3, guardian};
pub(super) use reload::run as reload;
pub(super) use split::run as split_and_heal;

/// A scenario of two lbd and no services.
pub(super) const fn two_lbd(
    name: &'static str,
    sentence: &'static str,
    run: fn(&mut Lab) -> Result,
) -> Scenario {
    Scenario {
        name,
        sentence,
        kernel: Kernel::Any,
        needs: &[Need::Lbd],
        limit: seconds(90),
        alone: false,
        run,
    }
}

/// A scenario of one lbd and one keepalived.
pub(super) const fn with_keepalived(
    name: &'static str,
    sentence: &'static str,
    run: fn(&mut Lab) -> Result,
) -> Scenario {
    Scenario {
        needs: &[Need::Lbd, Need::Keepalived],
        ..two_lbd(name, sentence, run)
    }
}

/// Why a scenario that needs real-time scheduling cannot run.
pub(super) fn no_real_time() -> Option<String> {
    let tried = Command::new("chrt").args(["-f", "1", "true"]).output();
    match tried {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!(
            "SCHED_FIFO is not permitted here: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => Some(format!("chrt cannot be run: {error}")),
    }
}
