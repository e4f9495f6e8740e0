//! What can go wrong, in words that say what to do.

use core::fmt;
use core::time::Duration;
use std::io;

use nix::libc::{EEXIST, ENODEV, ENOENT, EPERM, ERANGE, ESRCH};

use crate::change::{Change, Query};
use crate::daemon::DaemonRole;
use crate::key::{DestinationKey, ServiceKey};
use crate::name::Name;
use crate::scheduler::Scheduler;
use crate::wire::{DecodeError, EncodeError};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The kernel has no IPVS, or its module is not loaded.
    #[error("this kernel has no IPVS: modprobe ip_vs")]
    NoIpvs,
    /// `EPERM`.
    #[error("not allowed to {0}: IPVS needs CAP_NET_ADMIN")]
    Permission(Operation),
    /// There is no such service.
    #[error("there is no IPVS service {0}")]
    NoSuchService(ServiceKey),
    /// The service is there already.
    #[error("the IPVS service {0} is there already")]
    ServiceExists(ServiceKey),
    /// The service has no such destination.
    #[error("the IPVS service {service} has no destination {destination}")]
    NoSuchDestination {
        /// Which service.
        service: ServiceKey,
        /// Which destination.
        destination: DestinationKey,
    },
    /// The service has that destination already.
    #[error("the IPVS service {service} has the destination {destination} already")]
    DestinationExists {
        /// Which service.
        service: ServiceKey,
        /// Which destination.
        destination: DestinationKey,
    },
    /// The kernel has no such scheduler, or (if one was asked for) no such persistence engine,
    /// or its module is not loaded.
    #[error("this kernel has no IPVS scheduler {scheduler}{}: modprobe ip_vs_{scheduler}{}",
        engine.map_or(String::new(), |name| format!(" or no persistence engine {name}")),
        engine.map_or(String::new(), |name| format!(" ip_vs_pe_{name}")))]
    NoSuchScheduler {
        /// The scheduler that was asked for.
        scheduler: Scheduler,
        /// The persistence engine that was asked for: the kernel does not say which is missing.
        engine: Option<Name>,
    },
    /// A sync daemon was to be bound to an interface that is not there.
    #[error("there is no interface {0} for the sync daemon")]
    NoSuchInterface(Name),
    /// A sync daemon of that role runs already.
    #[error("a {0} sync daemon runs already")]
    DaemonExists(DaemonRole),
    /// No sync daemon of that role runs.
    #[error("no {0} sync daemon runs")]
    NoSuchDaemon(DaemonRole),
    /// `ERANGE`: a weight above 2147483647, or a lower threshold above the upper one.
    #[error("cannot {0}: a weight is at most 2147483647, a lower threshold at most the upper one")]
    OutOfRange(Operation),
    /// Any other refusal of the kernel.
    #[error("cannot {operation}: {}{}", io::Error::from_raw_os_error(*errno), text.as_ref().map_or(String::new(), |text| format!(" ({text})")))]
    Kernel {
        /// What was asked for.
        operation: Operation,
        /// The kernel's error number.
        errno: i32,
        /// The kernel's own words, if any.
        text: Option<String>,
    },
    /// The kernel did not answer in time. A change may have happened.
    #[error("the kernel did not answer within {0:?}")]
    Timeout(Duration),
    /// The socket was full and answers are lost. Changes may have happened.
    #[error("answers of the kernel were lost: the netlink socket was full")]
    Overrun,
    /// The change contradicts itself and was not sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The kernel's answer could not be understood.
    #[error("the kernel's answer makes no sense: {0}")]
    Decode(#[from] DecodeError),
    /// The netlink socket failed.
    #[error("the netlink socket failed: {0}")]
    Io(#[from] io::Error),
}

/// What was asked of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Look whether there is IPVS.
    Connect,
    /// Change the table.
    Change(Change),
    /// Read the table.
    Query(Query),
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("look for IPVS"),
            Self::Change(change) => change.fmt(f),
            Self::Query(query) => query.fmt(f),
        }
    }
}

impl Error {
    pub(super) fn of_family(errno: i32, text: Option<&str>) -> Self {
        match errno {
            ENOENT => Self::NoIpvs,
            errno => Self::other(Operation::Connect, errno, text.map(String::from)),
        }
    }

    pub(super) fn of_query(query: &Query, errno: i32, text: Option<&str>) -> Self {
        match (errno, query) {
            (ESRCH, Query::Service(key) | Query::Destinations(key)) => Self::NoSuchService(*key),
            (errno, _) => Self::other(Operation::Query(*query), errno, text.map(String::from)),
        }
    }

    pub(super) fn of_change(change: &Change, errno: i32, text: Option<String>) -> Self {
        named(change, errno).unwrap_or_else(|| Self::other(Operation::Change(*change), errno, text))
    }

    fn other(operation: Operation, errno: i32, text: Option<String>) -> Self {
        if errno == EPERM {
            return Self::Permission(operation);
        }
        Self::Kernel {
            operation,
            errno,
            text,
        }
    }
}

/// The refusals that have a meaning of their own: `ESRCH` for the service (or the daemon),
/// `ENOENT` for the destination or the scheduler (`net/netfilter/ipvs/ip_vs_ctl.c`).
fn named(change: &Change, errno: i32) -> Option<Error> {
    match change {
        Change::AddService(service) | Change::EditService(service) => match errno {
            EEXIST => Some(Error::ServiceExists(service.key)),
            ESRCH => Some(Error::NoSuchService(service.key)),
            ENOENT => Some(Error::NoSuchScheduler {
                scheduler: service.scheduler,
                engine: service.engine,
            }),
            _other => None,
        },
        Change::DeleteService(key) | Change::ZeroService(key) => match errno {
            ESRCH => Some(Error::NoSuchService(*key)),
            _other => None,
        },
        Change::AddDestination(key, destination) | Change::EditDestination(key, destination) => {
            match errno {
                ERANGE => Some(Error::OutOfRange(Operation::Change(*change))),
                _other => of_destination(*key, destination.key(), errno),
            }
        }
        Change::DeleteDestination(key, destination) => of_destination(*key, *destination, errno),
        Change::StartDaemon(daemon) => match errno {
            EEXIST => Some(Error::DaemonExists(daemon.role)),
            ENODEV => Some(Error::NoSuchInterface(daemon.interface)),
            _other => None,
        },
        Change::StopDaemon(role) => match errno {
            ESRCH => Some(Error::NoSuchDaemon(*role)),
            _other => None,
        },
        Change::SetTimeouts(_) | Change::ZeroAll | Change::Flush => None,
    }
}

fn of_destination(service: ServiceKey, destination: DestinationKey, errno: i32) -> Option<Error> {
    match errno {
        ESRCH => Some(Error::NoSuchService(service)),
        EEXIST => Some(Error::DestinationExists {
            service,
            destination,
        }),
        ENOENT => Some(Error::NoSuchDestination {
            service,
            destination,
        }),
        _other => None,
    }
}
