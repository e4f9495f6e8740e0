//! What other programs change is put right at once, but in no endless fight.
#![allow(clippy::unwrap_used, clippy::panic)]

mod repairs;
mod settled;

use std::time::Duration;

use lbd_core::desired::Vip;
use lbd_core::plan::Step;

fn address(n: u8) -> Step {
    Step::AddAddress(Vip {
        interface: "eth0".to_owned(),
        address: format!("192.0.2.{n}/32").parse().unwrap(),
    })
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
