//! Network namespaces for tests: one per thread.

use std::process::Command;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

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

/// Runs `ip` with these words in the calling thread's network.
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
