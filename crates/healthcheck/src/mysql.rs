//! MySQL and MariaDB: can one log in, does the server answer, does it replicate?
//!
//! [`Prober`] watches one server. It never harms it:
//!
//! - Every connection completes its login and ends with `COM_QUIT`, so that neither `max_connect_errors` (error 1129: the
//!   server blocks this host, replication included) nor `Aborted_clients` grows.
//! - One session is kept and asked again. A kept session does not show that new logins work, so every
//!   [`Settings::fresh_login`] a new one takes its place.
//! - A server that hangs is not given one connection after the other: the one that waits is kept and
//!   listened to by the next probe. Keepalives tell a server that hangs from a host that is gone.
//! - A probe needs no right, [`Level::Replica`] that to see the state of replication; [`grants`] says which.
//! - Whatever the peer sends, memory is bounded ([`wire::MAX_PAYLOAD`]) and so is time: one absolute deadline spans all
//!   stages.
//!
//! What a probe finds is a [`Report`] or a [`Fault`], which says what failed, in which stage, and what to do.
//!
//! # Authentication
//! `mysql_native_password` (MariaDB; MySQL to 8) and `caching_sha2_password` (MySQL since 8), the latter also when
//! the server's cache is cold, as after its restart: by TLS (feature `mysql-tls`), else by its RSA key.
//!
//! # Why not a client library
//! `mysql_async` was read first (0.37). It cannot bind a source address; it breaks a handshake off where it cannot go
//! on, which servers hold against this host; and a probe that gives up waiting loses the connection, so that a
//! server that hangs gets one after the other. The [`wire`] codec has what a probe needs, is pure, and is fuzzed.

mod connection;
mod fault;
mod grants;
mod password;
mod prober;
mod proof;
pub mod replica;
mod session;
mod settings;
mod stream;
#[cfg(feature = "mysql-tls")]
mod tls;
mod version;
pub mod wire;

pub use fault::{Class, Fault, Reason, Stage};
pub use grants::{Account, grants};
pub use password::{Password, PasswordError, read_credential, read_password_file};
pub use prober::{Prober, Report};
pub use proof::{KeyError, PublicKey};
pub use replica::{Heartbeat, ReplicaOptions, ReplicaStatus, Replication, Role};
pub use settings::{Level, Settings, SettingsError};
#[cfg(feature = "mysql-tls")]
pub use tls::{Authority, AuthorityError, Tls};
pub use version::{Flavour, Version};
