//! What a router or the LAN must not do.

use core::net::IpAddr;
use core::time::Duration;

use thiserror::Error;
use vrrp_proto::{Action, Input, Reject};

/// A broken rule. Spans of the whole LAN are true time, counted from when calm has come.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    /// A backup took over although adverts arrive, or too early after a resignation.
    #[error("router {router} took over {early:?} before it was due")]
    FalseTakeover {
        /// Who.
        router: usize,
        /// By its own clock.
        early: Duration,
    },
    /// A master heard a better one and stayed.
    #[error("router {router} did not yield to {to}, which is better")]
    DidNotYield {
        /// Who.
        router: usize,
        /// The better one.
        to: IpAddr,
    },
    /// A master yielded to one that is not better.
    #[error("router {router} yielded to {to}, which is not better")]
    YieldedToWorse {
        /// Who.
        router: usize,
        /// The worse one.
        to: IpAddr,
    },
    /// A promotion is advert, state, announcement; a resignation begins with priority zero.
    #[error("router {router} did {actions:?} on {input:?}")]
    WrongActions {
        /// Who.
        router: usize,
        /// On what.
        input: Input,
        /// What it did.
        actions: Vec<Action>,
    },
    /// Tick after tick leaves a deadline that has passed.
    #[error("router {router} wants tick after tick at one time")]
    TimerSpins {
        /// Who.
        router: usize,
    },
    /// A timer that takes over or advertises later than the RFC has it.
    #[error("router {router} waits until {deadline:?} of its clock, but is to act at {due:?}")]
    TimerTooLate {
        /// Who.
        router: usize,
        /// What it asks for.
        deadline: Option<Duration>,
        /// What the RFC asks for.
        due: Option<Duration>,
    },
    /// A good packet was refused.
    #[error("router {router} refused a good packet: {reject}")]
    Refused {
        /// Who.
        router: usize,
        /// Why.
        reject: Reject,
    },
    /// A damaged packet, or one from beyond the LAN, was accepted.
    #[error("router {router} accepted a bad packet")]
    Accepted {
        /// Who.
        router: usize,
    },
    /// An advert could not be built.
    #[error("router {router} cannot encode its advert: {error}")]
    NotEncoded {
        /// Who.
        router: usize,
        /// Why.
        error: vrrp_proto::EncodeError,
    },
    /// Nobody was master, later than that may be.
    #[error("no master {at:?} after calm, one is to be there from {bound:?} on")]
    NoMaster {
        /// The last moment without one.
        at: Duration,
        /// From here on there is to be one.
        bound: Duration,
    },
    /// The LAN was still changing.
    #[error("router {router} changed {at:?} after calm, the LAN is to be settled by {bound:?}")]
    NotSettled {
        /// The last one that became or ceased to be master.
        router: usize,
        /// When.
        at: Duration,
        /// By when it may.
        bound: Duration,
    },
    /// Not one master in the end (or one although no router takes part).
    #[error("{masters:?} are masters in the end, there is to be {wanted}")]
    Masters {
        /// All masters.
        masters: Vec<usize>,
        /// How many there are to be: 1, or 0 if no router takes part.
        wanted: usize,
    },
    /// A router that is better, and preempts, did not become master.
    #[error("router {master} is master in the end, but {better} is better and preempts")]
    WrongMaster {
        /// Who is.
        master: usize,
        /// Who is to be.
        better: usize,
    },
    /// A router took or left the role more than once after calm.
    #[error(
        "router {router} became master {promotions} times and ceased to be it {demotions} times after calm"
    )]
    Flaps {
        /// Who.
        router: usize,
        /// At most 1.
        promotions: usize,
        /// At most 1.
        demotions: usize,
    },
    /// The last announcement on the wire is not the master's, or came too late.
    #[error(
        "router {master} is master, the last to announce was {by}, since {since:?} after calm; the master is to be by {bound:?}"
    )]
    NotMended {
        /// The master in the end.
        master: usize,
        /// Who announced last.
        by: usize,
        /// From when on nobody else announced.
        since: Duration,
        /// By when it is to be the master.
        bound: Duration,
    },
    /// A host of the LAN believes that another router has the addresses.
    #[error(
        "router {master} is master, but hosts beside router {segment} believe it is {believed}"
    )]
    StaleArp {
        /// The master in the end.
        master: usize,
        /// Where.
        segment: usize,
        /// Their ARP entry.
        believed: usize,
    },
    /// The same seed once failed and once did not: a mistake of the simulator.
    #[error("the failure does not replay")]
    Irreproducible,
    /// The run does not end.
    #[error("more than {events} events")]
    Runaway {
        /// The limit.
        events: usize,
    },
}
