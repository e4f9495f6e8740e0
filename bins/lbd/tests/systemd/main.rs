//! The unit under systemd itself: a manager of its own, in namespaces of its own.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A host that is a server only: what it does needs no module of the kernel.
const FILE: &str = "
cluster: alone
nodes: { a: { address: 192.0.2.1 }, b: { address: 192.0.2.2 } }
virtual_routers:
  - { name: V, id: 7, interface: eth0, priority: { b: 100 }, addresses: [192.0.2.101] }
virtual_services:
  - { name: reads, address: 192.0.2.101, port: 3306, scheduler: rr, health_check: { tcp: {} } }
";

/// What the steps have to say, in this order.
const EXPECTED: [&str; 17] = [
    "start=done",
    "state=active",
    // CAP_NET_ADMIN and CAP_NET_RAW.
    "effective=0000000000003000",
    // By a filter of system calls.
    "filter=2",
    "address=1",
    "parameter=2",
    "network=written",
    "kernel=refused",
    "etc=refused",
    "reload=done",
    "bad_reload=refused",
    "after_bad_reload=active",
    // Its guardian's business: no restart of the service.
    "after_kill=active 0",
    // The watchdog's.
    "after_hang=active 1",
    "stop=done",
    "at_last=inactive success",
    "record=kept",
];

#[test]
fn systemd_starts_reloads_watches_and_stops_lbd_by_its_unit() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/debian/lbd.service");
    if !Path::new("/lib/systemd/systemd").exists() {
        assert!(fs::read_to_string(unit).unwrap().contains("Type=notify"));
        return;
    }
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("lbd.yaml"), FILE).unwrap();
    let lbd = folder.path().join("lbd");
    fs::copy(env!("CARGO_BIN_EXE_lbd"), &lbd).unwrap();
    let group = format!("lbd-test-{}", std::process::id());
    let output = Command::new("unshare")
        .args([
            "--net",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
        ])
        .args(["timeout", "120", "sh"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/systemd/steps.sh"))
        .args([folder.path(), &lbd, &unit, Path::new(&group)])
        .output()
        .unwrap();
    remove(&group);
    let said = String::from_utf8_lossy(&output.stdout);
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(
        said,
        EXPECTED,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Removes the control group, whose processes have ended with the first one of their namespace.
fn remove(group: &str) {
    let script = "mount --make-rprivate / && mount -t cgroup2 none /mnt && find \"/mnt/$1\" -depth -type d -exec rmdir {} +";
    let removed = Command::new("unshare")
        .args(["--mount", "sh", "-c", script, "remove", group])
        .output()
        .unwrap();
    assert!(removed.status.success(), "{removed:?}");
}
