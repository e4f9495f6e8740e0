//! Everything that can be found out before anything is changed: is the file right for this host,
//! may we, and has the kernel what it takes?

use lbd_core::config::{Config, MarkMode};
use lbd_core::host::{Host, Interface};
use lbd_core::plan::Scope;
use netfilter_mark::{Backend, Choice};
use tracing::error;
use vip_netlink::Netlink;

use super::commands::{self, Rights};
use super::ledger::Ledger;
use super::lock::{self, Lock};
use super::network;
use crate::cli::RunOptions;
use crate::failure::Failure;

/// CAP_NET_ADMIN and CAP_NET_RAW (linux/capability.h).
const NEEDED: [(u32, &str); 2] = [(12, "CAP_NET_ADMIN"), (13, "CAP_NET_RAW")];

/// What the daemon starts with.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) host: Host,
    pub(super) needs: Needs,
    pub(super) rights: Rights,
    pub(super) ledger: Ledger,
    pub(super) lock: Lock,
}

pub(super) async fn preflight(config: Config, options: &RunOptions) -> Result<Ready, Failure> {
    rights()?;
    let (host, _) = host(config, options).await?;
    let (rights, unfit) = commands::look_over(&host);
    match options.restarted {
        // It goes on: a script that cannot be run has failed, and that is all.
        true => unfit.iter().for_each(|what| error!("{what}")),
        false => commands::none_unfit(&unfit)?,
    }
    let needs = needs_of(&host).await?;
    let lock = lock::take(&options.runtime_dir)?;
    let ledger = Ledger::open(&options.runtime_dir)
        .map_err(|error| Failure::Runtime(format!("the ledger: {error}")))?;
    let needs = needs.or_left(&ledger.scope()).await;
    Ok(Ready {
        host,
        needs,
        rights,
        ledger,
        lock,
    })
}

/// Whether this process may change the network.
pub(crate) fn rights() -> Result<(), Failure> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0);
    let missing: Vec<&str> = NEEDED
        .iter()
        .filter(|(bit, _)| effective & (1 << bit) == 0)
        .map(|(_, name)| *name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Rights(format!(
        "not allowed to change the network: run as root, or with {} (missing)",
        missing.join(" and ")
    )))
}

/// Finds this host in the file.
pub(super) async fn host(
    config: Config,
    options: &RunOptions,
) -> Result<(Host, Vec<Interface>), Failure> {
    let kernel = |error: vip_netlink::Error| Failure::Runtime(error.to_string());
    let netlink = Netlink::connect().await.map_err(kernel)?;
    let interfaces = network::interfaces(&netlink).await.map_err(kernel)?;
    let host = Host::new(config, &interfaces, options.node.as_deref())
        .map_err(|error| Failure::Host(format!("{}: {error}", options.config.display())))?;
    Ok((host, interfaces))
}

async fn ipvs_is_there(host: &Host) -> Result<(), Failure> {
    if host.directed().next().is_some() {
        let client = ipvs_netlink::Client::connect().await;
        client.map_err(|error| Failure::Kernel(error.to_string()))?;
    }
    Ok(())
}

/// Which corners of the kernel are needed.
#[derive(Debug)]
pub(crate) struct Needs {
    pub(crate) ipvs: bool,
    pub(crate) marks: Option<Backend>,
}

/// What the roles of this host need.
///
/// # Errors
/// The kernel or the system lacks it.
pub(super) async fn needs_of(host: &Host) -> Result<Needs, Failure> {
    ipvs_is_there(host).await?;
    let managed = host
        .directed()
        .any(|(_, service)| service.fwmark.is_some() && service.mark == MarkMode::Managed);
    let marks = match managed {
        true => Some(detect(host.config.mark_backend).await?),
        false => None,
    };
    Ok(Needs {
        ipvs: host.directed().next().is_some(),
        marks,
    })
}

/// Looks for a firewall. It takes some processes, and a reload must not hold up the probes meanwhile.
async fn detect(choice: Choice) -> Result<Backend, Failure> {
    let found = tokio::task::spawn_blocking(move || Backend::detect(choice)).await;
    let found = found.map_err(|error| Failure::Runtime(error.to_string()))?;
    found.map_err(|error| Failure::Kernel(error.to_string()))
}

impl Needs {
    /// With what it takes to clear away what a daemon before this one, under another file perhaps, has left. What
    /// is gone with its module needs no clearing away.
    pub(crate) async fn or_left(mut self, owned: &Scope) -> Self {
        let left = !owned.services.is_empty() || owned.sync;
        if left && !self.ipvs {
            let found = ipvs_netlink::Client::connect().await;
            self.ipvs = !matches!(found, Err(ipvs_netlink::Error::NoIpvs));
        }
        if owned.marks && self.marks.is_none() {
            self.marks = Backend::detect(Choice::Auto).ok();
        }
        self
    }
}
