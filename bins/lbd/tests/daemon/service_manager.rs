//! What a service manager is told, and by whom.

use std::fs;
use std::io::IoSliceMut;
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use tempfile::TempDir;

use crate::{FILE, Host, network, started};

/// A heartbeat each 100 ms.
const WATCHDOG: &str = "200000";

/// The socket of a service manager.
struct Manager {
    socket: UnixDatagram,
    /// As `NOTIFY_SOCKET` has it.
    name: String,
}

impl Manager {
    fn in_folder(folder: &TempDir) -> Self {
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        Self::listening(socket, path.display().to_string())
    }

    fn listening(socket: UnixDatagram, name: String) -> Self {
        setsockopt(&socket, sockopt::PassCred, &true).unwrap();
        let limit = Some(Duration::from_secs(20));
        socket.set_read_timeout(limit).unwrap();
        Self { socket, name }
    }

    /// The next message, and who sent it.
    fn message(&self) -> (String, i32) {
        let mut text = [0; 512];
        let mut space = nix::cmsg_space!(nix::sys::socket::UnixCredentials);
        let mut buffers = [IoSliceMut::new(&mut text)];
        let received = recvmsg::<()>(
            self.socket.as_raw_fd(),
            &mut buffers,
            Some(&mut space),
            MsgFlags::empty(),
        )
        .expect("a message within 20 s");
        let sender = received.cmsgs().unwrap().find_map(|message| {
            if let ControlMessageOwned::ScmCredentials(who) = message {
                return Some(who.pid());
            }
            None
        });
        let length = received.bytes;
        let text = String::from_utf8_lossy(&text[..length]).into_owned();
        (text, sender.expect("a sender"))
    }

    /// The next message that is no heartbeat.
    fn news(&self) -> (String, i32) {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let (text, sender) = self.message();
            if text != "WATCHDOG=1" {
                return (text, sender);
            }
            assert!(Instant::now() < until, "nothing but heartbeats");
        }
    }

    /// How many heartbeats come within a time.
    fn heartbeats(&self, time: Duration) -> usize {
        let until = Instant::now() + time;
        let mut count = 0;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.socket.set_read_timeout(Some(left)).unwrap();
            let mut text = [0; 512];
            match self.socket.recv(&mut text) {
                Ok(length) => count += usize::from(&text[..length] == b"WATCHDOG=1"),
                Err(_) => break,
            }
        }
        let limit = Some(Duration::from_secs(20));
        self.socket.set_read_timeout(limit).unwrap();
        count
    }

    fn lbd(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lbd"));
        command.env("NOTIFY_SOCKET", &self.name);
        command.env("WATCHDOG_USEC", WATCHDOG);
        command
    }
}

/// A host with lbd on it, which a service manager has started.
fn managed() -> (Host, Manager) {
    let folder = network();
    fs::write(folder.path().join("lbd.yaml"), FILE).unwrap();
    let manager = Manager::in_folder(&folder);
    let guardian = started(manager.lbd(), &folder);
    (Host { folder, guardian }, manager)
}

fn pid(host: &Host) -> i32 {
    i32::try_from(host.guardian.id()).unwrap()
}

#[test]
fn a_start_is_over_when_the_daemon_can_be_asked_and_its_guardian_says_so() {
    let (mut host, manager) = managed();
    assert_eq!(manager.message(), ("READY=1".to_owned(), pid(&host)));
    assert!(host.runtime().join("control.sock").exists());
    assert_eq!(manager.message(), ("WATCHDOG=1".to_owned(), pid(&host)));

    host.signal(pid(&host), Signal::SIGTERM);
    assert_eq!(manager.news(), ("STOPPING=1".to_owned(), pid(&host)));
    assert_eq!(host.guardian.wait().unwrap().code(), Some(0));
}

#[test]
fn a_reload_is_told_with_its_moment_and_its_end_also_of_a_file_that_is_refused() {
    let (host, manager) = managed();
    assert_eq!(manager.news().0, "READY=1");
    let mut last = 0;
    for file in [FILE, "nonsense", FILE] {
        fs::write(host.folder.path().join("lbd.yaml"), file).unwrap();
        host.signal(pid(&host), Signal::SIGHUP);
        let (text, _) = manager.news();
        let moment = text
            .strip_prefix("RELOADING=1\nMONOTONIC_USEC=")
            .expect("the moment");
        let moment: u64 = moment.parse().unwrap();
        assert!(moment > last, "{moment} after {last}");
        last = moment;
        assert_eq!(manager.news().0, "READY=1");
    }
    assert_eq!(host.log().matches("not reloaded").count(), 1);
}

#[test]
fn a_daemon_that_hangs_gives_no_sign_of_life_and_its_guardian_none_for_it() {
    let (host, manager) = managed();
    assert_eq!(manager.news().0, "READY=1");
    let daemon = host.daemon().expect("a daemon");
    let half = Duration::from_millis(500);
    assert!(manager.heartbeats(half * 4) > 4);
    host.signal(daemon, Signal::SIGSTOP);
    // What was on its way.
    manager.heartbeats(half);
    assert_eq!(manager.heartbeats(half * 3), 0);
    host.signal(daemon, Signal::SIGCONT);
    assert!(manager.heartbeats(half * 4) > 4);
}

#[test]
fn a_daemon_that_comes_after_a_killed_one_is_ready_and_alive_as_that_one_was() {
    let (host, manager) = managed();
    assert_eq!(manager.news().0, "READY=1");
    host.signal(host.daemon().expect("a daemon"), Signal::SIGKILL);
    assert_eq!(manager.news(), ("READY=1".to_owned(), pid(&host)));
    assert!(manager.heartbeats(Duration::from_secs(2)) > 4);
}

#[test]
fn nobody_but_the_guardian_learns_where_the_service_manager_listens() {
    let (host, manager) = managed();
    assert_eq!(manager.news().0, "READY=1");
    let daemon = host.daemon().expect("a daemon");
    let environment = fs::read(format!("/proc/{daemon}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment);
    assert!(environment.contains("PATH="), "{environment}");
    for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC"] {
        assert!(!environment.contains(name), "{environment}");
    }
}

#[test]
fn a_daemon_without_a_guardian_speaks_for_itself() {
    let folder = network();
    fs::write(folder.path().join("lbd.yaml"), FILE).unwrap();
    let manager = Manager::in_folder(&folder);
    let guardian = alone(manager.lbd(), &folder);
    let host = Host { folder, guardian };
    assert_eq!(manager.news(), ("READY=1".to_owned(), pid(&host)));
    assert!(manager.heartbeats(Duration::from_secs(2)) > 4);
    host.signal(pid(&host), Signal::SIGTERM);
    assert_eq!(manager.news(), ("STOPPING=1".to_owned(), pid(&host)));
}

fn alone(mut lbd: Command, folder: &TempDir) -> std::process::Child {
    lbd.args(["run", "--no-guardian", "--config"])
        .arg(folder.path().join("lbd.yaml"))
        .arg("--runtime-dir")
        .arg(folder.path().join("run"))
        .spawn()
        .unwrap()
}

#[test]
fn an_abstract_socket_is_found_and_a_watch_over_another_process_is_none() {
    let folder = network();
    fs::write(folder.path().join("lbd.yaml"), FILE).unwrap();
    let name = format!("lbd-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    let manager = Manager::listening(socket, format!("@{name}"));
    let mut lbd = manager.lbd();
    lbd.env("WATCHDOG_PID", "1");
    let guardian = started(lbd, &folder);
    let host = Host { folder, guardian };
    assert_eq!(manager.message(), ("READY=1".to_owned(), pid(&host)));
    assert_eq!(manager.heartbeats(Duration::from_secs(1)), 0);
}

#[test]
fn a_service_manager_that_is_not_there_keeps_nothing_from_running() {
    let folder = network();
    fs::write(folder.path().join("lbd.yaml"), FILE).unwrap();
    let mut lbd = Command::new(env!("CARGO_BIN_EXE_lbd"));
    lbd.env("NOTIFY_SOCKET", folder.path().join("nobody"));
    let guardian = started(lbd, &folder);
    let host = Host { folder, guardian };
    host.wait("the address on the NIC", || host.holds());
}
