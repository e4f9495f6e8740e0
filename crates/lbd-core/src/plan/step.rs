//! One change of the kernel's state, and how it is told.

use std::fmt;

use ipvs_netlink::{Daemon, DaemonRole, Destination, DestinationKey, Service, ServiceKey};
use netfilter_mark::MarkRule;
use sysctl_tune::Change;

use crate::desired::Vip;

/// One change of the kernel's state.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Take an address off an interface.
    RemoveAddress(Vip),
    /// Take the mark chain and the jump to it away.
    RemoveMarks,
    /// Delete a service with its destinations.
    RemoveService(ServiceKey),
    /// Write a kernel parameter.
    SetSysctl(Change),
    /// Add a service.
    AddService(Service),
    /// Change a service in place.
    EditService(Service),
    /// Delete a destination.
    RemoveDestination(ServiceKey, DestinationKey),
    /// Add a destination.
    AddDestination(ServiceKey, Destination),
    /// Change a destination in place.
    EditDestination(ServiceKey, Destination),
    /// Start a connection sync daemon.
    StartSync(Daemon),
    /// Stop the connection sync daemon of this role.
    StopSync(DaemonRole),
    /// Make the mark chain hold exactly these rules.
    SetMarks(Vec<MarkRule>),
    /// Put an address on an interface.
    AddAddress(Vip),
}

/// A corner of the kernel, which is read as a whole or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Corner {
    /// Addresses on interfaces.
    Addresses,
    /// Kernel parameters.
    Parameters,
    /// Firewall rules.
    Marks,
    /// The table of IPVS.
    Services,
    /// The connection sync daemons of IPVS.
    Sync,
}

impl Corner {
    /// Each of them.
    pub const ALL: [Self; 5] = [
        Self::Addresses,
        Self::Parameters,
        Self::Marks,
        Self::Services,
        Self::Sync,
    ];
}

impl Step {
    /// The service whose server it is about; none for a step about anything else, the service itself included.
    #[must_use]
    pub fn service_of_server(&self) -> Option<ServiceKey> {
        match self {
            Self::AddDestination(key, _)
            | Self::EditDestination(key, _)
            | Self::RemoveDestination(key, _) => Some(*key),
            Self::RemoveAddress(_)
            | Self::RemoveMarks
            | Self::RemoveService(_)
            | Self::SetSysctl(_)
            | Self::AddService(_)
            | Self::EditService(_)
            | Self::StartSync(_)
            | Self::StopSync(_)
            | Self::SetMarks(_)
            | Self::AddAddress(_) => None,
        }
    }

    /// Whether leaving it out would harm others: two hosts that hold an address or answer for it, or frames that go in
    /// circles. Such a step is never put off.
    #[must_use]
    pub fn is_for_safety(&self) -> bool {
        match self {
            Self::RemoveAddress(_)
            | Self::RemoveService(_)
            | Self::StartSync(_)
            | Self::StopSync(_)
            // The guard comes with the marks.
            | Self::SetMarks(_) => true,
            // Who answers ARP for an address, and whether a backup balances.
            Self::SetSysctl(change) => {
                matches!(change.key.name(), "arp_ignore" | "arp_announce" | "backup_only")
            }
            Self::RemoveMarks
            | Self::AddService(_)
            | Self::EditService(_)
            | Self::RemoveDestination(..)
            | Self::AddDestination(..)
            | Self::EditDestination(..)
            | Self::AddAddress(_) => false,
        }
    }

    /// Where the step changes something.
    #[must_use]
    pub fn corner(&self) -> Corner {
        match self {
            Self::RemoveAddress(_) | Self::AddAddress(_) => Corner::Addresses,
            Self::RemoveMarks | Self::SetMarks(_) => Corner::Marks,
            Self::SetSysctl(_) => Corner::Parameters,
            Self::AddService(_)
            | Self::EditService(_)
            | Self::RemoveService(_)
            | Self::RemoveDestination(..)
            | Self::AddDestination(..)
            | Self::EditDestination(..) => Corner::Services,
            Self::StartSync(_) | Self::StopSync(_) => Corner::Sync,
        }
    }

    /// What the step is about, whatever it does to it: the same for steps that undo each other.
    #[must_use]
    pub fn thing(&self) -> String {
        match self {
            Self::RemoveAddress(vip) | Self::AddAddress(vip) => {
                format!("{} on {}", vip.address.addr(), vip.interface)
            }
            Self::RemoveMarks | Self::SetMarks(_) => "the mark rules".to_owned(),
            Self::SetSysctl(change) => change.key.to_string(),
            Self::AddService(service) | Self::EditService(service) => service.key.to_string(),
            Self::RemoveService(key) => key.to_string(),
            Self::RemoveDestination(key, server) => format!("{server} of {key}"),
            Self::AddDestination(key, server) | Self::EditDestination(key, server) => {
                format!("{} of {key}", server.key())
            }
            Self::StartSync(_) | Self::StopSync(_) => "the sync daemons".to_owned(),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RemoveAddress(vip) => write!(f, "remove address {vip}"),
            Self::RemoveMarks => f.write_str("remove the mark chain"),
            Self::RemoveService(key) => write!(f, "remove service {key}"),
            Self::SetSysctl(change) => write!(f, "set {} to {}", change.key, change.to),
            Self::AddService(service) => write!(f, "add service {}", service.key),
            Self::EditService(service) => write!(f, "change service {}", service.key),
            Self::RemoveDestination(key, server) => write!(f, "remove server {server} from {key}"),
            Self::AddDestination(key, server) => {
                write!(
                    f,
                    "add server {} with weight {} to {key}",
                    server.key(),
                    server.weight
                )
            }
            Self::EditDestination(key, server) => {
                write!(
                    f,
                    "change server {} of {key} to weight {}",
                    server.key(),
                    server.weight
                )
            }
            Self::StartSync(daemon) => write!(
                f,
                "start the {} sync daemon on {}",
                daemon.role, daemon.interface
            ),
            Self::StopSync(role) => write!(f, "stop the {role} sync daemon"),
            Self::SetMarks(rules) => write!(f, "set the mark chain: {}", Rules(rules)),
            Self::AddAddress(vip) => write!(f, "add address {vip}"),
        }
    }
}

struct Rules<'a>(&'a [MarkRule]);

impl fmt::Display for Rules<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, rule) in self.0.iter().enumerate() {
            let separator = if n == 0 { "" } else { "; " };
            let (address, port, mark) = (rule.destination, rule.port, rule.mark);
            write!(f, "{separator}{address} port {port} gets mark {mark}")?;
            for (n, mac) in rule.excluded.iter().enumerate() {
                let separator = if n == 0 { " unless from " } else { ", " };
                write!(f, "{separator}{mac}")?;
            }
        }
        Ok(())
    }
}
