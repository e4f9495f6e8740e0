//! Everything that can be found out before anything is changed: is the file right for this host,
//! may we, and has the kernel what it takes?

use std::path::{Path, PathBuf};

use lbd_core::config::{Config, MarkMode};
use lbd_core::host::{Host, Interface};
use lbd_core::plan::Scope;
use netfilter_mark::{Backend, Choice};
use tracing::{error, warn};
use vip_netlink::Netlink;

use super::capabilities::{self, NETWORK};
use super::commands::{self, Rights};
use super::in_force::{self, InForce};
use super::ledger::Ledger;
use super::lock::{self, Lock};
use super::network;
use crate::cli::RunOptions;
use crate::failure::Failure;
use crate::file;

/// What the daemon starts with.
#[derive(Debug)]
pub(super) struct Ready {
    /// The file, or the copy of the one that was in force before.
    pub(super) path: PathBuf,
    pub(super) host: Host,
    pub(super) needs: Needs,
    pub(super) rights: Rights,
    pub(super) ledger: Ledger,
    pub(super) lock: Lock,
}

/// A file that is right for this host.
#[derive(Debug)]
pub(super) struct NewFile {
    pub(super) host: Host,
    pub(super) interfaces: Vec<Interface>,
    pub(super) needs: Needs,
    pub(super) rights: Rights,
    pub(super) in_force: InForce,
}

pub(super) async fn preflight(options: &RunOptions) -> Result<Ready, Failure> {
    let (path, file) = file_to_start_with(options).await?;
    let NewFile {
        host,
        needs,
        rights,
        in_force,
        ..
    } = file;
    let lock = lock::take(&options.runtime_dir)?;
    let ledger = Ledger::open(&options.runtime_dir)
        .map_err(|error| Failure::Runtime(format!("the ledger: {error}")))?;
    let needs = needs.or_left(&ledger.scope()).await;
    in_force.keep();
    Ok(Ready {
        path,
        host,
        needs,
        rights,
        ledger,
        lock,
    })
}

/// What a start would find, without one: nothing is locked, kept or made.
pub(crate) async fn foresee(options: &RunOptions) -> Result<(Host, Needs), Failure> {
    let file = read(&options.config, options).await?;
    Ok((file.host, file.needs))
}

/// The file; or, for a daemon that comes after one that was killed, the one that was in force, where the file is not right
/// any more: that must not end the service.
async fn file_to_start_with(options: &RunOptions) -> Result<(PathBuf, NewFile), Failure> {
    let failure = match read(&options.config, options).await {
        Ok(file) => return Ok((options.config.clone(), file)),
        Err(failure) => failure,
    };
    let kept = in_force::path(&options.runtime_dir);
    if !options.revived || !kept.exists() {
        return Err(failure);
    }
    match read(&kept, options).await {
        Ok(file) => {
            error!(
                "the file is not right any more, going on with the one that was in force when the daemon died; put it right and \
                 reload: {}",
                failure.to_string().trim_end()
            );
            Ok((kept, file))
        }
        Err(error) => {
            warn!("nor can this start with the file that was in force: {error}");
            Err(failure)
        }
    }
}

async fn read(path: &Path, options: &RunOptions) -> Result<NewFile, Failure> {
    let (config, text) = file::load_with_text(path)?;
    // A daemon that comes after one that was killed goes on: a script that cannot be run has failed, and that is all.
    let unfit = match options.revived {
        true => Unfit::Told,
        false => Unfit::Refused,
    };
    fit(config, text, options, unfit).await
}

/// Finds out whether a valid file is right for this host.
pub(super) async fn fit(
    config: Config,
    text: String,
    options: &RunOptions,
    unfit: Unfit,
) -> Result<NewFile, Failure> {
    rights()?;
    let (host, interfaces) = host(config, options).await?;
    let (host, rights) = tokio::task::spawn_blocking(move || commands_of(host, unfit))
        .await
        .map_err(|error| Failure::Runtime(error.to_string()))??;
    let needs = needs_of(&host).await?;
    Ok(NewFile {
        host,
        interfaces,
        needs,
        rights,
        in_force: InForce::new(&options.runtime_dir, text),
    })
}

/// What becomes of a file with commands that cannot be run on this host.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unfit {
    /// It is refused.
    Refused,
    /// The operator is told.
    Told,
}

/// Whose rights the host's commands have, and whether they can be run at all.
fn commands_of(host: Host, unfit: Unfit) -> Result<(Host, Rights), Failure> {
    let (rights, mut wrong) = commands::look_over(&host);
    wrong.extend(rights.lacking());
    match unfit {
        Unfit::Refused => commands::none_unfit(&wrong)?,
        Unfit::Told => wrong.iter().for_each(|what| error!("{what}")),
    }
    Ok((host, rights))
}

/// Whether this process may change the network.
pub(crate) fn rights() -> Result<(), Failure> {
    let missing = capabilities::missing(&NETWORK);
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Rights(format!(
        "not allowed to change the network: run as root, or with {} (missing)",
        missing.join(" and ")
    )))
}

/// Finds this host in the file.
async fn host(config: Config, options: &RunOptions) -> Result<(Host, Vec<Interface>), Failure> {
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
async fn needs_of(host: &Host) -> Result<Needs, Failure> {
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
