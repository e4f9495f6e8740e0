//! What this machine has: programs, IPVS, root.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where a program lies, if anywhere.
///
/// The administrator's folders are searched even when they are not on the `PATH`, as for an ordinary user on Debian.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    file.metadata()
        .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

/// Whether the kernel balances: it does at once, or after `modprobe ip_vs`.
pub(crate) fn has_ipvs() -> bool {
    let table = Path::new("/proc/net/ip_vs");
    if !table.exists()
        && is_root()
        && let Some(modprobe) = program("modprobe")
    {
        let mut command = Command::new(modprobe);
        command
            .args(["--quiet", "ip_vs"])
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        // How it ended does not matter: the table tells.
        let _ended = command.status();
    }
    table.exists()
}

/// Whether this process runs as root: `/proc/self` belongs to the effective user.
pub(crate) fn is_root() -> bool {
    Path::new("/proc/self")
        .metadata()
        .is_ok_and(|about| about.uid() == 0)
}
