//! The daemon dies, and meanwhile its file has become one that it refuses.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use nix::sys::signal::Signal;

use crate::{FILE, Host, ip, run};

impl Host {
    fn write(&self, text: &str) {
        fs::write(self.folder.path().join("lbd.yaml"), text).unwrap();
    }

    fn copy(&self) -> PathBuf {
        self.runtime().join("in-force.yaml")
    }

    fn hang_up(&self) {
        self.signal(i32::try_from(self.guardian.id()).unwrap(), Signal::SIGHUP);
    }

    fn kill_daemon(&self) {
        self.signal(self.daemon().expect("a daemon"), Signal::SIGKILL);
    }

    /// Waits until the daemon is master for the `count`th time, the address never being gone.
    fn master_again(&self, count: usize, address: &str) {
        self.wait("return of the role", || {
            let there = ip("addr show dev eth0").contains(address);
            assert!(there, "the address left: {}", self.log());
            self.log().matches("backup -> master").count() == count
        });
    }
}

#[test]
fn a_daemon_that_was_killed_goes_on_with_the_file_in_force_where_its_own_is_broken() {
    let mut host = Host::start();
    for (killed, broken) in ["nonsense", &FILE.replace("192.0.2.1 ", "192.0.2.9 ")]
        .into_iter()
        .enumerate()
    {
        host.write(broken);
        host.kill_daemon();
        host.master_again(killed + 2, "192.0.2.101/32");
        let said = host.log();
        let told = said.matches("going on with the one that was in force");
        assert_eq!(told.count(), killed + 1, "{said}");
    }
    assert!(host.log().contains("lbd.yaml:1:1"), "{}", host.log());
    host.hang_up();
    host.wait("a refusal", || host.log().contains("not reloaded"));

    host.write(FILE);
    host.hang_up();
    host.wait("a reload", || {
        host.log().contains("changes in the kernel: 0")
    });
    assert_eq!(host.end(Signal::SIGTERM), Some(0), "{}", host.log());
    assert!(!host.holds());
    assert!(!host.copy().exists(), "nobody is to go on with it");
}

#[test]
fn the_file_in_force_is_the_one_that_was_reloaded_last() {
    let host = Host::start();
    let mode = fs::metadata(host.copy()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it may hold a password");
    let other = FILE.replace("192.0.2.101", "192.0.2.102");
    host.write(&other);
    host.hang_up();
    host.wait("the other address", || {
        ip("addr show dev eth0").contains("192.0.2.102/32")
    });
    host.wait("the copy", || {
        fs::read_to_string(host.copy()).is_ok_and(|text| text == other)
    });
    host.write("nonsense");
    host.hang_up();
    host.wait("a refusal", || host.log().contains("not reloaded"));
    host.kill_daemon();
    host.master_again(2, "192.0.2.102/32");
    assert!(!host.holds());
}

#[test]
fn a_first_start_goes_by_its_file_alone() {
    let mut host = Host::start();
    assert_eq!(host.end(Signal::SIGTERM), Some(0));
    fs::write(host.copy(), FILE).unwrap();
    host.write("nonsense");
    host.guardian = run(&host.folder);
    assert_eq!(host.ended(), Some(3), "{}", host.log());
    assert!(!host.holds());
}

#[test]
fn without_a_copy_a_daemon_that_cannot_come_back_is_resigned_for() {
    let mut host = Host::start();
    host.write("nonsense");
    fs::remove_file(host.copy()).unwrap();
    host.kill_daemon();
    assert_eq!(host.ended(), Some(3), "{}", host.log());
    assert!(!host.holds());
}
