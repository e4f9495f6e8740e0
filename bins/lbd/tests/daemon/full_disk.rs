//! A runtime directory on a file system that is full.

use std::fs;
use std::path::PathBuf;

use nix::mount::{MsFlags, mount, umount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::{FILE, Host, ip, network};

/// A small file system over the runtime directory, which only this test's processes see.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn over(folder: &TempDir) -> Self {
        let directory = folder.path().join("run");
        fs::create_dir(&directory).unwrap();
        unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS).unwrap();
        let none: Option<&str> = None;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(none, "/", none, private, none).unwrap();
        let (kind, size) = (Some("tmpfs"), Some("size=32k"));
        mount(kind, &directory, kind, MsFlags::empty(), size).unwrap();
        // The lock is taken even so: its page is there already.
        fs::write(directory.join("lock"), "1").unwrap();
        Self(directory)
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    fn fill(&self) {
        assert!(fs::write(self.filler(), [0; 1 << 16]).is_err());
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The folder below can be removed then.
        let _ = umount(&self.0);
    }
}

#[test]
fn on_a_full_disk_nothing_is_made_until_there_is_room() {
    let folder = network();
    let disk = SmallDisk::over(&folder);
    disk.fill();
    let mut host = Host::start_in(folder);
    host.wait("the complaint", || {
        host.log()
            .contains("1 changes of the kernel wait: make room")
    });
    assert!(!host.holds(), "{}", host.log());
    disk.make_room();
    host.wait("address, when there is room", || host.holds());
    host.wait("the end of the complaint", || {
        host.log().contains("the kernel is as it should be again")
    });
    assert_eq!(host.end(Signal::SIGTERM), Some(0), "{}", host.log());
}

#[test]
fn a_disk_that_fills_up_later_keeps_no_address_off_and_none_on() {
    let folder = network();
    let disk = SmallDisk::over(&folder);
    let mut host = Host::start_in(folder);
    host.wait("the address on the NIC", || host.holds());
    disk.fill();
    let other = FILE.replace("192.0.2.101", "192.0.2.102");
    fs::write(host.folder.path().join("lbd.yaml"), other).unwrap();
    host.signal(i32::try_from(host.guardian.id()).unwrap(), Signal::SIGHUP);
    host.wait("the other address", || {
        ip("addr show dev eth0").contains("192.0.2.102/32")
    });
    assert!(!host.holds());
    assert_eq!(host.end(Signal::SIGTERM), Some(0), "{}", host.log());
    assert!(!ip("addr show dev eth0").contains("192.0.2.102/32"));
}
