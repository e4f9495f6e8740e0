//! Other programs that do lbd's work on this host.

use std::fs;
use std::path::{Path, PathBuf};

use super::finding::Finding;

/// By the name that the kernel has for the process.
const NAMES: [&str; 3] = ["keepalived", "ldirectord", "vrrpd"];

/// A process of that kind, in this host's network.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rival {
    name: String,
    pid: u32,
}

/// Finds those that run.
pub(super) fn look() -> Vec<Finding> {
    judge(&running())
}

fn running() -> Vec<Rival> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let ours = network(Path::new("/proc/thread-self"));
    let mut rivals: Vec<Rival> = processes
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let pid = path.file_name()?.to_str()?.parse().ok()?;
            let name = fs::read_to_string(path.join("comm")).ok()?;
            let name = NAMES.iter().find(|known| **known == name.trim_end())?;
            // One in a container with a network of its own is no rival.
            let elsewhere = network(&path).is_some_and(|its| Some(its) != ours);
            let name = (*name).to_owned();
            (!elsewhere).then_some(Rival { name, pid })
        })
        .collect();
    rivals.sort();
    rivals
}

/// The network namespace; none for a process that has just gone.
fn network(process: &Path) -> Option<PathBuf> {
    fs::read_link(process.join("ns/net")).ok()
}

fn judge(rivals: &[Rival]) -> Vec<Finding> {
    let of = |name: &&str| {
        let pids: Vec<String> = rivals
            .iter()
            .filter(|rival| rival.name == **name)
            .map(|rival| rival.pid.to_string())
            .collect();
        (!pids.is_empty()).then(|| {
            Finding::new(
                "rivals",
                format!(
                    "{name} runs on this host (process {}): it changes the same addresses and the same IPVS table as lbd does, and each undoes \
                     what the other did",
                    pids.join(", ")
                ),
                format!("`systemctl disable --now {name}`, unless what it does has nothing to do with lbd's file"),
            )
        })
    };
    NAMES.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_processes_of_a_rival_are_one_finding() {
        assert_eq!(judge(&[]), Vec::new());
        let keepalived = |pid| Rival {
            name: "keepalived".to_owned(),
            pid,
        };
        let found = judge(&[keepalived(7), keepalived(8)]);
        let told: Vec<&str> = found.iter().map(|finding| finding.what.as_str()).collect();
        assert!(
            told.len() == 1 && told.concat().contains("(process 7, 8)"),
            "{told:?}"
        );
    }
}
