//! What is wrong with octets.

/// Octets that are not the protocol, or more of them than are kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A packet that does not read as what has to be there.
    #[error("{0}")]
    Malformed(&'static str),
    /// A packet out of the order that the protocol counts in.
    #[error("a packet has the sequence number {found} where {expected} has to be")]
    OutOfSequence {
        /// The number that has to be there.
        expected: u8,
        /// The number that is.
        found: u8,
    },
    /// A packet or a whole answer that is longer than is kept.
    #[error("{announced} octets or more where at most {limit} are accepted")]
    TooLarge {
        /// The length as announced, or how much has come up to now.
        announced: usize,
        /// The most that is accepted.
        limit: usize,
    },
}
