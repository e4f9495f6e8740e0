//! Network namespaces for tests, one per thread, and what the tests of all backends share.
// Each test file uses its part of it.
#![allow(dead_code)]

use std::process::Command;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use netfilter_mark::{
    Backend, ChainState, Damage, Iptables, MarkRule, Nftables, Protocol, Variant,
};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Uid, gettid};

/// Gives the calling thread a network of its own, with `lo` up.
pub(crate) fn own_network() {
    assert!(
        Uid::effective().is_root(),
        "this test makes a network namespace: run it as root"
    );
    unshare(CloneFlags::CLONE_NEWNET).unwrap();
    ip("link set lo up");
}

/// Runs a program in the calling thread's network; quotes do not hide white space.
pub(crate) fn sh(program: &str, words: &str) -> String {
    let output = Command::new(program)
        .args(words.split_whitespace())
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {words}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs `ip` with these words in the calling thread's network.
pub(crate) fn ip(words: &str) -> String {
    sh("ip", words)
}

/// Runs `iptables` of a variant on the table mangle.
pub(crate) fn iptables(variant: Variant, words: &str) -> String {
    sh(
        &format!("iptables-{variant}"),
        &format!("-w -t mangle {words}"),
    )
}

/// Runs `nft`.
pub(crate) fn nft(words: &str) -> String {
    sh("nft", words)
}

/// Runs the test in a new network for each variant of iptables.
pub(crate) fn with_both(test: impl Fn(&Iptables)) {
    for variant in [Variant::Nft, Variant::Legacy] {
        own_network();
        test(&Iptables::of(variant).expect("not installed: apt install iptables"));
    }
}

/// Runs the test in a new network for each backend.
pub(crate) fn with_each(test: impl Fn(&Backend)) {
    with_both(|iptables| test(&Backend::Iptables(iptables.clone())));
    own_network();
    let nftables = Nftables::installed().expect("not installed: apt install nftables");
    test(&Backend::Nftables(nftables));
}

/// Marks TCP with 2, or with 6 from the excluded.
pub(crate) fn rule(destination: &str, port: u16, excluded: &[&str]) -> MarkRule {
    MarkRule {
        destination: destination.parse().unwrap(),
        protocol: Protocol::Tcp,
        port,
        mark: 2.try_into().unwrap(),
        guard: 6.try_into().unwrap(),
        excluded: excluded.iter().map(|mac| mac.parse().unwrap()).collect(),
    }
}

/// The damage in this state.
pub(crate) fn damage(state: ChainState) -> Damage {
    match state {
        ChainState::Damaged(damage) => damage,
        other => panic!("{other:?}"),
    }
}

type Task = Box<dyn FnOnce() + Send>;

/// Another host: a thread with a network of its own.
pub(crate) struct Host {
    tasks: Option<mpsc::Sender<Task>>,
    thread: Option<JoinHandle<()>>,
    /// The thread's number, which `ip link set ... netns` takes.
    pub(crate) tid: i32,
}

impl Host {
    pub(crate) fn new() -> Self {
        let (tasks, inbox) = mpsc::channel::<Task>();
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            own_network();
            tell.send(gettid().as_raw()).unwrap();
            inbox.iter().for_each(|task| task());
        });
        Self {
            tid: told.recv().unwrap(),
            tasks: Some(tasks),
            thread: Some(thread),
        }
    }

    /// Runs `task` there and waits for it.
    pub(crate) fn run<T: Send + 'static>(&self, task: impl FnOnce() -> T + Send + 'static) -> T {
        let (tell, told) = mpsc::channel();
        self.tasks
            .as_ref()
            .unwrap()
            .send(Box::new(move || tell.send(task()).unwrap()))
            .unwrap();
        told.recv().expect("the task on the other host failed")
    }

    /// Runs `ip` there.
    pub(crate) fn ip(&self, words: &str) -> String {
        let words = words.to_owned();
        self.run(move || ip(&words))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.tasks.take());
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking());
    }
}

/// A cable: `here` in the calling thread's network, `there` on the other host, both up.
pub(crate) fn cable(here: &str, other: &Host, there: &str) {
    ip(&format!(
        "link add {here} type veth peer name {there} netns {}",
        other.tid
    ));
    ip(&format!("link set {here} up"));
    other.ip(&format!("link set {there} up"));
}
