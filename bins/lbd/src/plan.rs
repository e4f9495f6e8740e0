//! `lbd plan`: what `lbd run` would change on this host now; where a daemon runs, what it would by this file.

use std::path::PathBuf;

use clap::Args;
use lbd_core::desired::{Desired, Marks};
use lbd_core::host::Host;
use lbd_core::plan::{Scope, Step, plan};
use vip_netlink::Netlink;

use crate::cli::RunOptions;
use crate::control::client;
use crate::failure::Failure;
use crate::outlook::Outlook;
use crate::run::kernel::{Kernel, KernelError};
use crate::run::ledger::Ledger;
use crate::run::preflight;
use crate::say::say;

#[derive(Debug, Args)]
pub(crate) struct PlanOptions {
    /// The configuration file.
    #[arg(long, default_value = "/etc/lbd/lbd.yaml")]
    config: PathBuf,
    /// Which node of the file this host is, when its addresses do not tell.
    #[arg(long)]
    node: Option<String>,
    /// The runtime directory of the daemon: what an earlier one left is in it.
    #[arg(long, default_value = "/run/lbd")]
    runtime_dir: PathBuf,
}

/// Prints the steps in their order. What a start would refuse is refused the same way.
pub(crate) fn show(options: &PlanOptions) -> Result<(), Failure> {
    let run = RunOptions {
        config: options.config.clone(),
        node: options.node.clone(),
        runtime_dir: options.runtime_dir.clone(),
        no_guardian: true,
        guarded: false,
        revived: false,
        heartbeat: None,
        adopt: Vec::new(),
    };
    let runtime = crate::runtime::of_one_thread()?;
    let plan = runtime.block_on(make(&run))?;
    say(plan.text().trim_end())?;
    match plan.failures.is_empty() {
        true => Ok(()),
        false => Err(Failure::Runtime(plan.failures.join("\n"))),
    }
}

/// What a start would do first, before any role is decided; or what a running daemon would, in its roles.
#[derive(Debug)]
struct Plan {
    /// Whether a daemon runs.
    running: bool,
    steps: Vec<Step>,
    /// What follows later, in words.
    later: Vec<String>,
    /// What could not be read.
    failures: Vec<String>,
}

async fn make(options: &RunOptions) -> Result<Plan, Failure> {
    let fatal = |error: KernelError| Failure::Runtime(error.to_string());
    let (host, needs) = preflight::foresee(options).await?;
    let ledger = Ledger::open(&options.runtime_dir)
        .map_err(|error| Failure::Runtime(format!("the ledger: {error}")))?;
    let mut outlook = outlook(&host).await.map_err(fatal)?;
    // No answer: no daemon.
    let status = client::status(&options.runtime_dir).ok();
    if let Some(status) = &status {
        outlook = outlook.with_roles(&host, status);
    }
    let desired = Desired::running(&host, &outlook);
    let scope = Scope::of(&host).union(&ledger.scope());
    let needs = needs.or_left(&ledger.scope()).await;
    let mut kernel = Kernel::reach(needs).await.map_err(fatal)?;
    let mut failures = Vec::new();
    let actual = kernel
        .read(&desired, &scope, None, &mut failures)
        .await
        .map_err(fatal)?;
    Ok(Plan {
        running: status.is_some(),
        steps: plan(&desired, &actual, &scope),
        later: match status {
            Some(_) => Vec::new(),
            None => later(&host, &desired),
        },
        failures,
    })
}

async fn outlook(host: &Host) -> Result<Outlook, KernelError> {
    let netlink = Netlink::connect().await?;
    let neighbours = match netlink.link(&host.nic).await? {
        Some(nic) => netlink.neighbours(nic.index).await?,
        None => Vec::new(),
    };
    Ok(Outlook::new(host, &neighbours))
}

/// What depends on what only the running daemon gets to know.
fn later(host: &Host, desired: &Desired) -> Vec<String> {
    let mut later = Vec::new();
    if matches!(desired.marks, Marks::AsIs) {
        later.push(
            "the mark rules, as soon as the MAC of each other director is known, or known not to be had".to_owned(),
        );
    }
    for (_, router) in host.routers() {
        let addresses: Vec<String> = router.addresses.iter().map(ToString::to_string).collect();
        later.push(format!(
            "as master of {}: {} on {}, and its services in IPVS; else none of them",
            router.name,
            addresses.join(", "),
            router.interface
        ));
    }
    later
}

impl Plan {
    fn text(&self) -> String {
        let (who, when) = match self.running {
            true => ("the daemon here", "now by this file"),
            false => ("lbd run", "at its start"),
        };
        let mut text = match self.steps.len() {
            0 => format!("{who} would change nothing {when}\n"),
            1 => format!("{who} would change one thing {when}:\n"),
            count => format!("{who} would change {count} things {when}, in this order:\n"),
        };
        for (index, step) in self.steps.iter().enumerate() {
            text.push_str(&format!("{:>4}. {step}\n", index + 1));
        }
        if !self.later.is_empty() {
            text.push_str("Later, when it knows more:\n");
        }
        for what in &self.later {
            text.push_str(&format!("    - {what}\n"));
        }
        text
    }
}
