//! Tells operators of changes, by hooks and by mail, without ever holding up who tells.
//!
//! - [`hooks`]: commands of the operator's that are run one after another. Of one subject only the latest state counts.
//! - [`mail`]: mail in which a storm is one, to a server that may be dead.
//!
//! Both have a handle that takes what there is to tell and returns at once, and a future that does the work, on whatever
//! runtime. What waits is bounded.

pub mod hooks;
pub mod mail;

mod queue;
mod signal;
