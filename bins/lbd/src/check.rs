//! `lbd check`: is the file valid, and what does it say?

use std::io::Write;
use std::path::Path;

use crate::failure::Failure;
use crate::file;

/// Checks the file and sums it up in one line.
pub(crate) fn check(path: &Path) -> Result<(), Failure> {
    let config = file::load(path)?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{}: valid; cluster `{}` with {} nodes, {} virtual routers, {} virtual services",
        path.display(),
        config.cluster,
        config.nodes.len(),
        config.routers.len(),
        config.services.len()
    )
    .map_err(|error| Failure::Runtime(error.to_string()))
}
