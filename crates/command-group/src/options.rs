//! What to run, and as whom.

use std::ffi::CString;
use std::time::Duration;

use nix::unistd::{User, getgrouplist};
use thiserror::Error;

/// What to run, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The program; without a slash it is looked for in the path that it gets.
    pub program: String,
    /// Its arguments. No shell reads them.
    pub arguments: Vec<String>,
    /// Further variables.
    pub environment: Vec<(String, String)>,
    /// The command is to end within this time.
    pub timeout: Duration,
    /// How long it has for ending by itself after that, when it got SIGTERM. Default 500 ms.
    pub kill_after: Duration,
    /// Whose rights the command has; none: the caller's.
    pub run_as: Option<RunAs>,
    /// Whether the command itself, not what it started, is killed when the thread that runs it ends, as in a crash
    /// (`PR_SET_PDEATHSIG`, prctl(2)). Only for runtimes whose threads live as long as they do. Default false.
    pub ends_with_caller: bool,
    /// Whether the program is [vetted](crate::vet) before each run. Default false.
    pub vetted: bool,
}

impl Options {
    /// A program without arguments, with the caller's rights.
    pub fn new(program: impl Into<String>, timeout: Duration) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            timeout,
            kill_after: Duration::from_millis(500),
            run_as: None,
            ends_with_caller: false,
            vetted: false,
        }
    }
}

/// A user by number. To become another one takes CAP_SETUID and CAP_SETGID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunAs {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The supplementary groups.
    pub groups: Vec<u32>,
}

/// Why a user cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no user `{name}` on this host{detail}")]
pub struct NoSuchUser {
    /// The name.
    pub name: String,
    /// What the system said, if anything.
    pub detail: String,
}

impl RunAs {
    /// A user by name, with the groups that the system's database gives it. May wait for that database.
    ///
    /// # Errors
    /// The system has no such user.
    pub fn named(name: &str) -> Result<Self, NoSuchUser> {
        let missing = |detail: String| NoSuchUser {
            name: name.to_owned(),
            detail,
        };
        let user = User::from_name(name)
            .map_err(|error| missing(format!(": {error}")))?
            .ok_or_else(|| missing(String::new()))?;
        let c_name = CString::new(name).map_err(|error| missing(format!(": {error}")))?;
        let groups = getgrouplist(&c_name, user.gid)
            .map_err(|error| missing(format!(", or its groups are not to be had: {error}")))?;
        Ok(Self {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            groups: groups.into_iter().map(nix::unistd::Gid::as_raw).collect(),
        })
    }
}
