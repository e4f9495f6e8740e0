//! Health checks: thousands of them on time, and what one probe of a database costs.

pub(super) mod checks;
pub(super) mod probes;
