//! A network of the test's own, and short words for what tests say often.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::process::Command;

use ipvs_netlink::{Destination, Family, Forwarding, ServiceKey};
use nix::sched::{CloneFlags, unshare};

/// Runs in a network namespace of this thread's own, with `lo` up.
pub(crate) fn alone<F: Future<Output = ()>>(test: impl FnOnce() -> F) {
    assert!(nix::unistd::geteuid().is_root(), "this test needs root");
    unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace");
    run("ip", "link set lo up");
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(test());
}

pub(crate) fn run(program: &str, arguments: &str) -> String {
    let output = Command::new(program)
        .args(arguments.split_whitespace())
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The table as `ipvsadm` would put it back, sorted.
pub(crate) fn table() -> Vec<String> {
    let saved = run("ipvsadm", "-Sn");
    let mut lines: Vec<_> = saved.lines().map(|line| line.trim().to_owned()).collect();
    lines.sort();
    lines
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn tcp(text: &str) -> ServiceKey {
    let address: SocketAddr = text.parse().unwrap();
    ServiceKey::tcp(address.ip(), address.port())
}

pub(crate) fn marked(mark: u32, family: Family) -> ServiceKey {
    ServiceKey::Fwmark {
        mark: NonZeroU32::new(mark).unwrap(),
        family,
    }
}

pub(crate) fn direct(address: &str, port: u16, weight: u32) -> Destination {
    Destination::new(ip(address), port, Forwarding::DirectRoute, weight)
}
