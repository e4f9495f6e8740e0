//! A ledger that cannot be written, on a file system of the test's own.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use ipvs_netlink::{Daemon, DaemonRole, Destination, Forwarding, Name, Scheduler};
use nix::mount::{MsFlags, mount, umount};
use nix::sched::{CloneFlags, unshare};
use sysctl_tune::Key;
use tempfile::TempDir;

use super::*;

/// A folder that the calling thread alone sees, on a file system of some pages.
struct SmallFolder(TempDir);

impl SmallFolder {
    fn new(pages: u32) -> Self {
        let folder = TempDir::new().unwrap();
        unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS).unwrap();
        let none: Option<&str> = None;
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(none, "/", none, private, none).unwrap();
        let kind = Some("tmpfs");
        let size = format!("size={}k", pages * 4);
        let options = Some(size.as_str());
        mount(kind, folder.path(), kind, MsFlags::empty(), options).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn fill(&self) {
        // As much as there is room for.
        let all = [0; 1 << 16];
        assert!(fs::write(self.path().join("filler"), all).is_err());
    }

    fn make_room(&self) {
        fs::remove_file(self.path().join("filler")).unwrap();
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        entries.map(|e| name(e).into_string().unwrap()).collect()
    }
}

impl Drop for SmallFolder {
    fn drop(&mut self) {
        // The folder below can be removed then.
        let _ = umount(self.0.path());
    }
}

fn vip() -> Vip {
    Vip {
        interface: "eth0".to_owned(),
        address: "192.0.2.101/32".parse().unwrap(),
    }
}

fn service() -> ipvs_netlink::Service {
    let key = ServiceKey::fwmark(NonZeroU32::new(2).unwrap());
    ipvs_netlink::Service::new(key, Scheduler::RR)
}

fn server() -> Destination {
    Destination::new("192.0.2.3".parse().unwrap(), 0, Forwarding::DirectRoute, 1)
}

fn parameter(to: i32) -> Step {
    set(Key::ipvs("conntrack"), to)
}

fn set(key: Key, to: i32) -> Step {
    Step::SetSysctl(Change {
        key,
        from: Some(7),
        to,
        why: "",
    })
}

fn backup() -> Daemon {
    Daemon::new(DaemonRole::Backup, Name::new("eth0").unwrap(), 7)
}

/// What makes something.
fn making() -> Vec<Step> {
    vec![
        parameter(0),
        Step::AddService(service()),
        Step::AddDestination(service().key, server()),
        Step::AddAddress(vip()),
    ]
}

/// What takes something away, or keeps harm from others.
fn keeping_harm_away() -> Vec<Step> {
    vec![
        Step::RemoveAddress(vip()),
        Step::StartSync(backup()),
        Step::StopSync(DaemonRole::Master),
        Step::RemoveDestination(service().key, server().key()),
        Step::RemoveService(service().key),
        Step::RemoveMarks,
        set(Key::ipv4_conf("all", "arp_ignore"), 1),
        Step::SetMarks(Vec::new()),
    ]
}

#[test]
fn what_cannot_be_written_down_is_not_made_but_what_keeps_harm_away_is() {
    let folder = SmallFolder::new(1);
    folder.fill();
    let mut ledger = Ledger::open(folder.path()).unwrap();
    let (steps, unwritten) = ledger.announce([keeping_harm_away(), making()].concat());
    assert_eq!(steps, keeping_harm_away());
    let unwritten = unwritten.unwrap();
    assert_eq!(unwritten.kept_back, making());
    let said = unwritten.to_string();
    for sign in ["owned.json", "No space left", "4 changes", "make room"] {
        assert!(said.contains(sign), "{sign}: {said}");
    }
    let made = Scope {
        sync: true,
        marks: true,
        ..Scope::default()
    };
    assert_eq!(ledger.scope(), made);
    assert_eq!(folder.names(), ["filler"], "no draft is left");

    folder.make_room();
    let (steps, unwritten) = ledger.announce(making());
    assert_eq!(steps, making());
    assert!(unwritten.is_none());
    let read = Ledger::open(folder.path()).unwrap();
    assert!(read.scope().addresses.contains(&vip()));
    assert_eq!(read.written().len(), 2, "what was set meanwhile too");
}

#[test]
fn a_sync_daemon_and_marks_that_an_earlier_daemon_could_not_write_down_are_when_they_are_found() {
    let folder = TempDir::new().unwrap();
    let mut ledger = Ledger::open(folder.path()).unwrap();
    let desired = Desired {
        sync: Some(backup()),
        marks: Marks::Exactly(Vec::new()),
        ..Desired::default()
    };
    let nothing = Actual {
        sysctl_changes: Vec::new(),
        addresses: BTreeSet::new(),
        services: Some([].into()),
        sync: Some(BTreeSet::new()),
        marks: Some(ChainState::Absent),
    };
    let found = Actual {
        sync: Some([backup()].into()),
        marks: Some(ChainState::Installed(Vec::new())),
        ..nothing.clone()
    };
    for (kernel, there) in [(&nothing, false), (&found, true)] {
        ledger.settle(&[], kernel, &desired).unwrap();
        let read = Ledger::open(folder.path()).unwrap().scope();
        assert_eq!((read.sync, read.marks), (there, there));
    }
}

#[test]
fn what_is_written_down_already_is_made_on_a_full_disk_too() {
    let folder = SmallFolder::new(1);
    let mut ledger = Ledger::open(folder.path()).unwrap();
    assert!(ledger.announce(making()).1.is_none());
    assert_eq!(folder.names(), ["owned.json"], "room for no more than that");
    folder.fill();
    let again = [
        making(),
        vec![Step::EditDestination(service().key, server())],
    ]
    .concat();
    assert_eq!(ledger.announce(again.clone()).0, again);
    let (steps, unwritten) = ledger.announce(vec![parameter(1), Step::AddAddress(vip())]);
    assert_eq!(steps, [Step::AddAddress(vip())]);
    assert_eq!(unwritten.unwrap().kept_back, [parameter(1)]);
    let read = Ledger::open(folder.path()).unwrap();
    assert_eq!(read.written().first().unwrap().now, 0, "as it stands");
}

#[test]
fn a_disk_that_has_filled_up_since_keeps_nothing_from_being_written_down() {
    let folder = SmallFolder::new(4);
    let mut ledger = Ledger::open(folder.path()).unwrap();
    assert!(ledger.announce(vec![Step::AddAddress(vip())]).1.is_none());
    folder.fill();
    for n in 0..20 {
        let steps = [making(), vec![parameter(n)]].concat();
        let (_, unwritten) = ledger.announce(steps);
        assert!(unwritten.is_none(), "{n}: {unwritten:?}");
        let read = Ledger::open(folder.path()).unwrap();
        assert_eq!(read.written().first().unwrap().now, n);
        assert_eq!(read.scope(), ledger.scope());
    }
    // More than there is room for: as it was, and the room is still kept.
    let many = (0..200).map(|n| {
        let address = format!("198.51.100.{n}/32").parse().unwrap();
        let interface = "eth0".to_owned();
        Step::AddAddress(Vip { interface, address })
    });
    let many: Vec<Step> = many.collect();
    assert_eq!(ledger.announce(many.clone()).1.unwrap().kept_back, many);
    assert_eq!(Ledger::open(folder.path()).unwrap().scope(), ledger.scope());
    assert!(ledger.announce(vec![parameter(99)]).1.is_none());
    folder.make_room();
    ledger.close().unwrap();
    assert!(folder.names().is_empty());
}
