//! What lbd wrote down of its own things in the kernel, so that it finds them again after a crash
//! or under a changed file. It lives in the runtime directory, which a reboot clears as it clears
//! the kernel. A thing is written down before it is made and crossed out after it is gone.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use ipvs_netlink::{Family, Protocol, ServiceKey};
use lbd_core::desired::{Desired, Marks, Vip};
use lbd_core::plan::{Actual, Scope, Step};
use netfilter_mark::ChainState;
use serde::{Deserialize, Serialize};
use sysctl_tune::{Change, Written};

mod sheet;
#[cfg(test)]
mod tests;

/// The ledger and the file it is kept in.
#[derive(Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
    /// What is lbd's.
    pages: Pages,
    /// What the file says of that: less, after something that keeps harm from others was done while it could not be written.
    written: Pages,
}

/// What could not be written down, and is not to be made now.
#[derive(Debug)]
pub(super) struct Unwritten {
    /// The steps that would make it.
    pub(super) kept_back: Vec<Step>,
    error: io::Error,
}

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; what is not written down there is not made, {} changes of the kernel wait: make room for it, or let \
             the directory be written to",
            self.error,
            self.kept_back.len()
        )
    }
}

/// The file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pages {
    addresses: BTreeSet<Address>,
    services: BTreeSet<Service>,
    /// Whether a connection sync daemon was started.
    #[serde(default)]
    sync: bool,
    marks: bool,
    /// The kernel parameters that were changed, in the order of writing.
    #[serde(default)]
    parameters: Vec<Parameter>,
}

/// A kernel parameter: its value before lbd first changed it, and the one that lbd last gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Parameter {
    key: String,
    before: i32,
    now: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Address {
    interface: String,
    address: IpNet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Service {
    Fwmark {
        mark: NonZeroU32,
        ipv6: bool,
    },
    Address {
        protocol: u16,
        address: IpAddr,
        port: u16,
    },
}

impl Ledger {
    /// Reads the ledger; one that is missing is empty.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        let path = directory.join("owned.json");
        let pages = match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("{} is damaged ({error}); remove it", path.display()),
                )
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Pages::default(),
            Err(error) => return Err(error),
        };
        let written = pages.clone();
        Ok(Self {
            path,
            pages,
            written,
        })
    }

    /// What is written down as lbd's.
    pub(crate) fn scope(&self) -> Scope {
        let pages = &self.pages;
        Scope {
            addresses: pages.addresses.iter().map(Vip::from).collect(),
            services: pages.services.iter().map(ServiceKey::from).collect(),
            sync: pages.sync,
            marks: pages.marks,
        }
    }

    /// The kernel parameters that were changed, in the order of writing.
    pub(crate) fn written(&self) -> Vec<Written> {
        let written = |parameter: &Parameter| {
            Some(Written {
                key: parameter.key.parse().ok()?,
                before: parameter.before,
                now: parameter.now,
            })
        };
        self.pages.parameters.iter().filter_map(written).collect()
    }

    /// Closes the ledger: nothing is lbd's any more.
    pub(crate) fn close(self) -> io::Result<()> {
        sheet::close(&self.path)
    }

    /// Writes down what the steps will make, before they are carried out, and gives those that may be. Where it
    /// cannot be written, nothing is made that is not written down already: it could not be found again or put back.
    /// What keeps harm from others is done all the same, and written down as soon as that is possible.
    pub(super) fn announce(&mut self, steps: Vec<Step>) -> (Vec<Step>, Option<Unwritten>) {
        let mut pages = self.pages.clone();
        steps.iter().for_each(|step| pages.add(step));
        let Err(error) = self.store(pages) else {
            return (steps, None);
        };
        let may = |step: &Step| step.is_for_safety() || self.pages.has(step);
        let (steps, kept_back): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(may);
        steps.iter().for_each(|step| self.pages.add(step));
        (steps, Some(Unwritten { kept_back, error }))
    }

    /// Crosses out what the steps took away, and what others took away before: should it come back, it
    /// will not be lbd's. Writes down what is wanted and there although no step makes it any more: an earlier daemon that
    /// could not write has made it. To be called after the steps were carried out.
    pub(super) fn settle(
        &mut self,
        steps: &[Step],
        before: &Actual,
        desired: &Desired,
    ) -> io::Result<()> {
        let mut pages = self.pages.clone();
        pages.addresses.retain(|address| {
            let vip = Vip::from(address);
            before.addresses.contains(&vip) || desired.addresses.contains(&vip)
        });
        if before.services.is_some() {
            pages.services.retain(|service| {
                let key = ServiceKey::from(service);
                before.has_service(&key) || desired.services.contains_key(&key)
            });
        }
        let none_runs = before.sync.as_ref().is_some_and(BTreeSet::is_empty);
        if none_runs && desired.sync.is_none() {
            pages.sync = false;
        }
        pages.sync |= desired.sync.is_some_and(|wanted| before.runs(&wanted));
        let chains = !matches!(before.marks, None | Some(ChainState::Absent));
        pages.marks |= chains && matches!(desired.marks, Marks::Exactly(_));
        if before.marks == Some(ChainState::Absent) && desired.marks == Marks::Absent {
            pages.marks = false;
        }
        for step in steps {
            pages.remove(step);
        }
        self.store(pages)
    }

    fn store(&mut self, pages: Pages) -> io::Result<()> {
        if pages == self.written {
            self.pages = pages;
            return Ok(());
        }
        let text = serde_json::to_string_pretty(&pages)?;
        sheet::write(&self.path, &text).map_err(|error| {
            let path = self.path.display();
            let text = format!("cannot write down in {path} what is lbd's: {error}");
            io::Error::new(error.kind(), text)
        })?;
        self.written.clone_from(&pages);
        self.pages = pages;
        Ok(())
    }
}

impl Pages {
    /// Whether all that the step makes is written down.
    fn has(&self, step: &Step) -> bool {
        let mut pages = self.clone();
        pages.add(step);
        pages == *self
    }

    fn add(&mut self, step: &Step) {
        match step {
            Step::AddAddress(vip) => {
                self.addresses.insert(vip.into());
            }
            Step::AddService(service) | Step::EditService(service) => {
                self.services.insert(service.key.into());
            }
            Step::AddDestination(key, _) | Step::EditDestination(key, _) => {
                self.services.insert((*key).into());
            }
            Step::SetMarks(_) => self.marks = true,
            Step::StartSync(_) => self.sync = true,
            Step::SetSysctl(change) => self.set(change),
            Step::RemoveAddress(_)
            | Step::RemoveMarks
            | Step::RemoveService(_)
            | Step::RemoveDestination(..)
            | Step::StopSync(_) => {}
        }
    }

    fn set(&mut self, change: &Change) {
        let key = change.key.to_string();
        if let Some(known) = self.parameters.iter_mut().find(|known| known.key == key) {
            known.now = change.to;
        } else if let Some(before) = change.from {
            self.parameters.push(Parameter {
                key,
                before,
                now: change.to,
            });
        }
    }

    fn remove(&mut self, step: &Step) {
        match step {
            Step::RemoveAddress(vip) => {
                self.addresses.remove(&vip.into());
            }
            Step::RemoveService(key) => {
                self.services.remove(&(*key).into());
            }
            Step::RemoveMarks => self.marks = false,
            Step::AddAddress(_)
            | Step::AddService(_)
            | Step::EditService(_)
            | Step::AddDestination(..)
            | Step::EditDestination(..)
            | Step::RemoveDestination(..)
            | Step::StartSync(_)
            // Another one may run in its place; whether none does is seen at the next look.
            | Step::StopSync(_)
            | Step::SetMarks(_)
            | Step::SetSysctl(_) => {}
        }
    }
}

impl From<&Vip> for Address {
    fn from(vip: &Vip) -> Self {
        Self {
            interface: vip.interface.clone(),
            address: vip.address,
        }
    }
}

impl From<&Address> for Vip {
    fn from(address: &Address) -> Self {
        Self {
            interface: address.interface.clone(),
            address: address.address,
        }
    }
}

impl From<ServiceKey> for Service {
    fn from(key: ServiceKey) -> Self {
        match key {
            ServiceKey::Fwmark { mark, family } => Self::Fwmark {
                mark,
                ipv6: family == Family::Ipv6,
            },
            ServiceKey::Address {
                protocol,
                address,
                port,
            } => Self::Address {
                protocol: protocol.number(),
                address,
                port,
            },
        }
    }
}

impl From<&Service> for ServiceKey {
    fn from(service: &Service) -> Self {
        match *service {
            Service::Fwmark { mark, ipv6 } => Self::Fwmark {
                mark,
                family: if ipv6 { Family::Ipv6 } else { Family::Ipv4 },
            },
            Service::Address {
                protocol,
                address,
                port,
            } => Self::Address {
                protocol: Protocol::from_number(protocol),
                address,
                port,
            },
        }
    }
}
