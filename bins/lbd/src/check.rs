//! `lbd check`: is the file valid, and what does it say?

use std::io::Write;
use std::path::Path;

use lbd_core::config::Config;

use crate::advice;
use crate::failure::Failure;
use crate::file;

/// Checks the file and sums it up, with what it had better not do.
pub(crate) fn check(path: &Path) -> Result<(), Failure> {
    let config = file::load(path)?;
    let said = say(path, &config);
    said.map_err(|error| Failure::Runtime(error.to_string()))
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
