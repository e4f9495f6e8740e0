//! From what the kernel holds to what it should hold: an ordered, minimal list of steps.
//!
//! One order serves every occasion. What attracts traffic comes last on the way up and goes first
//! on the way down: the address leaves the NIC before the marks and services go; parameters
//! stand before the address is on `lo`; services and marks stand before the address is on
//! the NIC. Where nothing differs there is no step.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ipvs_netlink::{Destination, DestinationKey, Service, ServiceKey};
use netfilter_mark::{ChainState, MarkRule};
use sysctl_tune::Change;

use crate::desired::{Desired, DesiredService, Marks, Vip, Want};
use crate::host::Host;

/// The part of the kernel's state that lbd looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct Actual {
    /// The parameters of [`Desired::sysctls`] that differ from what is wanted.
    pub sysctl_changes: Vec<Change>,
    /// Every address on the host's interfaces.
    pub addresses: BTreeSet<Vip>,
    /// The IPVS services that lbd wants or may have made, with their destinations. None: the table could
    /// not be read, and nothing is planned for it.
    pub services: Option<BTreeMap<ServiceKey, ActualService>>,
    /// The mark chain. None: it could not be read, and nothing is planned for it.
    pub marks: Option<ChainState>,
}

impl Actual {
    /// Whether the kernel is known to have this service.
    #[must_use]
    pub fn has_service(&self, key: &ServiceKey) -> bool {
        self.services
            .as_ref()
            .is_some_and(|services| services.contains_key(key))
    }
}

/// An IPVS service as the kernel has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ActualService {
    /// The service itself.
    pub service: Service,
    /// Its real servers.
    pub destinations: BTreeMap<DestinationKey, Destination>,
}

/// What of the kernel's state is lbd's to take away: what the file names, and what lbd wrote down
/// that it made, perhaps under an earlier file. All else belongs to others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Addresses.
    pub addresses: BTreeSet<Vip>,
    /// Services.
    pub services: BTreeSet<ServiceKey>,
    /// Whether the mark chain may be lbd's.
    pub marks: bool,
}

impl Scope {
    /// What the file names for this host.
    #[must_use]
    pub fn of(host: &Host) -> Self {
        let mut addresses = Desired::standing(host).addresses;
        for (_, router) in host.routers() {
            addresses.extend(router.addresses.iter().map(|address| Vip {
                interface: router.interface.clone(),
                address: *address,
            }));
        }
        let services: BTreeSet<ServiceKey> =
            host.directed().map(|(_, service)| service.key()).collect();
        Self {
            addresses,
            marks: !services.is_empty(),
            services,
        }
    }

    /// Both together.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        self.addresses.extend(other.addresses.iter().cloned());
        self.services.extend(other.services.iter().copied());
        self.marks |= other.marks;
        self
    }
}

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
    /// Make the mark chain hold exactly these rules.
    SetMarks(Vec<MarkRule>),
    /// Put an address on an interface.
    AddAddress(Vip),
}

/// The steps from `actual` to `desired`, in order; empty when they agree.
#[must_use]
pub fn plan(desired: &Desired, actual: &Actual, scope: &Scope) -> Vec<Step> {
    let mut steps = Vec::new();
    unwanted_addresses(desired, actual, scope, &mut steps);
    unwanted_marks(desired, actual, scope, &mut steps);
    unwanted_services(desired, actual, scope, &mut steps);
    steps.extend(actual.sysctl_changes.iter().cloned().map(Step::SetSysctl));
    missing_addresses(desired, actual, true, &mut steps);
    if let Some(services) = &actual.services {
        for (key, wanted) in &desired.services {
            service(*key, wanted, services.get(key), &mut steps);
        }
    }
    wanted_marks(desired, actual, &mut steps);
    missing_addresses(desired, actual, false, &mut steps);
    steps
}

/// A copy with another prefix length, from an older file perhaps, is unwanted too.
fn unwanted_addresses(desired: &Desired, actual: &Actual, scope: &Scope, steps: &mut Vec<Step>) {
    let ours = |vip: &&Vip| scope.addresses.iter().any(|known| known.same_place(vip));
    let gone = actual.addresses.difference(&desired.addresses).filter(ours);
    steps.extend(gone.cloned().map(Step::RemoveAddress));
}

fn unwanted_marks(desired: &Desired, actual: &Actual, scope: &Scope, steps: &mut Vec<Step>) {
    let there = actual
        .marks
        .as_ref()
        .is_some_and(|marks| *marks != ChainState::Absent);
    if desired.marks == Marks::Absent && scope.marks && there {
        steps.push(Step::RemoveMarks);
    }
}

fn unwanted_services(desired: &Desired, actual: &Actual, scope: &Scope, steps: &mut Vec<Step>) {
    let gone = scope
        .services
        .iter()
        .filter(|key| actual.has_service(key) && !desired.services.contains_key(key));
    steps.extend(gone.copied().map(Step::RemoveService));
}

fn missing_addresses(desired: &Desired, actual: &Actual, on_lo: bool, steps: &mut Vec<Step>) {
    let missing = desired
        .addresses
        .difference(&actual.addresses)
        .filter(|vip| (vip.interface == "lo") == on_lo);
    steps.extend(missing.cloned().map(Step::AddAddress));
}

fn service(
    key: ServiceKey,
    wanted: &DesiredService,
    actual: Option<&ActualService>,
    steps: &mut Vec<Step>,
) {
    let nothing = BTreeMap::new();
    let destinations = actual.map_or(&nothing, |actual| &actual.destinations);
    match actual {
        None => steps.push(Step::AddService(wanted.service)),
        Some(actual) if actual.service != wanted.service => {
            steps.push(Step::EditService(wanted.service));
        }
        Some(_) => {}
    }
    for (address, want) in &wanted.destinations {
        match (want, destinations.get(address)) {
            (Want::Present(destination), None) => {
                steps.push(Step::AddDestination(key, *destination));
            }
            (Want::Present(destination), Some(actual)) if destination != actual => {
                steps.push(Step::EditDestination(key, *destination));
            }
            (Want::Absent, Some(_)) => steps.push(Step::RemoveDestination(key, *address)),
            (Want::Present(_), Some(_)) | (Want::Absent, None) | (Want::AsIs, _) => {}
        }
    }
    let strangers = destinations
        .keys()
        .filter(|address| !wanted.destinations.contains_key(address));
    steps.extend(strangers.map(|address| Step::RemoveDestination(key, *address)));
}

fn wanted_marks(desired: &Desired, actual: &Actual, steps: &mut Vec<Step>) {
    let Marks::Exactly(rules) = &desired.marks else {
        return;
    };
    if actual
        .marks
        .as_ref()
        .is_some_and(|marks| !marks.holds(rules))
    {
        steps.push(Step::SetMarks(rules.clone()));
    }
}

impl fmt::Display for Vip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.address, self.interface)
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
