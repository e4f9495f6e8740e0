//! The runtime of a thread that does everything by itself.

use tokio::runtime::{Builder, Runtime};

use crate::failure::Failure;

pub(crate) fn of_one_thread() -> Result<Runtime, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Runtime(format!("cannot start: {error}")))
}
