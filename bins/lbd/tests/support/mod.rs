//! The network that tests of the daemon run in.

use std::process::Command;

use nix::sched::{CloneFlags, unshare};

/// Makes a network with a NIC, 192.0.2.1 on `eth0`, for the calling thread and what it starts.
pub(crate) fn network() {
    assert!(
        nix::unistd::Uid::effective().is_root(),
        "this test makes a network: run it as root"
    );
    unshare(CloneFlags::CLONE_NEWNET).unwrap();
    for words in [
        "link set lo up",
        "link add eth0 type veth peer name far",
        "addr add 192.0.2.1/24 dev eth0",
        "link set eth0 up",
        "link set far up",
    ] {
        ip(words);
    }
}

/// Runs `ip` with these words, and gives what it says.
pub(crate) fn ip(words: &str) -> String {
    let output = Command::new("ip")
        .args(words.split_whitespace())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "ip {words}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
