//! Everything that can be found out before anything is changed: is the file right for this host,
//! may we, and has the kernel what it takes?

use lbd_core::config::{Config, MarkMode};
use lbd_core::host::Host;
use lbd_core::plan::Scope;
use netfilter_mark::Iptables;
use vip_netlink::Netlink;

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
    pub(super) ledger: Ledger,
    pub(super) lock: Lock,
}

pub(super) async fn preflight(config: Config, options: &RunOptions) -> Result<Ready, Failure> {
    rights()?;
    let host = host(config, options).await?;
    ipvs_is_there(&host).await?;
    let lock = lock::take(&options.runtime_dir)?;
    let ledger = Ledger::open(&options.runtime_dir)
        .map_err(|error| Failure::Runtime(format!("the ledger: {error}")))?;
    let needs = needs(&host, &ledger.scope()).await?;
    Ok(Ready {
        host,
        needs,
        ledger,
        lock,
    })
}

fn rights() -> Result<(), Failure> {
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

async fn host(config: Config, options: &RunOptions) -> Result<Host, Failure> {
    let kernel = |error: vip_netlink::Error| Failure::Runtime(error.to_string());
    let netlink = Netlink::connect().await.map_err(kernel)?;
    let interfaces = network::interfaces(&netlink).await.map_err(kernel)?;
    Host::new(config, &interfaces, options.node.as_deref())
        .map_err(|error| Failure::Host(format!("{}: {error}", options.config.display())))
}

async fn ipvs_is_there(host: &Host) -> Result<(), Failure> {
    if host.directed().next().is_some() {
        let client = ipvs_netlink::Client::connect().await;
        client.map_err(|error| Failure::Kernel(error.to_string()))?;
    }
    Ok(())
}

/// Which corners of the kernel the roles need, and those that a daemon before this one, under another
/// file perhaps, has left something in.
#[derive(Debug)]
pub(super) struct Needs {
    pub(super) ipvs: bool,
    pub(super) marks: Option<Iptables>,
}

async fn needs(host: &Host, owned: &Scope) -> Result<Needs, Failure> {
    let directs = host.directed().next().is_some();
    // What is gone with its module needs no clearing away.
    let left_services = !owned.services.is_empty() && ipvs_netlink::Client::connect().await.is_ok();
    let managed = host
        .directed()
        .any(|(_, service)| service.fwmark.is_some() && service.mark == MarkMode::Managed);
    let marks = match (managed, owned.marks) {
        (true, _) => Some(Iptables::detect().map_err(|error| Failure::Kernel(error.to_string()))?),
        (false, true) => Iptables::detect().ok(),
        (false, false) => None,
    };
    Ok(Needs {
        ipvs: directs || left_services,
        marks,
    })
}
