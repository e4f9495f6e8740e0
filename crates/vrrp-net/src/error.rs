//! Why a socket could not be opened, and what to do about it.

use std::io;
use std::net::IpAddr;

/// Why an [`AdvertSocket`](crate::AdvertSocket) or an [`Announcer`](crate::Announcer) could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel refused a raw or packet socket: `EPERM`.
    #[error(
        "no right to open a {kind} socket on {interface}: run as root, or grant CAP_NET_RAW \
         (systemd: AmbientCapabilities=CAP_NET_RAW)"
    )]
    NotPermitted {
        /// The interface the socket was for.
        interface: String,
        /// "raw" or "packet".
        kind: &'static str,
    },

    /// No interface has this name or index in the network namespace of the calling thread.
    #[error(
        "no interface {interface} in this network namespace: see `ip link` for those there are"
    )]
    NoSuchInterface {
        /// Its name, or `#` and its index.
        interface: String,
    },

    /// The source address is not one of the interface's own.
    #[error(
        "{address} is not an address of {interface}: advertisements carry the node's own address there; \
         see `ip address show dev {interface}`"
    )]
    NotOnInterface {
        /// The interface that was asked.
        interface: String,
        /// The address it does not have.
        address: IpAddr,
    },

    /// Opened outside a tokio runtime, which has to watch the socket.
    #[error("the advertisement socket for {interface} was opened outside a tokio runtime")]
    NoRuntime {
        /// The interface the socket was for.
        interface: String,
    },

    /// Any other step the kernel refused.
    #[error("cannot {step} on {interface}")]
    Setup {
        /// The interface the socket was for.
        interface: String,
        /// What was being done, as a verb phrase.
        step: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: wraps what the kernel said with the interface and the step.
    pub(crate) fn setup<E: Into<io::Error>>(
        interface: &str,
        step: &'static str,
    ) -> impl FnOnce(E) -> Error {
        move |source| Error::Setup {
            interface: interface.to_owned(),
            step,
            source: source.into(),
        }
    }

    /// For `map_err` on socket creation, where a missing capability shows first.
    pub(crate) fn create(interface: &str, kind: &'static str) -> impl FnOnce(io::Error) -> Error {
        move |source| match source.kind() == io::ErrorKind::PermissionDenied {
            true => Error::NotPermitted {
                interface: interface.to_owned(),
                kind,
            },
            false => Error::Setup {
                interface: interface.to_owned(),
                step: "open a socket",
                source,
            },
        }
    }
}
