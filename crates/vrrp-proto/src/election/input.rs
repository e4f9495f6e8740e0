//! What happens to a router.

use core::net::IpAddr;

use crate::{Centis, Priority};

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Take part in the election.
    Start,
    /// Take part no more; a master resigns.
    Stop,
    /// A deadline has passed. Harmless when none has.
    Tick,
    /// An advertisement that passed all receive checks ([`decode`](crate::decode)).
    Heard(Heard),
    /// Our own effective priority, after the weights of tracked things. Zero counts as 1. In effect
    /// at once; a backup's timer is corrected by the difference of the skews.
    SetPriority(Priority),
    /// Something that the router needs is gone (the interface, its carrier, its address, a tracked
    /// thing of weight zero); a master resigns.
    Fault,
    /// It is back.
    FaultCleared,
    /// Planned: a master resigns, becomes backup, and does not preempt until the next master is
    /// gone or [`Input::EndHandover`]. If nobody takes over it does so again itself.
    Handover,
    /// A backup that had handed over may preempt again.
    EndHandover,
    /// A backup becomes master at once, without waiting for a timer. For a caller that knows by
    /// other means that the master resigned and that no other backup ranks higher.
    TakeOver,
}

/// What the election needs of an advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The sender's address; breaks ties. Adverts from our own address are ignored.
    pub source: IpAddr,
    /// The sender's priority; zero resigns.
    pub priority: Priority,
    /// The sender's interval; version 3 backups adopt it, version 2 does not look at it.
    pub interval: Centis,
}
