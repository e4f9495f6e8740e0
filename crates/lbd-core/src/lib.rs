//! The pure heart of lbd: configuration, engine, desired state and the ordered plan.
//!
//! Nothing here owns a clock, a socket, a file or a task. The daemon feeds [`engine::Engine`]
//! with events and carries out the effects that it gives back; one of those effects is a
//! [`desired::Desired`] state of this host's kernel, which [`plan::plan`] compares with what the
//! kernel really holds. Start, fail-over, a change of health and stop are all that one path.
//!
//! ```
//! use lbd_core::config::Config;
//!
//! let config = Config::parse("
//! cluster: orders
//! nodes:
//!   db1: { address: 192.0.2.3 }
//!   db2: { address: 192.0.2.4 }
//! virtual_routers:
//!   - name: VI_1
//!     id: 200
//!     interface: eth0
//!     priority: { db1: 100, db2: 90 }
//!     addresses: [192.0.2.101]
//! ").expect("a valid file");
//! assert_eq!(config.routers[0].priority_of("db2").map(|p| p.get()), Some(90));
//! ```

pub mod config;
pub mod desired;
pub mod drift;
pub mod engine;
pub mod host;
pub mod plan;
pub mod weight;
