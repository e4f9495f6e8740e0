//! The one place that knows the rtnetlink crates: their releases break often.

mod client;
mod decode;
mod watch;

pub use client::Netlink;
pub use watch::Watch;
