//! `lbd check`: is the file valid, what does it say, and can this host, if it is in it, run the file's commands?

use std::io::Write;
use std::path::Path;

use lbd_core::config::Config;
use lbd_core::host::Host;
use vip_netlink::Netlink;

use crate::advice;
use crate::failure::Failure;
use crate::file;
use crate::run::{commands, network};

/// Checks the file and sums it up, with what it had better not do.
pub(crate) fn check(path: &Path) -> Result<(), Failure> {
    let config = file::load(path)?;
    let said = say(path, &config);
    said.map_err(|error| Failure::Runtime(error.to_string()))?;
    match here(config) {
        Some(host) => {
            let (_, unfit) = commands::look_over(&host);
            commands::none_unfit(&unfit)
        }
        None => Ok(()),
    }
}

/// This host, if it is one of the file's: then there are commands to look at.
fn here(config: Config) -> Option<Host> {
    let runtime = crate::runtime::of_one_thread().ok()?;
    let interfaces = runtime.block_on(async {
        let netlink = Netlink::connect().await.ok()?;
        network::interfaces(&netlink).await.ok()
    })?;
    Host::new(config, &interfaces, None).ok()
}

fn say(path: &Path, config: &Config) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for advice in advice::about(config) {
        writeln!(out, "{}: warning: {advice}", path.display())?;
    }
    writeln!(
        out,
        "{}: valid; cluster `{}` with {} nodes, {} virtual routers, {} virtual services",
        path.display(),
        config.cluster,
        config.nodes.len(),
        config.routers.len(),
        config.services.len()
    )
}
