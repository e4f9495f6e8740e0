//! The MySQL probe: its codec, against scripted servers, and against real MariaDB servers.
//!
//! Needs root (each test has a network of its own) and Debian's `mariadb-server-core`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod blocking;
#[cfg(feature = "mysql-tls")]
mod encrypted;
mod faults;
mod garbage;
mod harmless;
mod kept;
mod limits;
mod logins;
mod mariadb;
mod network;
mod peer;
mod peers;
mod replication;
