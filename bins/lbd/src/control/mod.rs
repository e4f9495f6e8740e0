//! The control socket: how a running daemon is asked for something.
//!
//! A Unix socket in the runtime directory, for root alone. One request and one answer on each
//! connection, a line of JSON each, with the protocol's version in both.

pub(crate) mod client;
pub(crate) mod server;

use std::path::{Path, PathBuf};

use lbd_core::engine::{Drain, Status};
use serde::{Deserialize, Serialize};

/// The protocol that this daemon speaks.
const VERSION: u32 = 1;
/// The longest request, in octets.
const LONGEST: u64 = 64 * 1024;
/// The longest answer, in octets: the state of ten thousand servers, each with a reason.
const LONGEST_ANSWER: u64 = 64 * 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    version: u32,
    command: Command,
}

/// What a daemon can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Command {
    /// Give every mastership up.
    Handover,
    /// Read the configuration file again.
    Reload,
    /// Say what you do, and why.
    Status,
    /// Keep a server from serving, or do so no longer.
    Drain {
        /// Its node.
        node: String,
        /// How; none: no longer.
        how: Option<Drain>,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Response {
    version: u32,
    answer: Answer,
}

/// What it says to that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// The virtual routers given up; none when it was master of none.
    HandedOver(Vec<String>),
    /// The file is in force, and the kernel took so many changes for it.
    Reloaded(usize),
    /// It is so from now on.
    Drained,
    /// What it does.
    Status(Box<Status>),
    /// It cannot do that.
    Refused(String),
}

fn socket(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("control.sock")
}
