//! What can be wrong with a message.

use crate::name::NameError;

/// Why octets could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A netlink header or its payload does not fit into what is left of the datagram.
    #[error("a netlink message says it has {says} octets, {left} are left")]
    MessageLength {
        /// What the header says; 0 where not even a header fits.
        says: usize,
        /// What there is.
        left: usize,
    },
    /// An attribute does not fit into what is left of its nest.
    #[error("a netlink attribute says it has {says} octets, {left} are left")]
    AttributeLength {
        /// What the header says; 0 where not even a header fits.
        says: usize,
        /// What there is.
        left: usize,
    },
    /// An attribute of known kind has the wrong size.
    #[error("{attribute} has {found} octets, {expected} were expected")]
    Size {
        /// The kernel's name of it.
        attribute: &'static str,
        /// In octets.
        expected: usize,
        /// In octets.
        found: usize,
    },
    /// An attribute that cannot be missing is.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A number that has no meaning there.
    #[error("{attribute} cannot be {value}")]
    Value {
        /// The kernel's name of it.
        attribute: &'static str,
        /// What it is.
        value: u32,
    },
    /// A name that is none.
    #[error("{attribute}: {source}")]
    Name {
        /// The kernel's name of it.
        attribute: &'static str,
        /// What is wrong with it.
        source: NameError,
    },
}

/// Why a request cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// An IPv6 service with an IPv4 netmask, or the other way round.
    #[error("the mask of the persistence is of another address family than the service")]
    MaskFamily,
}
