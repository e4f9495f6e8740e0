//! The mark that spares frames from other directors: iptables mangle rules with MAC exclusion.
//!
//! When LVS directors are real servers too, a frame that one director forwards must not be balanced again by the next.
//! So only frames for the virtual address whose source MAC is *not* another director's get the firewall mark that IPVS
//! schedules by. The rules live in a chain of their own, [`CHAIN`] in the table `mangle`, with one jump to it from
//! `PREROUTING`:
//!
//! ```text
//! -A PREROUTING -j LBD-MARK
//! -A LBD-MARK -d 192.0.2.10/32 -p tcp --dport 3306 -m mac --mac-source 02:00:00:00:00:02 -j RETURN
//! -A LBD-MARK -d 192.0.2.10/32 -p tcp --dport 3306 -j MARK --set-mark 2
//! ```
//!
//! IPVS compares the mark as one number of 32 bits, so all of it is set. The jump is appended: a rule further up that sets
//! another mark does not win over ours.
//!
//! [`Iptables::replace`] swaps the whole chain in one transaction, [`Iptables::read`] reads it back into the same
//! [`MarkRule`]s, so that "no difference, no write" can be decided by comparing sets ([`ChainState::holds`]). Everything
//! else in the table is left alone. All calls run the programs of the package iptables, wait for them, and act in the
//! network namespace of the **calling thread**.
//!
//! ```no_run
//! use std::num::NonZeroU32;
//! use netfilter_mark::{Iptables, MarkRule, Protocol};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let rules = [MarkRule {
//!     destination: "192.0.2.10".parse()?,
//!     protocol: Protocol::Tcp,
//!     port: 3306,
//!     mark: NonZeroU32::new(2).ok_or("not 0")?,
//!     excluded: ["02:00:00:00:00:02".parse()?].into(),
//! }];
//! let iptables = Iptables::detect()?;
//! if !iptables.read()?.holds(&rules) {
//!     iptables.replace(&rules)?;
//! }
//! # Ok(())
//! # }
//! ```

mod detect;
mod error;
mod iptables;
mod mac;
mod parse;
mod rule;
mod script;
mod state;
mod tool;

pub use error::Error;
pub use iptables::Iptables;
pub use mac::{Mac, ParseMacError};
pub use parse::parse_save;
pub use rule::{MarkRule, Protocol};
pub use state::{ChainState, Damage};
pub use tool::Variant;

/// The name of the chain in the table `mangle` that belongs to this crate, whole.
pub const CHAIN: &str = "LBD-MARK";
