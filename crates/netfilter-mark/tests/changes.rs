//! News of changes, on a real kernel.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

mod support;

use std::os::fd::AsFd;

use netfilter_mark::{Backend, Changes, Iptables, Variant};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use support::{iptables, nft, own_network, rule};

/// Whether the socket becomes readable in time.
fn is_readable(changes: &Changes, patience: u16) -> bool {
    let mut fds = [PollFd::new(changes.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::from(patience)).unwrap() == 1
}

#[test]
fn what_somebody_deletes_is_heard_of_and_can_be_put_back() {
    own_network();
    let rules = [rule("192.0.2.10", 3306, &["02:00:00:00:00:0a"])];
    for (backend, harm) in [
        (Backend::installed().swap_remove(0), "delete table inet lbd"),
        (
            Backend::Iptables(Iptables::of(Variant::Nft).unwrap()),
            "flush chain ip mangle LBD-GUARD",
        ),
    ] {
        assert!(backend.tells_of_changes());
        backend.replace(&rules).unwrap();
        let changes = Changes::watch().unwrap();
        assert!(!changes.drain().unwrap(), "nothing has changed yet");
        assert!(!is_readable(&changes, 0));
        nft(harm);
        assert!(is_readable(&changes, 10_000), "{backend}");
        assert!(changes.drain().unwrap());
        assert!(!is_readable(&changes, 0), "drained");
        assert!(!changes.drain().unwrap());
        assert!(!backend.read().unwrap().holds(&rules));
        assert!(!changes.drain().unwrap(), "reading is no change");
        backend.replace(&rules).unwrap();
        assert!(backend.read().unwrap().holds(&rules));
        assert!(changes.drain().unwrap(), "our own changes are heard of too");
    }
}

#[test]
fn what_is_not_there_is_removed_without_news() {
    own_network();
    let changes = Changes::watch().unwrap();
    Backend::remove_everywhere().unwrap();
    assert!(!changes.drain().unwrap());
}

#[test]
fn legacy_iptables_tells_nobody() {
    own_network();
    let changes = Changes::watch().unwrap();
    iptables(Variant::Legacy, "-A PREROUTING -p icmp -j ACCEPT");
    assert!(!is_readable(&changes, 100));
    let backend = Backend::Iptables(Iptables::of(Variant::Legacy).unwrap());
    assert!(!backend.tells_of_changes());
}

#[test]
fn other_networks_are_not_heard_of() {
    own_network();
    let changes = Changes::watch().unwrap();
    own_network();
    nft("add table inet other");
    assert!(!changes.drain().unwrap());
}

#[test]
fn news_that_did_not_fit_counts_as_news() {
    own_network();
    let changes = Changes::watch().unwrap();
    let script: String = (0..5_000)
        .map(|number| format!("add chain inet many c{number}\n"))
        .collect();
    let script = format!("add table inet many\n{script}");
    let file = std::env::temp_dir().join(format!("many-chains-{}.nft", std::process::id()));
    std::fs::write(&file, script).unwrap();
    nft(&format!("-f {}", file.display()));
    std::fs::remove_file(&file).unwrap();
    assert!(changes.drain().unwrap());
    // The kernel says once that it threw news away; then there is none any more.
    let rest: Vec<bool> = (0..100).map(|_| changes.drain().unwrap()).collect();
    assert_eq!(rest.last(), Some(&false));
}
