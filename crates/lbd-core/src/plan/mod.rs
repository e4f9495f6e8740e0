//! From what the kernel holds to what it should hold: an ordered, minimal list of steps.
//!
//! One order serves every occasion. What attracts traffic comes last on the way up and goes first
//! on the way down: the address leaves the NIC before the services and marks go; parameters
//! stand before the address is on `lo`; marks, services and sync stand before the address is on
//! the NIC. The mark rules with their guard are there as long as a service is: a connection entry of long ago
//! is followed in any gap between them. Where nothing differs there is no step.

mod guard;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use ipvs_netlink::{Daemon, DaemonRole, Destination, DestinationKey, Service, ServiceKey};
use netfilter_mark::ChainState;
use sysctl_tune::Change;

use crate::desired::{Desired, DesiredService, Marks, Vip, Want};
use crate::host::Host;
pub use guard::split_unguarded;
pub use step::{Corner, Step};

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
    /// The connection sync daemons that run. None: not known, and nothing is planned for them.
    pub sync: Option<BTreeSet<Daemon>>,
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

    /// Whether the kernel is known to run a sync daemon of this role, interface and ID.
    #[must_use]
    pub fn runs(&self, wanted: &Daemon) -> bool {
        let mut running = self.sync.iter().flatten();
        running.any(|found| same(found, wanted))
    }

    /// Whether this corner of the kernel could be read.
    #[must_use]
    pub fn knows(&self, corner: Corner) -> bool {
        match corner {
            Corner::Addresses | Corner::Parameters => true,
            Corner::Marks => self.marks.is_some(),
            Corner::Services => self.services.is_some(),
            Corner::Sync => self.sync.is_some(),
        }
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
    /// Whether connection sync daemons may be lbd's.
    pub sync: bool,
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
            sync: !services.is_empty() && host.config.connection_sync,
            marks: !services.is_empty(),
            services,
        }
    }

    /// Both together.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        self.addresses.extend(other.addresses.iter().cloned());
        self.services.extend(other.services.iter().copied());
        self.sync |= other.sync;
        self.marks |= other.marks;
        self
    }
}

/// The steps from `actual` to `desired`, in order; empty when they agree.
#[must_use]
pub fn plan(desired: &Desired, actual: &Actual, scope: &Scope) -> Vec<Step> {
    let mut steps = Vec::new();
    unwanted_addresses(desired, actual, scope, &mut steps);
    sync(desired, actual, scope, Some(DaemonRole::Backup), &mut steps);
    unwanted_services(desired, actual, scope, &mut steps);
    unwanted_marks(desired, actual, scope, &mut steps);
    sync(desired, actual, scope, None, &mut steps);
    steps.extend(actual.sysctl_changes.iter().cloned().map(Step::SetSysctl));
    missing_addresses(desired, actual, true, &mut steps);
    wanted_marks(desired, actual, &mut steps);
    if let Some(services) = &actual.services {
        for (key, wanted) in &desired.services {
            service(*key, wanted, services.get(key), &mut steps);
        }
    }
    sync(desired, actual, scope, Some(DaemonRole::Master), &mut steps);
    missing_addresses(desired, actual, false, &mut steps);
    steps
}

/// Where a daemon of role `turn` is wanted (none: where none is), starts it and stops what else runs. A backup comes
/// first, as the kernel balances nothing from then on; a master comes when all it tells of is there. The
/// one that is wanted runs before the other is stopped, so that at no moment there is neither.
fn sync(
    desired: &Desired,
    actual: &Actual,
    scope: &Scope,
    turn: Option<DaemonRole>,
    steps: &mut Vec<Step>,
) {
    let Some(running) = actual.sync.as_ref().filter(|_| scope.sync) else {
        return;
    };
    if desired.sync.map(|wanted| wanted.role) != turn {
        return;
    }
    if desired.sync_kept && !running.is_empty() {
        return;
    }
    let serves = |found: &Daemon| desired.sync.is_some_and(|wanted| same(found, &wanted));
    let others = running.iter().filter(|found| !serves(found));
    // Two of one role cannot run side by side.
    let (replaced, unwanted): (Vec<&Daemon>, Vec<&Daemon>) =
        others.partition(|found| Some(found.role) == turn);
    steps.extend(replaced.iter().map(|found| Step::StopSync(found.role)));
    if !running.iter().any(serves) {
        steps.extend(desired.sync.map(Step::StartSync));
    }
    steps.extend(unwanted.iter().map(|found| Step::StopSync(found.role)));
}

/// The kernel tells of a running daemon also what it chose by itself.
fn same(found: &Daemon, wanted: &Daemon) -> bool {
    let place = |daemon: &Daemon| (daemon.role, daemon.interface, daemon.sync_id);
    place(found) == place(wanted)
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
    let stays = |key: &ServiceKey| desired.services.contains_key(key) || desired.kept.contains(key);
    let gone = scope
        .services
        .iter()
        .filter(|key| actual.has_service(key) && !stays(key));
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
    for (address, want) in wanted.destinations.iter() {
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
