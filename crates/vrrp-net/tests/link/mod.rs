//! Two network namespaces joined by two veth pairs, in the calling thread.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns, unshare};

/// Namespaces "left" and "right": `a0`–`b0` and `a1`–`b1` join them. Left has 10.0.0.1 and fd00::1 on
/// `a0`, 10.0.1.1 on `a1`; right has 10.0.0.2, fd00::2, 10.0.1.2. The thread starts in left.
pub(crate) struct Link {
    pub(crate) left: File,
    pub(crate) right: File,
}

impl Link {
    pub(crate) fn new() -> Link {
        let right = namespace();
        let left = namespace();
        for pair in ["0", "1"] {
            ip(&format!(
                "link add a{pair} type veth peer name b{pair} netns /proc/{}/fd/{}",
                std::process::id(),
                right.as_raw_fd()
            ));
        }
        let link = Link { left, right };
        link.enter_left();
        link.configure("a", 1);
        link.enter_right();
        link.configure("b", 2);
        await_running("b");
        link.enter_left();
        await_running("a");
        link
    }

    pub(crate) fn enter_left(&self) {
        setns(&self.left, CloneFlags::CLONE_NEWNET).unwrap();
    }

    pub(crate) fn enter_right(&self) {
        setns(&self.right, CloneFlags::CLONE_NEWNET).unwrap();
    }

    fn configure(&self, side: &str, host: u8) {
        for pair in 0..2 {
            ip(&format!("addr add 10.0.{pair}.{host}/24 dev {side}{pair}"));
        }
        ip(&format!("addr add fd00::{host}/64 dev {side}0 nodad"));
        ip("link set lo up");
        ip(&format!("link set {side}0 up"));
        ip(&format!("link set {side}1 up"));
    }
}

/// The kernel starts an interface's queue a moment after its carrier came; until then it drops silently.
fn await_running(side: &str) {
    let begun = Instant::now();
    for interface in [format!("{side}0"), format!("{side}1")] {
        while !ip(&format!("-o link show dev {interface}")).contains("state UP") {
            assert!(
                begun.elapsed() < Duration::from_secs(5),
                "{interface} is not up"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn namespace() -> File {
    unshare(CloneFlags::CLONE_NEWNET)
        .expect("these tests need root: they make network namespaces of their own");
    File::open("/proc/thread-self/ns/net").unwrap()
}

/// Runs `ip` in the thread's namespace and gives its output.
pub(crate) fn ip(arguments: &str) -> String {
    let output = Command::new("ip")
        .args(arguments.split_whitespace())
        .output()
        .expect("iproute2 is needed");
    assert!(output.status.success(), "ip {arguments}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}
