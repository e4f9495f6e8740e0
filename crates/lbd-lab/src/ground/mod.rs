//! Where a job runs: namespaces of this machine, a user-mode Linux guest, or an emulated machine.

mod boot;
mod emulated;
pub mod init;
mod job;
mod output;

pub use boot::{Ended, Kernel, Place, host_has_ipvs, on_path, place_for, run_job};
pub use job::{Job, Verdict};
