//! Health checks: thousands of them on time.

pub(super) mod checks;
