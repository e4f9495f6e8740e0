//! The scheduling priority of what must be on time.

use nix::libc;
use tracing::warn;

/// Just above everything that is not real-time.
const LEVEL: libc::c_int = 1;

/// Makes the calling thread real-time (`SCHED_FIFO`), so that a busy host does not make a master miss
/// its adverts nor a backup its deadlines. Threads and processes that it starts are ordinary ones.
pub(crate) fn raise() {
    let parameters = libc::sched_param {
        sched_priority: LEVEL,
    };
    let policy = libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK;
    // SAFETY: the pointer is to a live `sched_param`, which the kernel only reads.
    #[allow(unsafe_code)]
    let result = unsafe { libc::sched_setscheduler(0, policy, &raw const parameters) };
    if result != 0 {
        let error = std::io::Error::last_os_error();
        warn!("no real-time priority ({error}); a busy host may delay adverts");
    }
}
