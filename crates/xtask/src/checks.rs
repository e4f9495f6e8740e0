//! Checks that no tool brings: the size of files, the documents' links, the layers.

mod links;
mod size;

pub(crate) use links::links;
pub(crate) use size::size;

use crate::project::Project;
use std::process::Stdio;

/// Crates below the IO line.
const PURE: [&str; 6] = [
    "keepalived-conf",
    "vrrp-proto",
    "lbd-core",
    "netfilter-mark",
    "status-page",
    "sysctl-tune",
];

/// Each pure crate, built alone, does without tokio.
///
/// cargo-deny cannot tell: it sees the whole workspace, where lbd switches on the features that bring the runtime.
pub(crate) fn layers(project: &Project) -> Result<(), String> {
    for name in PURE {
        let mut command = project.cargo("tree --edges normal --prefix none --package");
        let output = command
            .arg(name)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output();
        let output = output.map_err(|error| format!("cargo tree does not run: {error}"))?;
        if !output.status.success() {
            return Err(format!("cargo tree --package {name}: {}", output.status));
        }
        let tree = String::from_utf8_lossy(&output.stdout);
        if tree.lines().any(|line| line.starts_with("tokio ")) {
            return Err(format!(
                "{name} reaches tokio; see how: cargo tree -e normal -p {name} -i tokio"
            ));
        }
        println!("layers: {name} does without the runtime");
    }
    Ok(())
}
