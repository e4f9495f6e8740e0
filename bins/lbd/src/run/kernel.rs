//! The kernel as `lbd-core` sees it: reads the state it looks at, and carries out its steps.

use std::collections::BTreeMap;

use ipvs_netlink::Client;
use lbd_core::desired::{Desired, Vip};
use lbd_core::plan::{Actual, ActualService, Step};
use netfilter_mark::{ChainState, Iptables, Mac};
use thiserror::Error;
use vip_netlink::{Added, Deleted, Netlink};

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

/// The corners of the kernel that this host's roles need; the others are not touched.
#[derive(Debug)]
pub(super) struct Kernel {
    pub(super) network: Netlink,
    pub(super) ipvs: Option<Client>,
    pub(super) marks: Option<Iptables>,
}

impl Kernel {
    /// Reads what is there. The mark chain costs a process, so a caller that knows it passes it in.
    pub(super) async fn read(
        &mut self,
        desired: &Desired,
        marks: Option<ChainState>,
    ) -> Result<Actual, KernelError> {
        let sysctls = sysctl_tune::read_all(&desired.sysctls)?;
        let marks = match (marks, &self.marks) {
            (Some(known), _) => known,
            (None, Some(iptables)) => iptables.read()?,
            (None, None) => ChainState::Absent,
        };
        Ok(Actual {
            sysctl_changes: sysctl_tune::plan(&desired.sysctls, &sysctls),
            addresses: self.addresses().await?,
            services: self.services().await?,
            marks,
        })
    }

    async fn addresses(&self) -> Result<std::collections::BTreeSet<Vip>, KernelError> {
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

    async fn services(
        &mut self,
    ) -> Result<BTreeMap<ipvs_netlink::ServiceKey, ActualService>, KernelError> {
        let Some(ipvs) = &mut self.ipvs else {
            return Ok(BTreeMap::new());
        };
        let mut services = BTreeMap::new();
        for entry in ipvs.services().await? {
            let destinations = ipvs
                .destinations(&entry.service.key)
                .await?
                .into_iter()
                .map(|entry| (entry.destination.key(), entry.destination))
                .collect();
            let service = entry.service;
            services.insert(
                service.key,
                ActualService {
                    service,
                    destinations,
                },
            );
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
        let index = self.index(&vip.interface).await?;
        match self.network.delete_address(index, vip.address).await? {
            Deleted::Deleted | Deleted::NotThere => Ok(()),
        }
    }

    async fn index(&self, interface: &str) -> Result<u32, KernelError> {
        Ok(self.link(interface).await?.0)
    }

    /// An interface's number and hardware address.
    pub(super) async fn link(&self, interface: &str) -> Result<(u32, Option<Mac>), KernelError> {
        match self.network.link(interface).await? {
            Some(link) => Ok((link.index, link.mac.map(Mac))),
            None => Err(KernelError::NoInterface(interface.to_owned())),
        }
    }

    /// Whether an address is held on this interface.
    pub(super) async fn holds(
        &self,
        interface: &str,
        address: std::net::IpAddr,
    ) -> Result<bool, KernelError> {
        let held = self.addresses().await?;
        Ok(held
            .iter()
            .any(|vip| vip.interface == interface && vip.address.addr() == address))
    }
}
