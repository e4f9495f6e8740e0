//! Every command against a real kernel, with `ipvsadm` as the second opinion.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod calls;
mod daemons;
mod destinations;
mod many;
mod place;
mod refusals;
mod services;
mod traffic;
