//! Everything that can be changed in the kernel's table.

use core::fmt;

use crate::daemon::{Daemon, DaemonRole};
use crate::destination::Destination;
use crate::info::Timeouts;
use crate::key::{DestinationKey, ServiceKey};
use crate::service::Service;

/// One change to the kernel's IPVS table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// `IPVS_CMD_NEW_SERVICE`.
    AddService(Service),
    /// `IPVS_CMD_SET_SERVICE`: everything but the key may differ.
    EditService(Service),
    /// `IPVS_CMD_DEL_SERVICE`, with its destinations.
    DeleteService(ServiceKey),
    /// `IPVS_CMD_NEW_DEST`.
    AddDestination(ServiceKey, Destination),
    /// `IPVS_CMD_SET_DEST`: everything but the key may differ.
    EditDestination(ServiceKey, Destination),
    /// `IPVS_CMD_DEL_DEST`.
    DeleteDestination(ServiceKey, DestinationKey),
    /// `IPVS_CMD_NEW_DAEMON`.
    StartDaemon(Daemon),
    /// `IPVS_CMD_DEL_DAEMON`.
    StopDaemon(DaemonRole),
    /// `IPVS_CMD_SET_CONFIG`.
    SetTimeouts(Timeouts),
    /// `IPVS_CMD_ZERO` for one service and its destinations.
    ZeroService(ServiceKey),
    /// `IPVS_CMD_ZERO` for all counters.
    ZeroAll,
    /// `IPVS_CMD_FLUSH`: deletes every service, of whomever.
    Flush,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddService(service) => write!(f, "add service {}", service.key),
            Self::EditService(service) => write!(f, "edit service {}", service.key),
            Self::DeleteService(key) => write!(f, "delete service {key}"),
            Self::AddDestination(key, destination) => {
                write!(f, "add destination {} of {key}", destination.key())
            }
            Self::EditDestination(key, destination) => {
                write!(f, "edit destination {} of {key}", destination.key())
            }
            Self::DeleteDestination(key, destination) => {
                write!(f, "delete destination {destination} of {key}")
            }
            Self::StartDaemon(daemon) => write!(
                f,
                "start the {} sync daemon on {}",
                daemon.role, daemon.interface
            ),
            Self::StopDaemon(role) => write!(f, "stop the {role} sync daemon"),
            Self::SetTimeouts(_) => f.write_str("set the time-outs"),
            Self::ZeroService(key) => write!(f, "zero the counters of {key}"),
            Self::ZeroAll => f.write_str("zero all counters"),
            Self::Flush => f.write_str("flush the table"),
        }
    }
}

/// One question to the kernel's IPVS table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// `IPVS_CMD_GET_SERVICE` as a dump.
    Services,
    /// `IPVS_CMD_GET_SERVICE` for one.
    Service(ServiceKey),
    /// `IPVS_CMD_GET_DEST`, a dump.
    Destinations(ServiceKey),
    /// `IPVS_CMD_GET_DAEMON`, a dump.
    Daemons,
    /// `IPVS_CMD_GET_CONFIG`.
    Timeouts,
    /// `IPVS_CMD_GET_INFO`.
    Info,
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Services => f.write_str("list the services"),
            Self::Service(key) => write!(f, "read service {key}"),
            Self::Destinations(key) => write!(f, "list the destinations of {key}"),
            Self::Daemons => f.write_str("list the sync daemons"),
            Self::Timeouts => f.write_str("read the time-outs"),
            Self::Info => f.write_str("read the version"),
        }
    }
}
