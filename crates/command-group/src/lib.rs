//! Operators' commands, run so that they can harm nobody: checks of servers, tracked scripts, hooks.
//!
//! # What a command finds
//! - environment: `PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`, `LC_ALL=C`, and
//!   [`Options::environment`]; nothing of the caller's;
//! - working folder `/`, empty standard input, one pipe for both outputs. Whatever it writes is read, so that
//!   it never blocks, and forgotten but for the last line;
//! - the rights of [`Options::run_as`], with its supplementary groups;
//! - a process group of its own. When its time is over the whole group gets SIGTERM, and after
//!   [`Options::kill_after`] SIGKILL. When the command itself ends, what it left in its group is
//!   killed, too. (A process that makes itself a session, as `setsid` does, escapes.)
//!
//! No zombie stays, and there are never two runs of one [`Runner`] at once.
//!
//! # What is not run
//! With [`Options::vetted`], a program that others can write: see [`vet`].
//!
//! ```
//! use std::time::Duration;
//! use command_group::{End, Options, Runner};
//!
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
//! let options = Options {
//!     arguments: vec!["-c".into(), "echo late; exit 3".into()],
//!     ..Options::new("/bin/sh", Duration::from_secs(10))
//! };
//! let run = runtime.block_on(Runner::new().run(&options)).expect("it ran");
//! assert_eq!((run.end, run.last_line.as_str()), (End::Exit(3), "late"));
//! assert_eq!(run.to_string(), "exit code 3: late");
//! ```

mod error;
mod group;
mod options;
mod runner;
mod running;
mod tail;
mod vet;

pub use error::Error;
pub use group::End;
pub use options::{NoSuchUser, Options, RunAs};
pub use runner::{Run, Runner};
pub use vet::{Unfit, vet};
