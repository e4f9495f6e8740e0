//! Kernel parameters of a direct-routing cluster: read, plan, apply.
//!
//! With LVS direct routing every host holds the virtual address, and only one may answer ARP for it. Which values bring
//! that about, and why, is in [`direct_route_host`], and what IPVS on a director wants in [`ipvs_director`]; [`plan`]
//! compares them with what the kernel holds and yields only what must change, [`restore`] what must change to leave no
//! trace; [`read`] and [`write()`] go through `/proc/sys`. Planning is pure, reading and writing are not.
//!
//! Keys under `net` belong to the network namespace of the **calling thread**.
//!
//! ```no_run
//! use std::collections::BTreeMap;
//! use sysctl_tune::{direct_route_host, plan, read, write};
//!
//! # fn main() -> Result<(), sysctl_tune::Error> {
//! let wanted = direct_route_host("eth0");
//! let mut actual = BTreeMap::new();
//! for setting in &wanted {
//!     actual.insert(setting.key.clone(), read(&setting.key)?);
//! }
//! for change in plan(&wanted, &actual) {
//!     write(&change.key, change.to)?;
//! }
//! # Ok(())
//! # }
//! ```

mod effective;
mod error;
mod ipvs;
mod key;
mod plan;
mod proc;
mod restore;
mod setting;

pub use effective::Combine;
pub use error::Error;
pub use ipvs::{IpvsNeeds, ipvs_director, reuse_warning};
pub use key::{Key, ParseKeyError};
pub use plan::{Change, plan};
pub use proc::{read, read_all, write};
pub use restore::{Written, restore};
pub use setting::{Setting, direct_route_host};
