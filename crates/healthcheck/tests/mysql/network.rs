//! A network of the test's own, and a runtime in it.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use healthcheck::mysql::{Fault, Password, Prober, Report, Settings};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

/// More than any healthy probe takes on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(10);
/// Enough for a probe that is to time out.
pub(crate) const SHORT: Duration = Duration::from_millis(400);

/// Where the probes come from. Not 127.0.0.1: servers do not count its mistakes.
pub(crate) const SOURCE: &str = "10.77.0.9";
/// The probing user and its password.
pub(crate) const USER: &str = "probe";
pub(crate) const PASSWORD: &str = "it's \\ secret";

/// A network of the thread's own: loopback with the addresses of three servers and of the probe.
pub(crate) fn network() {
    unshare(CloneFlags::CLONE_NEWNET)
        .expect("these tests need root: they make network namespaces of their own");
    ip("link set lo up");
    for address in ["10.77.0.1", "10.77.0.2", "10.77.0.3", SOURCE] {
        ip(&format!("addr add {address}/32 dev lo"));
    }
}

/// The same where the probe's address has a name. Only of hosts whose names they know do servers count what is
/// held against them; and the name must lead back to the address.
pub(crate) fn network_with_names() {
    network();
    unshare(CloneFlags::CLONE_NEWNS).expect("a mount namespace");
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
    let hosts = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        &hosts,
        format!("127.0.0.1 localhost\n{SOURCE} director.example\n"),
    )
    .unwrap();
    mount(
        Some(hosts.path()),
        "/etc/hosts",
        none,
        MsFlags::MS_BIND,
        none,
    )
    .unwrap();
}

pub(crate) fn ip(arguments: &str) {
    let status = Command::new("ip")
        .args(arguments.split_whitespace())
        .status()
        .expect("iproute2 is needed");
    assert!(status.success(), "ip {arguments}");
}

/// Runs to the end in a runtime of its own.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// The usual way to probe.
pub(crate) fn settings(target: SocketAddr) -> Settings {
    let mut settings = Settings::new(target, USER, Password::new(PASSWORD).unwrap());
    settings.source = Some(SOURCE.parse::<IpAddr>().unwrap());
    settings
}

/// One probe by a prober that has not probed before, with an orderly end.
pub(crate) async fn probe_once(settings: Settings, limit: Duration) -> Result<Report, Fault> {
    let mut prober = Prober::new(settings).unwrap();
    let found = prober.probe(limit).await;
    prober.close().await;
    found
}
