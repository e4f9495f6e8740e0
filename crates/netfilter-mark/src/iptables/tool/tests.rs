//! Programs that say what a kernel without something makes them say.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::*;

/// A folder with programs of our own making, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// A tool whose save prints nothing and whose restore is this script.
    fn tool(&self, variant: Variant, restore: &str) -> Tool {
        let program = |name: &str, script: &str| {
            let file = self.0.join(name);
            let text = format!("#!/bin/sh\ncat >/dev/null\n{script}\n");
            // Written by another process: a fork elsewhere in this one could hold it open, and then it cannot be run.
            let write = ["-c", "printf %s \"$1\" >\"$0\" && chmod 755 \"$0\""];
            let mut sh = Command::new("/bin/sh");
            let status = sh.args(write).arg(&file).arg(text).status().unwrap();
            assert!(status.success());
            Program::at(file)
        };
        Tool {
            save: program("save", "true"),
            restore: program("restore", restore),
            variant,
            family: Family::V4,
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const NO_MAC: &str =
    "echo 'Warning: Extension mac revision 0 not supported, missing kernel module?' >&2";

#[test]
fn a_missing_xt_mac_is_found_by_trying_and_its_remedy_is_named() {
    let folder = Folder::new("no-xt-mac");
    // The legacy variant only warns, the other fails as well.
    let failed =
        format!("{NO_MAC}; echo 'iptables-restore v1.8.9 (nf_tables): line 3 failed' >&2; exit 4");
    for (variant, restore) in [(Variant::Legacy, NO_MAC), (Variant::Nft, &failed)] {
        let error = folder.tool(variant, restore).try_out().unwrap_err();
        assert!(error.to_string().contains("modprobe xt_mac"), "{error}");
    }
    assert!(folder.tool(Variant::Legacy, "true").try_out().is_ok());
}

#[test]
fn a_missing_right_is_told_apart() {
    let folder = Folder::new("no-rights");
    let denied = "echo 'Could not fetch rule set generation id: Permission denied' >&2; exit 4";
    let error = folder.tool(Variant::Nft, denied).try_out().unwrap_err();
    assert!(matches!(error, Error::NotPermitted { .. }), "{error}");
}
