//! The crate from outside: packets, receive checks, election.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod captured;
mod checks;
mod election;
mod goldens;
mod ledger;
mod negatives;
mod properties;
mod quantities;
mod reconfigured;
mod transitions;
mod two_routers;
