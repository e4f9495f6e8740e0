//! What can go wrong.

use std::fmt;
use std::io;
use std::net::IpAddr;

use ipnet::IpNet;

/// Why the kernel could not be asked, or refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No rtnetlink socket.
    #[error(
        "no rtnetlink socket: {0}; a sandbox may forbid it (systemd: RestrictAddressFamilies=AF_NETLINK)"
    )]
    Socket(#[source] io::Error),
    /// Changing anything needs CAP_NET_ADMIN.
    #[error("not permitted to {operation}: root or CAP_NET_ADMIN is needed")]
    NotPermitted {
        /// What was tried.
        operation: Operation,
    },
    /// There is no interface of this index (any more).
    #[error("cannot {operation}: there is no interface with index {index}")]
    NoSuchLink {
        /// What was tried.
        operation: Operation,
        /// The index asked for.
        index: u32,
    },
    /// The kernel refused.
    #[error("cannot {operation}: {source}{}", hint(.operation, .source))]
    Refused {
        /// What was tried.
        operation: Operation,
        /// The kernel's answer.
        source: io::Error,
    },
    /// No answer within 5 s.
    #[error("the kernel did not answer the request to {operation} within 5 s")]
    TimedOut {
        /// What was tried.
        operation: Operation,
    },
    /// The connection to the kernel is closed, for example because its runtime has ended.
    #[error("cannot {operation}: the rtnetlink connection is closed, connect again")]
    Closed {
        /// What was tried.
        operation: Operation,
    },
    /// An answer of another kind than asked for.
    #[error("cannot {operation}: the kernel's answer was not understood: {answer}")]
    Unexpected {
        /// What was tried.
        operation: Operation,
        /// The answer, for people.
        answer: String,
    },
}

/// What was tried, for an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// List the links.
    Links,
    /// List the addresses.
    Addresses,
    /// List the neighbours.
    Neighbours,
    /// Add this address to the interface of this index.
    Add(u32, IpNet),
    /// Delete this address from the interface of this index.
    Delete(u32, IpNet),
    /// Resolve or probe this neighbour through the interface of this index.
    Resolve(u32, IpAddr),
    /// Watch for changes.
    Watch,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Links => f.write_str("list the links"),
            Self::Addresses => f.write_str("list the addresses"),
            Self::Neighbours => f.write_str("list the neighbours"),
            Self::Add(index, address) => write!(f, "add {address} to interface {index}"),
            Self::Delete(index, address) => write!(f, "delete {address} from interface {index}"),
            Self::Resolve(index, address) => {
                write!(f, "resolve {address} through interface {index}")
            }
            Self::Watch => f.write_str("watch links, addresses and neighbours"),
        }
    }
}

fn hint(operation: &Operation, source: &io::Error) -> &'static str {
    match operation {
        // The kernel says EACCES when IPv6 is switched off for the interface.
        Operation::Add(_, IpNet::V6(_)) if source.kind() == io::ErrorKind::PermissionDenied => {
            " (is IPv6 off there? sysctl net.ipv6.conf.INTERFACE.disable_ipv6)"
        }
        Operation::Resolve(..) => " (is the interface up, and does it do ARP?)",
        Operation::Links
        | Operation::Addresses
        | Operation::Neighbours
        | Operation::Add(..)
        | Operation::Delete(..)
        | Operation::Watch => "",
    }
}
