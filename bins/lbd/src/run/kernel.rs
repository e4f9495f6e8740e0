//! The kernel as `lbd-core` sees it: reads the state it looks at, and carries out its steps.

use std::collections::{BTreeMap, BTreeSet};

use ipvs_netlink::{Client, ServiceEntry, ServiceKey};
use lbd_core::desired::{Desired, Vip};
use lbd_core::plan::{Actual, ActualService, Scope, Step};
use netfilter_mark::{ChainState, Iptables};
use sysctl_tune::Setting;
use thiserror::Error;
use vip_netlink::{Added, Deleted, Link, Netlink};

use super::preflight::Needs;

/// Why the kernel could not be read or changed.
#[derive(Debug, Error)]
pub(super) enum KernelError {
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
pub(super) struct Kernel {
    network: Netlink,
    ipvs: Option<Client>,
    marks: Option<Iptables>,
}

impl Kernel {
    /// Opens the sockets to the kernel, on the thread that will use them.
    pub(super) async fn reach(needs: Needs) -> Result<Self, KernelError> {
        Ok(Self {
            network: Netlink::connect().await?,
            ipvs: match needs.ipvs {
                true => Some(Client::connect().await?),
                false => None,
            },
            marks: needs.marks,
        })
    }

    /// Reads what is there. The mark chain costs a process, so a caller that knows it passes it in.
    /// What cannot be read is told, and left out of the plan.
    ///
    /// # Errors
    /// The addresses cannot be read: nothing can be planned without them.
    pub(super) async fn read(
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
            (None, Some(iptables)) => iptables.read().map_err(|e| told(e.into())).ok(),
            (None, None) => Some(ChainState::Absent),
        };
        let services = self.services(desired, scope).await.map_err(&mut told).ok();
        let mut sysctls = BTreeMap::new();
        for setting in &desired.sysctls {
            match sysctl_tune::read(&setting.key) {
                Ok(value) => {
                    sysctls.insert(setting.key.clone(), value);
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
    async fn services(
        &mut self,
        desired: &Desired,
        scope: &Scope,
    ) -> Result<BTreeMap<ServiceKey, ActualService>, KernelError> {
        let Some(ipvs) = &mut self.ipvs else {
            return Ok(BTreeMap::new());
        };
        let mut services = BTreeMap::new();
        for ServiceEntry { service, .. } in ipvs.services().await? {
            let key = service.key;
            if !desired.services.contains_key(&key) && !scope.services.contains(&key) {
                continue;
            }
            let entries = match ipvs.destinations(&key).await {
                // Deleted by somebody between the two looks.
                Err(ipvs_netlink::Error::NoSuchService { .. }) => continue,
                entries => entries?,
            };
            let destinations = entries
                .into_iter()
                .map(|entry| (entry.destination.key(), entry.destination))
                .collect();
            let entry = ActualService {
                service,
                destinations,
            };
            services.insert(key, entry);
        }
        Ok(services)
    }

    /// Carries out one step. What is already as the step would make it is no error.
    pub(super) async fn apply(&mut self, step: &Step) -> Result<(), KernelError> {
        match step {
            Step::AddAddress(vip) => self.add_address(vip).await,
            Step::RemoveAddress(vip) => self.remove_address(vip).await,
            Step::SetSysctl(change) => Ok(sysctl_tune::write(&change.key, change.to)?),
            Step::SetMarks(rules) => match &self.marks {
                Some(iptables) => Ok(iptables.replace(rules)?),
                None => Ok(()),
            },
            Step::RemoveMarks => match &self.marks {
                Some(iptables) => Ok(iptables.remove()?),
                None => Ok(()),
            },
            Step::AddService(_)
            | Step::EditService(_)
            | Step::RemoveService(_)
            | Step::AddDestination(..)
            | Step::EditDestination(..)
            | Step::RemoveDestination(..) => self.apply_to_table(step).await,
        }
    }

    async fn apply_to_table(&mut self, step: &Step) -> Result<(), KernelError> {
        let Some(ipvs) = &mut self.ipvs else {
            return Ok(());
        };
        match step {
            Step::AddService(service) => ipvs.add_service(service).await?,
            Step::EditService(service) => ipvs.edit_service(service).await?,
            Step::RemoveService(key) => ipvs.delete_service(key).await?,
            Step::AddDestination(key, server) => ipvs.add_destination(key, server).await?,
            Step::EditDestination(key, server) => ipvs.edit_destination(key, server).await?,
            Step::RemoveDestination(key, server) => ipvs.delete_destination(key, server).await?,
            Step::AddAddress(_)
            | Step::RemoveAddress(_)
            | Step::SetSysctl(_)
            | Step::SetMarks(_)
            | Step::RemoveMarks => {}
        }
        Ok(())
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
