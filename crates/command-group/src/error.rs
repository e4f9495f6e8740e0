//! Why there is no result.

use std::io;

use thiserror::Error;

use crate::Unfit;

/// Why a run has no result.
#[derive(Debug, Error)]
pub enum Error {
    /// The program cannot be run.
    #[error("cannot run {program}: {source}{}", hint(source))]
    NotStarted {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The program is not one that may be run.
    #[error("{source}")]
    Unfit {
        /// Why.
        #[from]
        source: Unfit,
    },
    /// It did not end in time, and was killed with its whole group.
    #[error("timed out")]
    TimedOut,
    /// Nothing was run: an earlier run was killed, and the kernel has not let go of it yet.
    #[error("process {pid} of an earlier run was killed and does not end")]
    Remains {
        /// The process.
        pid: i32,
    },
    /// Its end could not be waited for.
    #[error("cannot wait for {program}: {source}")]
    Lost {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
}

fn hint(error: &io::Error) -> &'static str {
    if error.raw_os_error() == Some(nix::libc::EPERM) {
        return "; to run it as another user takes CAP_SETUID and CAP_SETGID";
    }
    let unfit = [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied];
    match unfit.contains(&error.kind()) {
        true => "; it must be a file that may be run",
        false => "",
    }
}
