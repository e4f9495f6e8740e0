//! What a watch tells.

use crate::{Address, Link, Neighbour};

/// Something changed in the kernel. The value is the state *after* the change, or the last one of what is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A link is new or differs in something, not always in a part that [`Link`] shows.
    Link(Link),
    /// A link is gone.
    LinkGone(Link),
    /// An address is new or differs in something.
    Address(Address),
    /// An address is gone.
    AddressGone(Address),
    /// A neighbour is new, or its MAC or state differs.
    Neighbour(Neighbour),
    /// A neighbour was dropped from the table.
    NeighbourGone(Neighbour),
    /// Changes were lost (the socket's buffer was full, or a message could not be read): what was known may be out of
    /// date, so read everything again.
    Overflow,
}
