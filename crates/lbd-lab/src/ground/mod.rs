//! Where a job runs: namespaces of this machine, or a user-mode Linux guest.

mod boot;
pub mod init;
mod job;
mod output;

pub use boot::{Ended, Kernel, Place, host_has_ipvs, on_path, place_for, run_job};
pub use job::{Job, Verdict};
