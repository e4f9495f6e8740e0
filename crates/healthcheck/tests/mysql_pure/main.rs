//! What of the MySQL probe needs no server: the codec, the state of replication, grants, password files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod codec;
mod grants;
mod layouts;
mod logins;
mod password_files;
mod versions;
