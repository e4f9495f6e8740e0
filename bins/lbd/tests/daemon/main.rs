//! The daemon itself, with a virtual router and no services, in a network of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod broken_file;
mod full_disk;
mod page;
mod sandbox;
mod service_manager;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::ip;
use tempfile::TempDir;

const FILE: &str = "
cluster: alone
nodes: { a: { address: 192.0.2.1 } }
virtual_routers:
  - { name: V, id: 7, interface: eth0, priority: { a: 100 }, advert_interval: 100ms, addresses: [192.0.2.101] }
";

/// A host of the calling thread's own, with lbd on it.
struct Host {
    folder: TempDir,
    guardian: Child,
}

impl Host {
    fn start() -> Self {
        let host = Self::start_in(network());
        host.wait("the address on the NIC", || host.holds());
        host
    }

    /// Starts lbd on a network that is there.
    fn start_in(folder: TempDir) -> Self {
        Self::start_with(folder, FILE)
    }

    fn start_with(folder: TempDir, file: &str) -> Self {
        fs::write(folder.path().join("lbd.yaml"), file).unwrap();
        let guardian = run(&folder);
        Self { folder, guardian }
    }

    fn runtime(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    fn holds(&self) -> bool {
        ip("addr show dev eth0").contains("192.0.2.101/32")
    }

    fn daemon(&self) -> Option<i32> {
        let children = format!("/proc/{0}/task/{0}/children", self.guardian.id());
        fs::read_to_string(children)
            .ok()?
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn log_is_growing(&self) -> bool {
        let before = self.log().len();
        std::thread::sleep(Duration::from_millis(300));
        self.log().len() != before
    }

    fn wait(&self, what: &str, reached: impl Fn() -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while !reached() {
            assert!(Instant::now() < until, "no {what}; the log: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, pid: i32, signal: Signal) {
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    fn end(&mut self, signal: Signal) -> Option<i32> {
        self.signal(i32::try_from(self.guardian.id()).unwrap(), signal);
        self.guardian.wait().unwrap().code()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Only what this test started; the daemon follows its guardian.
        let _ = self.guardian.kill();
        let _ = self.guardian.wait();
    }
}

/// Makes a network with a NIC for the calling thread, and a folder.
fn network() -> TempDir {
    support::network();
    TempDir::new().unwrap()
}

fn run(folder: &TempDir) -> Child {
    started(Command::new(env!("CARGO_BIN_EXE_lbd")), folder)
}

/// Starts lbd by a command that ends in its name.
fn started(mut command: Command, folder: &TempDir) -> Child {
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(folder.path().join("log"))
        .unwrap();
    command
        .arg("run")
        .arg("--config")
        .arg(folder.path().join("lbd.yaml"))
        .arg("--runtime-dir")
        .arg(folder.path().join("run"))
        .stderr(Stdio::from(log))
        .spawn()
        .unwrap()
}

#[test]
fn a_stopped_daemon_takes_its_address_off_and_ends_well() {
    let mut host = Host::start();
    assert_eq!(host.end(Signal::SIGTERM), Some(0), "{}", host.log());
    assert!(!host.holds());
    assert!(!host.runtime().join("control.sock").exists());
}

#[test]
fn a_killed_daemon_comes_back_with_its_role_and_the_address_never_leaves() {
    let host = Host::start();
    for taken in 2..4 {
        let daemon = host.daemon().expect("a daemon");
        host.signal(daemon, Signal::SIGKILL);
        host.wait("return of the role", || {
            assert!(host.holds(), "the address left: {}", host.log());
            host.log().matches("backup -> master").count() == taken
        });
        assert_ne!(host.daemon(), Some(daemon));
    }
    assert!(host.holds());
}

#[test]
fn a_daemon_that_keeps_dying_is_given_up() {
    let mut host = Host::start();
    let mut last = None;
    while host.guardian.try_wait().unwrap().is_none() {
        if let Some(daemon) = host.daemon().filter(|now| Some(*now) != last) {
            last = Some(daemon);
            let _ = kill(Pid::from_raw(daemon), Signal::SIGKILL);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(
        host.guardian.wait().unwrap().code(),
        Some(1),
        "{}",
        host.log()
    );
    assert!(!host.holds(), "{}", host.log());
}

#[test]
fn a_daemon_without_its_guardian_stops_in_an_orderly_way() {
    let mut host = Host::start();
    host.guardian.kill().unwrap();
    host.guardian.wait().unwrap();
    host.wait("orderly stop", || !host.holds());
}

#[test]
fn a_hang_up_makes_a_master_read_its_file_and_does_not_end_it() {
    let mut host = Host::start();
    host.signal(i32::try_from(host.guardian.id()).unwrap(), Signal::SIGHUP);
    host.wait("a reload", || {
        host.log().contains("changes in the kernel: 0")
    });
    assert!(host.holds());
    assert_eq!(host.end(Signal::SIGINT), Some(0));
}

#[test]
fn a_second_daemon_with_the_same_runtime_directory_is_refused() {
    let host = Host::start();
    let mut second = run(&host.folder);
    assert_eq!(second.wait().unwrap().code(), Some(7));
    assert!(
        host.log().contains("another lbd (process"),
        "{}",
        host.log()
    );
    assert!(host.holds());
}

#[test]
fn a_master_alone_hands_over_and_takes_the_role_back_when_nobody_wants_it() {
    let host = Host::start();
    let output = Command::new(env!("CARGO_BIN_EXE_lbd"))
        .args(["handover", "--runtime-dir"])
        .arg(host.runtime())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "handed over: V\n");
    host.wait("loss of the address", || {
        host.log().contains("master -> backup")
    });
    host.wait("return of the role", || {
        host.log().matches("backup -> master").count() == 2 && host.holds()
    });
}

#[test]
fn what_an_older_file_made_is_taken_away_and_what_others_made_is_not() {
    let mut host = Host::start();
    ip("addr add 192.0.2.55/32 dev eth0");
    let daemon = host.daemon().expect("a daemon");
    // Both at once, so that nobody is left to clear up: neither may notice the other's end.
    let guardian = i32::try_from(host.guardian.id()).unwrap();
    host.signal(guardian, Signal::SIGSTOP);
    host.signal(daemon, Signal::SIGKILL);
    host.guardian.kill().unwrap();
    host.guardian.wait().unwrap();
    assert!(host.holds());
    let other = FILE.replace("192.0.2.101", "192.0.2.102");
    fs::write(host.folder.path().join("lbd.yaml"), other).unwrap();
    host.guardian = run(&host.folder);
    host.wait("end of the old address", || !host.holds());
    host.wait("new address", || {
        ip("addr show dev eth0").contains("192.0.2.102/32")
    });
    assert!(ip("addr show dev eth0").contains("192.0.2.55/32"));
}

impl Host {
    /// Waits for the guardian's end.
    fn ended(&mut self) -> Option<i32> {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.guardian.try_wait().unwrap() {
                return status.code();
            }
            assert!(
                Instant::now() < until,
                "it goes on; the log: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn a_wish_to_stop_is_heard_at_any_moment_of_the_start() {
    let mut host = Host::start();
    assert_eq!(host.end(Signal::SIGTERM), Some(0));
    for millis in [0, 2, 5, 10, 15, 20, 30] {
        host.guardian = run(&host.folder);
        // Before it listens, a signal ends the guardian itself, and there is nothing to stop yet.
        std::thread::sleep(Duration::from_millis(millis));
        host.signal(i32::try_from(host.guardian.id()).unwrap(), Signal::SIGTERM);
        host.ended();
        host.wait("end of the daemon", || !host.log_is_growing());
        assert!(!host.holds(), "{millis} ms: {}", host.log());
    }
}

#[test]
fn a_wish_to_stop_is_heard_when_the_daemon_has_just_died() {
    for millis in [0, 1, 3, 6] {
        let mut host = Host::start();
        host.signal(host.daemon().expect("a daemon"), Signal::SIGKILL);
        std::thread::sleep(Duration::from_millis(millis));
        host.signal(i32::try_from(host.guardian.id()).unwrap(), Signal::SIGTERM);
        host.ended();
        assert!(!host.holds(), "{millis} ms: {}", host.log());
    }
}

#[test]
fn a_role_that_a_changed_file_no_longer_has_is_resigned() {
    let host = Host::start();
    let other = FILE
        .replace("name: V,", "name: W,")
        .replace("id: 7", "id: 8");
    fs::write(
        host.folder.path().join("lbd.yaml"),
        other.replace(".101]", ".103]"),
    )
    .unwrap();
    host.signal(host.daemon().expect("a daemon"), Signal::SIGKILL);
    host.wait("end of the old address", || !host.holds());
    host.wait("new role", || {
        ip("addr show dev eth0").contains("192.0.2.103/32")
    });
    std::thread::sleep(Duration::from_millis(5500));
    assert!(
        ip("addr show dev eth0").contains("192.0.2.103/32"),
        "{}",
        host.log()
    );
}

#[test]
fn a_role_with_another_name_stays_and_the_guardian_knows_the_new_one() {
    let host = Host::start();
    let file = host.folder.path().join("lbd.yaml");
    let wider = ".101, 192.0.2.102]";
    fs::write(
        file,
        FILE.replace("name: V,", "name: W,").replace(".101]", wider),
    )
    .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lbd"))
        .args(["reload", "--runtime-dir"])
        .arg(host.runtime())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}: {}", host.log());
    let second = || ip("addr show dev eth0").contains("192.0.2.102/32");
    assert!(host.holds() && second(), "{}", host.log());
    assert!(!host.log().contains("master ->"), "{}", host.log());

    host.signal(host.daemon().expect("a daemon"), Signal::SIGKILL);
    host.wait("return of the role", || {
        assert!(host.holds() && second(), "an address left: {}", host.log());
        host.log().matches("backup -> master").count() == 2
    });
    // Longer than the guardian waits for a role to be taken back.
    std::thread::sleep(Duration::from_millis(5500));
    assert!(host.holds() && second(), "{}", host.log());
    assert!(!host.log().contains("resigning"), "{}", host.log());
}
