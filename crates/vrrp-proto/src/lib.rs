//! VRRP packets and election, pure: no clock, no sockets, no allocation.
//!
//! Versions 2 (RFC 3768, with the simple password of RFC 2338) and 3 (RFC 5798, RFC 9568), IPv4 and
//! IPv6. Two halves that know nothing of each other's insides:
//!
//! - **the wire**: [`encode`] builds an advertisement into a buffer; [`decode`] applies every receive
//!   check in the RFCs' order and says which one failed ([`Reject`], [`Counters`]);
//! - **the election**: [`Router`] is `handle(now, input) -> actions`. It has no clock: time is an
//!   argument ([`Time`]), and [`Router::deadline`] tells when it next wants an [`Input::Tick`].
//!
//! ```
//! use core::time::Duration;
//! use vrrp_proto::{Action, Centis, Input, Priority, Router, RouterConfig, State, Version};
//!
//! # fn main() -> Result<(), &'static str> {
//! let interval = Centis::from_secs(1).ok_or("an interval is at least 1 s")?;
//! let address = "192.0.2.1".parse().map_err(|_| "not an address")?;
//! let mut router = Router::new(RouterConfig::new(Version::V2, Priority::DEFAULT, interval, address));
//!
//! router.handle(Duration::ZERO, Input::Start);
//! assert_eq!(router.state(), State::Backup);
//!
//! // Nobody advertises: the router takes over when its deadline passes.
//! let deadline = router.deadline().ok_or("a backup has a deadline")?;
//! let actions = router.handle(deadline, Input::Tick);
//! assert_eq!(
//!     actions.as_slice(),
//!     [Action::SendAdvert(Priority::DEFAULT), Action::Enter(State::Master), Action::Announce]
//! );
//! # Ok(())
//! # }
//! ```
//!
//! # The RFCs, line by line
//! `docs/rfc9568.md` in the repository has every MUST, SHOULD and MAY of RFC 9568 with its errata, and
//! what RFC 3768, RFC 2338 and RFC 5798 say differently: what is done, what is different on purpose, and
//! the tests that show it.
//!
//! # What this crate never does
//! It never panics on input, reads a clock, allocates, indexes a slice or lets a number wrap.
//!
//! # Authentication
//! The password of version 2 crosses the LAN in clear text. It keeps apart two groups that share a
//! VRID by accident; it is no security. Version 3 has none. keepalived's HMAC trailer is not done:
//! it would be a further [`Authentication`] variant, written by [`encode`] after the addresses and
//! checked by [`decode`] in the octets that follow the packet proper; `docs/vrrp-hmac.md` specifies it.
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod authentication;
mod election;
mod quantity;
mod wire;

pub use authentication::{Authentication, Password};
pub use election::{
    Action, Actions, Announce, Heard, Input, Router, RouterConfig, State, master_down, skew,
};
pub use quantity::{Centis, Priority, Vrid};
pub use wire::{
    Addresses, ChecksumForm, Counters, EncodeError, Envelope, Expect, GROUP_V4, GROUP_V6, Incoming,
    MAX_LEN, Outgoing, PROTOCOL, Reason, Reject, TTL, Version, decode, encode, peek_vrid,
};

/// Monotonic time since an origin of the caller's choice.
///
/// Only differences matter; all calls on one [`Router`] must use the same origin and not go back.
pub type Time = core::time::Duration;
