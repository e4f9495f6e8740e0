//! The kernel as `lbd-core` sees it: reads the state it looks at, and carries out its steps.

use std::collections::{BTreeMap, BTreeSet};

use ipvs_netlink::{Change, Client, Daemon, DestinationEntry, ServiceEntry, ServiceKey};
use lbd_core::desired::{Desired, Vip};
use lbd_core::plan::{Actual, ActualService, Scope, Step};
use netfilter_mark::{Backend, ChainState};
use sysctl_tune::Setting;
use thiserror::Error;
use tracing::debug;
use vip_netlink::{Added, Deleted, Link, Netlink};

use super::preflight::Needs;

/// Why the kernel could not be read or changed.
#[derive(Debug, Error)]
pub(crate) enum KernelError {
    #[error(transparent)]
    Ipvs(#[from] ipvs_netlink::Error),
    #[error(transparent)]
    Network(#[from] vip_netlink::Error),
    #[error(transparent)]
    Marks(#[from] netfilter_mark::Error),
    #[error(transparent)]
    Sysctl(#[from] sysctl_tune::Error),
    #[error("there is no interface {0}")]
    NoInterface(String),
}

impl KernelError {
    /// Whether it will fail again however often it is tried.
    pub(super) fn is_for_good(&self) -> bool {
        matches!(self, Self::Network(vip_netlink::Error::Closed { .. }))
    }
}

/// The corners of the kernel that this host's roles need, now or before; the others are not touched.
#[derive(Debug)]
pub(crate) struct Kernel {
    network: Netlink,
    /// None where it is not needed, or could not be reached when another file came to need it.
    ipvs: Option<Client>,
    needs_ipvs: bool,
    marks: Option<Backend>,
}

impl Kernel {
    /// Opens the sockets to the kernel, on the thread that will use them.
    pub(crate) async fn reach(needs: Needs) -> Result<Self, KernelError> {
        Ok(Self {
            network: Netlink::connect().await?,
            ipvs: match needs.ipvs {
                true => Some(Client::connect().await?),
                false => None,
            },
            needs_ipvs: needs.ipvs,
            marks: needs.marks,
        })
    }

    /// Goes over to what another file needs; what is open stays, as something may be left there. IPVS is reached with the next
    /// [`read`](Self::read), and each one after it until that works.
    pub(super) fn reform(&mut self, needs: Needs) {
        if needs.marks.is_some() {
            self.marks = needs.marks;
        }
        self.needs_ipvs = needs.ipvs;
    }

    /// What the mark rules are made with, where there are any.
    pub(super) fn marks(&self) -> Option<Backend> {
        self.marks.clone()
    }

    /// Takes lbd's mark rules out of the backends that are not in use any more: they would have their effect still.
    pub(super) fn clear_other_backends(&self) -> Result<(), KernelError> {
        match &self.marks {
            Some(backend) => Ok(backend.remove_from_others()?),
            None => Ok(()),
        }
    }

    /// Reads what is there. The mark chain costs a process, so a caller that knows it passes it in.
    /// What cannot be read is told, and left out of the plan.
    ///
    /// # Errors
    /// The addresses cannot be read: nothing can be planned without them.
    pub(crate) async fn read(
        &mut self,
        desired: &Desired,
        scope: &Scope,
        marks: Option<ChainState>,
        failures: &mut Vec<String>,
    ) -> Result<Actual, KernelError> {
        let addresses = self.addresses().await?;
        let mut told = |error: KernelError| failures.push(error.to_string());
        let marks = match (marks, &self.marks) {
            (Some(known), _) => Some(known),
            (None, Some(backend)) => backend.read().map_err(|e| told(e.into())).ok(),
            (None, None) => Some(ChainState::Absent),
        };
        let services = self.services(desired, scope).await.map_err(&mut told).ok();
        let sync = self.sync(scope).await.map_err(&mut told).ok().flatten();
        let mut sysctls = BTreeMap::new();
        for setting in &desired.sysctls {
            match sysctl_tune::read(&setting.key) {
                Ok(value) => {
                    sysctls.insert(setting.key.clone(), value);
                }
                // Not every kernel has all of IPVS's; the others must be there.
                Err(sysctl_tune::Error::Missing { key }) if key.is_ipvs() => {
                    debug!("this kernel has no {key}");
                }
                Err(error) => told(error.into()),
            }
        }
        let readable: Vec<Setting> = desired
            .sysctls
            .iter()
            .filter(|setting| sysctls.contains_key(&setting.key))
            .cloned()
            .collect();
        Ok(Actual {
            sysctl_changes: sysctl_tune::plan(&readable, &sysctls),
            addresses,
            services,
            sync,
            marks,
        })
    }

    /// Every address on the host's interfaces.
    pub(super) async fn addresses(&self) -> Result<BTreeSet<Vip>, KernelError> {
        let names: BTreeMap<u32, String> = self
            .network
            .links()
            .await?
            .into_iter()
            .map(|link| (link.index, link.name))
            .collect();
        let addresses = self.network.addresses().await?;
        let vip = |address: vip_netlink::Address| {
            let interface = names.get(&address.index)?.clone();
            let address = address.address;
            Some(Vip { interface, address })
        };
        Ok(addresses.into_iter().filter_map(vip).collect())
    }

    /// The services that are wanted or may be lbd's; those of others are not looked into.
    ///
    /// # Errors
    /// The table cannot be read, or IPVS not be reached.
    async fn services(
        &mut self,
        desired: &Desired,
        scope: &Scope,
    ) -> Result<BTreeMap<ServiceKey, ActualService>, KernelError> {
        if self.needs_ipvs && self.ipvs.is_none() {
            self.ipvs = Some(Client::connect().await?);
        }
        let Some(ipvs) = &mut self.ipvs else {
            return Ok(BTreeMap::new());
        };
        let ours =
            |key: &ServiceKey| desired.services.contains_key(key) || scope.services.contains(key);
        let entry = |(entry, servers): (ServiceEntry, Vec<DestinationEntry>)| {
            let servers = servers.into_iter().map(|server| server.destination);
            let service = ActualService {
                service: entry.service,
                destinations: servers.map(|server| (server.key(), server)).collect(),
            };
            (entry.service.key, service)
        };
        Ok(ipvs.table(ours).await?.into_iter().map(entry).collect())
    }

    /// The sync daemons that run; not known where they are none of lbd's business, or IPVS is not reached.
    async fn sync(&mut self, scope: &Scope) -> Result<Option<BTreeSet<Daemon>>, KernelError> {
        let Some(ipvs) = self.ipvs.as_mut().filter(|_| scope.sync) else {
            return Ok(None);
        };
        let found = ipvs.daemons().await?;
        Ok(Some(found.into_iter().map(|entry| entry.daemon).collect()))
    }

    /// Carries out one step that is no change of IPVS.
    pub(crate) async fn apply(&mut self, step: &Step) -> Result<(), KernelError> {
        match step {
            Step::AddAddress(vip) => self.add_address(vip).await,
            Step::RemoveAddress(vip) => self.remove_address(vip).await,
            Step::SetSysctl(change) => Ok(sysctl_tune::write(&change.key, change.to)?),
            Step::SetMarks(rules) => match &self.marks {
                Some(backend) => Ok(backend.replace(rules)?),
                None => Ok(()),
            },
            Step::RemoveMarks => match &self.marks {
                Some(backend) => Ok(backend.remove()?),
                None => Ok(()),
            },
            Step::AddService(_)
            | Step::EditService(_)
            | Step::RemoveService(_)
            | Step::AddDestination(..)
            | Step::EditDestination(..)
            | Step::RemoveDestination(..)
            | Step::StartSync(_)
            | Step::StopSync(_) => Ok(()),
        }
    }

    /// Carries out changes of IPVS, in order and together.
    ///
    /// # Errors
    /// The connection to the kernel failed: what was done is not known.
    pub(crate) async fn apply_ipvs(
        &mut self,
        changes: &[Change],
    ) -> Result<Vec<Result<(), KernelError>>, KernelError> {
        let Some(ipvs) = &mut self.ipvs else {
            return Err(KernelError::Ipvs(ipvs_netlink::Error::NoIpvs));
        };
        let done = ipvs.apply(changes).await?;
        Ok(done
            .into_iter()
            .map(|each| each.map_err(KernelError::from))
            .collect())
    }

    async fn add_address(&self, vip: &Vip) -> Result<(), KernelError> {
        let index = self.index(&vip.interface).await?;
        match self.network.add_address(index, vip.address).await? {
            Added::Added | Added::AlreadyThere => Ok(()),
        }
    }

    async fn remove_address(&self, vip: &Vip) -> Result<(), KernelError> {
        let Some(link) = self.network.link(&vip.interface).await? else {
            return Ok(());
        };
        match self.network.delete_address(link.index, vip.address).await? {
            Deleted::Deleted | Deleted::NotThere => Ok(()),
        }
    }

    async fn index(&self, interface: &str) -> Result<u32, KernelError> {
        Ok(self.link(interface).await?.index)
    }

    /// An interface.
    pub(super) async fn link(&self, interface: &str) -> Result<Link, KernelError> {
        let link = self.network.link(interface).await?;
        link.ok_or_else(|| KernelError::NoInterface(interface.to_owned()))
    }
}

/// A step as a change of IPVS, if it is one.
pub(crate) fn change_of_ipvs(step: &Step) -> Option<Change> {
    Some(match *step {
        Step::AddService(service) => Change::AddService(service),
        Step::EditService(service) => Change::EditService(service),
        Step::RemoveService(key) => Change::DeleteService(key),
        Step::AddDestination(key, server) => Change::AddDestination(key, server),
        Step::EditDestination(key, server) => Change::EditDestination(key, server),
        Step::RemoveDestination(key, server) => Change::DeleteDestination(key, server),
        Step::StartSync(daemon) => Change::StartDaemon(daemon),
        Step::StopSync(role) => Change::StopDaemon(role),
        Step::AddAddress(_)
        | Step::RemoveAddress(_)
        | Step::SetSysctl(_)
        | Step::SetMarks(_)
        | Step::RemoveMarks => return None,
    })
}
