//! Links, addresses and neighbours over rtnetlink.
//!
//! What a daemon that moves virtual addresses between hosts needs of the kernel: which interfaces there are and whether
//! they carry, putting an address on and taking it off, who the neighbours are by MAC, and being told when any of that
//! changes. The types are plain data; everything of the rtnetlink crates stays inside the module `rt`.
//!
//! A socket belongs to the network namespace of the thread that called [`Netlink::connect`] or [`Netlink::watch`].
//! Changing anything needs CAP_NET_ADMIN; reading and watching need no rights.
//!
//! ```no_run
//! use vip_netlink::{Added, Change, Netlink};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let netlink = Netlink::connect().await?;
//! let mut watch = netlink.watch()?; // before reading, so that nothing is missed in between
//! let nic = netlink.link("eth0").await?.ok_or("no eth0")?;
//! match netlink.add_address(nic.index, "192.0.2.10/32".parse()?).await? {
//!     Added::Added => { /* ours to take off again */ }
//!     Added::AlreadyThere => {}
//! }
//! loop {
//!     match watch.next().await? {
//!         Change::Overflow => { /* events were lost: read links, addresses and neighbours again */ }
//!         change => { let _ = change; }
//!     }
//! }
//! # }
//! ```

mod address;
mod change;
mod error;
mod link;
mod neighbour;
mod rt;

pub use address::{Added, Address, Deleted, Scope};
pub use change::Change;
pub use error::{Error, Operation};
pub use link::Link;
pub use neighbour::{Neighbour, NudState};
pub use rt::{Netlink, Watch};
