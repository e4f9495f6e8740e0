//! `lbd plan` in a network of its own: what it says is what a start then does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use support::ip;
use tempfile::TempDir;

/// A server of a service that others balance: no IPVS is needed.
const SERVER: &str = "
cluster: pair
nodes: { a: { address: 192.0.2.1 }, b: { address: 192.0.2.2 } }
virtual_routers:
  - { name: V, id: 7, interface: eth0, priority: { b: 90 }, addresses: [192.0.2.101] }
virtual_services:
  - { name: s, address: 192.0.2.101, port: 3306, fwmark: 2, directors: [b] }
";

/// A director of an address alone.
const DIRECTOR: &str = "
cluster: alone
nodes: { a: { address: 192.0.2.1 } }
virtual_routers:
  - { name: V, id: 7, interface: eth0, priority: { a: 100 }, addresses: [192.0.2.101] }
";

fn stand(file: &str) -> TempDir {
    support::network();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("lbd.yaml"), file).unwrap();
    folder
}

fn plan(folder: &TempDir) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lbd"))
        .arg("plan")
        .arg("--config")
        .arg(folder.path().join("lbd.yaml"))
        .arg("--runtime-dir")
        .arg(folder.path().join("run"))
        .output()
        .unwrap()
}

fn said(folder: &TempDir) -> String {
    let output = plan(folder);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_steps_of_a_server_are_told_in_order_and_none_is_left_when_they_are_done() {
    let folder = stand(SERVER);
    fs::write("/proc/sys/net/ipv4/conf/all/arp_ignore", "0").unwrap();
    let text = said(&folder);
    let place = |what: &str| {
        text.find(what)
            .unwrap_or_else(|| panic!("no `{what}`: {text}"))
    };
    assert!(place("net.ipv4.conf.all.arp_ignore") < place("192.0.2.101/32 on lo"));
    assert!(!folder.path().join("run").exists(), "nothing is made");
    ip("address add 192.0.2.101/32 dev lo");
    let conf = "/proc/sys/net/ipv4/conf";
    for (key, value) in [
        ("all/arp_ignore", "1"),
        ("lo/arp_ignore", "1"),
        ("all/arp_announce", "2"),
        ("lo/arp_announce", "2"),
        ("all/send_redirects", "0"),
        ("default/send_redirects", "0"),
        ("eth0/send_redirects", "0"),
    ] {
        fs::write(format!("{conf}/{key}"), value).unwrap();
    }
    assert_eq!(said(&folder), "lbd run would change nothing at its start\n");
}

#[test]
fn of_a_director_it_says_what_comes_with_the_role_and_takes_off_what_is_left() {
    let folder = stand(DIRECTOR);
    assert!(said(&folder).contains("as master of V: 192.0.2.101/32 on eth0"));
    ip("address add 192.0.2.101/32 dev eth0");
    let text = said(&folder);
    assert!(text.contains("1. "), "{text}");
    assert!(text.contains("192.0.2.101/32 on eth0"), "{text}");
}

#[test]
fn what_a_start_would_refuse_is_refused_with_the_same_code() {
    let folder = stand(&DIRECTOR.replace("192.0.2.1 }", "192.0.2.9 }"));
    assert_eq!(plan(&folder).status.code(), Some(4));
    fs::write(folder.path().join("lbd.yaml"), "cluster: [").unwrap();
    assert_eq!(plan(&folder).status.code(), Some(3));
}

/// A daemon that ends with the test.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn where_a_daemon_is_master_only_what_another_program_changed_is_told() {
    let folder = stand(DIRECTOR);
    let daemon = Command::new(env!("CARGO_BIN_EXE_lbd"))
        .args(["run", "--no-guardian", "--config"])
        .arg(folder.path().join("lbd.yaml"))
        .arg("--runtime-dir")
        .arg(folder.path().join("run"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _daemon = Daemon(daemon);
    let settled = "the daemon here would change nothing now by this file\n";
    let until = Instant::now() + Duration::from_secs(20);
    let master = || {
        let shown = Command::new("ip")
            .args(["address", "show", "dev", "eth0"])
            .output();
        String::from_utf8(shown.unwrap().stdout)
            .unwrap()
            .contains("192.0.2.101/32")
    };
    while !master() || said(&folder) != settled {
        assert!(Instant::now() < until, "{}", said(&folder));
        std::thread::sleep(Duration::from_millis(100));
    }
    let text = fs::read_to_string(folder.path().join("lbd.yaml")).unwrap();
    let text = text.replace("192.0.2.101", "192.0.2.102");
    fs::write(folder.path().join("lbd.yaml"), text).unwrap();
    let text = said(&folder);
    let (off, on) = (text.find("192.0.2.101/32"), text.find("192.0.2.102/32"));
    assert!(off.is_some() && off < on, "{text}");
}
