//! The mark that spares frames from other directors, and the guard that keeps them from being sent on: firewall rules
//! with MAC exclusion.
//!
//! When LVS directors are real servers too, a frame that one director forwards must not be balanced again by the next.
//! So frames for the virtual address get the firewall mark that IPVS schedules by, unless their source MAC is another
//! director's: those get a *guard mark*. That alone is not enough, because IPVS looks for an existing connection entry
//! before it looks at the mark, and would follow an old one. But what it forwards (direct routing) passes the hook
//! LOCAL_OUT with its mark kept. There, what carries the guard mark is dropped: what another director sent may be
//! delivered here, and is never sent on. The same holds for ICMP, since IPVS forwards errors by the connection entry
//! that they belong to. Local traffic, which comes back on `lo` through PREROUTING, is spared: it gets neither mark.
//!
//! With iptables, the rules live in two chains of their own in the table `mangle`, [`MARK_CHAIN`] and [`GUARD_CHAIN`]:
//!
//! ```text
//! -A PREROUTING -j LBD-MARK
//! -A OUTPUT -j LBD-GUARD
//! -A LBD-MARK -i lo -j RETURN
//! -A LBD-MARK -d 192.0.2.10/32 -p tcp -m tcp --dport 3306 -j MARK --set-xmark 0x2/0xffffffff
//! -A LBD-MARK -d 192.0.2.10/32 -p tcp -m tcp --dport 3306 -m mac --mac-source 02:00:00:00:00:02 -j MARK --set-xmark 0x6/0xffffffff
//! -A LBD-MARK -d 192.0.2.10/32 -p icmp -m mac --mac-source 02:00:00:00:00:02 -j MARK --set-xmark 0x6/0xffffffff
//! -A LBD-GUARD -d 192.0.2.10/32 -p tcp -m tcp --dport 3306 -m mark --mark 0x6 -j DROP
//! -A LBD-GUARD -d 192.0.2.10/32 -p icmp -m mark --mark 0x6 -j DROP
//! ```
//!
//! With nftables, they live in a table of their own, [`TABLE`]:
//!
//! ```text
//! table inet lbd {
//!     set excluded_1 { type ether_addr; elements = { 02:00:00:00:00:02 }; }
//!     chain marks {
//!         type filter hook prerouting priority mangle + 1; policy accept;
//!         iifname "lo" return
//!         ip daddr 192.0.2.10 tcp dport 3306 meta mark set 0x2
//!         ip daddr 192.0.2.10 tcp dport 3306 ether saddr @excluded_1 meta mark set 0x6
//!         ip daddr 192.0.2.10 meta l4proto icmp ether saddr @excluded_1 meta mark set 0x6
//!     }
//!     chain guards {
//!         type filter hook output priority raw - 1; policy accept;
//!         ip daddr 192.0.2.10 tcp dport 3306 meta mark 0x6 drop
//!         ip daddr 192.0.2.10 meta l4proto icmp meta mark 0x6 drop
//!     }
//! }
//! ```
//!
//! IPVS compares the mark as one number of 32 bits, so all of it is set. Marks are set late, by a jump that is appended
//! or a priority behind mangle: a rule further up that sets another mark does not win over ours. The guard comes early,
//! by a jump that is put first or a priority before raw: nothing further up can let a packet pass it by.
//!
//! [`Backend::replace`] swaps all of it in one transaction (iptables: one for each address family), [`Backend::read`]
//! reads it back into the same [`MarkRule`]s, so that "no difference, no write" can be decided by comparing sets
//! ([`ChainState::holds`]). Everything else is left alone. All calls run the programs iptables-save, iptables-restore
//! or nft, wait for them (one that does not end in time, 10 s and what it may wait for a lock, is killed), and act in
//! the network namespace of the **calling thread**.
//!
//! Where the kernel says that tables were changed, [`Changes`] hears of it, so that what somebody deleted can be put
//! back at once.
//!
//! ```no_run
//! use std::num::NonZeroU32;
//! use netfilter_mark::{Backend, Choice, MarkRule, Protocol};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let rules = [MarkRule {
//!     destination: "192.0.2.10".parse()?,
//!     protocol: Protocol::Tcp,
//!     port: 3306,
//!     mark: NonZeroU32::new(2).ok_or("not 0")?,
//!     guard: NonZeroU32::new(6).ok_or("not 0")?,
//!     excluded: ["02:00:00:00:00:02".parse()?].into(),
//! }];
//! let backend = Backend::detect(Choice::Auto)?;
//! if !backend.read()?.holds(&rules) {
//!     backend.replace(&rules)?;
//! }
//! # Ok(())
//! # }
//! ```

mod backend;
mod changes;
mod error;
mod found;
mod hints;
mod iptables;
mod mac;
mod nftables;
mod program;
mod rule;
mod state;
mod survey;

pub use backend::{Backend, Choice};
pub use changes::Changes;
pub use error::Error;
pub use iptables::{Iptables, Variant, parse_save};
pub use mac::{Mac, ParseMacError};
pub use nftables::{Nftables, parse_listing};
pub use rule::{MarkRule, Protocol};
pub use state::{ChainState, Damage, Fault};
pub use survey::{Finding, ForeignRule, Marking, Order, survey};

/// The name of the chain in the table `mangle` that sets marks. It belongs to this crate, whole.
pub const MARK_CHAIN: &str = "LBD-MARK";

/// The name of the chain in the table `mangle` that drops what carries a guard mark. It belongs to this crate, whole.
pub const GUARD_CHAIN: &str = "LBD-GUARD";

/// The name of the nftables table, of the family `inet`, that belongs to this crate, whole.
pub const TABLE: &str = "lbd";
