//! The kernel's IPVS table over generic netlink, whole: services, destinations, sync daemons,
//! time-outs, counters (`linux/ip_vs.h`, family `IPVS`).
//!
//! Three layers, each usable alone:
//! - the types, plain data: [`Service`], [`Destination`], [`Daemon`], [`Change`] ...
//! - [`wire`], the messages: encode and decode without IO, clock or socket;
//! - [`Client`], asynchronous (feature `client`, on by default).
//!
//! ```no_run
//! use ipvs_netlink::{Client, Destination, Forwarding, Scheduler, Service, ServiceKey};
//!
//! # #[cfg(feature = "client")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut ipvs = Client::connect().await?;
//! let key = ServiceKey::tcp("192.0.2.1".parse()?, 3306);
//! ipvs.add_service(&Service::new(key, Scheduler::WLC)).await?;
//! let server = Destination::new("192.0.2.11".parse()?, 3306, Forwarding::DirectRoute, 100);
//! ipvs.add_destination(&key, &server).await?;
//! for (entry, servers) in ipvs.table(|_| true).await? {
//!     assert_eq!((entry.service.key, servers.len()), (key, 1));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The tables belong to a network namespace. The client works in that of the thread that
//! first polls [`Client::connect`].

mod attribute;
mod change;
#[cfg(feature = "client")]
mod client;
mod daemon;
mod destination;
mod info;
mod key;
mod name;
mod scheduler;
mod service;
mod stats;
pub mod wire;

pub use attribute::UnknownAttribute;
pub use change::{Change, Query};
#[cfg(feature = "client")]
pub use client::{Client, Error, Operation};
pub use daemon::{Daemon, DaemonEntry, DaemonRole};
pub use destination::{Destination, DestinationEntry, Forwarding, Thresholds, Tunnel, TunnelFlags};
pub use info::{Info, Timeouts, Version};
pub use key::{DestinationKey, Family, Protocol, ServiceKey};
pub use name::{Name, NameError};
pub use scheduler::Scheduler;
pub use service::{ClientMask, Persistence, Service, ServiceEntry, ServiceFlags};
pub use stats::{CounterWidth, Rates, Stats};
