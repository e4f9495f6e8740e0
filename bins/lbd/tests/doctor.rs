//! `lbd doctor` in a network of its own: what is provoked is found, and what is put right is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns, unshare};
use serde_json::Value;
use tempfile::TempDir;
use vrrp_net::{AdvertSocket, GROUP_V4};

const FILE: &str = "
cluster: pair
nodes: { a: { address: 192.0.2.1 }, b: { address: 192.0.2.2 } }
virtual_routers:
  - { name: V, id: 7, interface: eth0, priority: { a: 100, b: 90 }, advert_interval: 300ms, addresses: [192.0.2.101] }
virtual_services:
  - { name: s, address: 192.0.2.101, port: 3306, fwmark: 2, directors: [a, b] }
";

/// What depends on the network of the test alone; the machine may have its own about IPVS, marks and clock.
const OURS: [&str; 6] = [
    "parameters",
    "addresses",
    "arp",
    "macs",
    "servers",
    "adverts",
];

/// Host a, whose network the thread is in, and host b, each with `eth0` on one wire.
struct Pair {
    a: File,
    b: File,
    folder: TempDir,
}

impl Pair {
    fn new() -> Self {
        assert!(
            nix::unistd::Uid::effective().is_root(),
            "this test makes a network: run it as root"
        );
        let (b, a) = (namespace(), namespace());
        let process = std::process::id();
        let other = b.as_raw_fd();
        ip(&format!(
            "link add eth0 type veth peer name eth0 netns /proc/{process}/fd/{other}"
        ));
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("lbd.yaml"), FILE).unwrap();
        let pair = Self { a, b, folder };
        pair.on_b(|| configure("192.0.2.2/24"));
        configure("192.0.2.1/24");
        let until = Instant::now() + Duration::from_secs(10);
        while !ip("-o link show dev eth0").contains("state UP") {
            assert!(Instant::now() < until, "eth0 does not come up");
            std::thread::sleep(Duration::from_millis(10));
        }
        pair
    }

    /// With everything as it should be, and a as master.
    fn sound() -> Self {
        let pair = Self::new();
        pair.on_b(serve);
        serve();
        ip("address add 192.0.2.101/32 dev eth0");
        pair
    }

    fn on_b(&self, act: impl FnOnce()) {
        setns(&self.b, CloneFlags::CLONE_NEWNET).unwrap();
        act();
        setns(&self.a, CloneFlags::CLONE_NEWNET).unwrap();
    }

    fn doctor(&self, more: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_lbd"))
            .arg("doctor")
            .arg("--config")
            .arg(self.folder.path().join("lbd.yaml"))
            .args(more)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!text.is_empty(), "{output:?}");
        (output.status.code(), text)
    }

    /// The findings of these families, a line each.
    fn found(&self, families: &[&str]) -> String {
        let (code, text) = self.doctor(&["--json"]);
        let report: Value = serde_json::from_str(&text).unwrap();
        let findings = report["findings"].as_array().unwrap();
        assert_eq!(code, Some(i32::from(!findings.is_empty())));
        let findings = findings
            .iter()
            .filter(|f| families.contains(&f["about"].as_str().unwrap()));
        let line = |f: &Value| format!("{}: {}\n", f["about"], f["what"]).replace('"', "");
        findings.map(line).collect()
    }
}

fn namespace() -> File {
    unshare(CloneFlags::CLONE_NEWNET).unwrap();
    File::open("/proc/thread-self/ns/net").unwrap()
}

fn configure(address: &str) {
    ip("link set lo up");
    ip(&format!("address add {address} dev eth0"));
    ip("link set eth0 up");
}

fn serve() {
    ip("address add 192.0.2.101/32 dev lo");
    for (key, value) in [
        ("all/arp_ignore", "1"),
        ("all/arp_announce", "2"),
        ("all/send_redirects", "0"),
        ("eth0/send_redirects", "0"),
        ("all/rp_filter", "0"),
        ("eth0/rp_filter", "0"),
    ] {
        set(key, value);
    }
}

fn set(key: &str, value: &str) {
    fs::write(format!("/proc/sys/net/ipv4/conf/{key}"), value).unwrap();
}

fn ip(words: &str) -> String {
    run("ip", words)
}

fn run(program: &str, words: &str) -> String {
    let output = Command::new(program)
        .args(words.split(' '))
        .output()
        .unwrap();
    assert!(output.status.success(), "{program} {words}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_sound_pair_has_no_finding_of_its_own() {
    let pair = Pair::sound();
    assert_eq!(pair.found(&OURS), "");
}

#[test]
fn a_host_where_nothing_is_set_up_is_told_all_of_it() {
    let pair = Pair::new();
    for (key, value) in [("all/arp_ignore", "0"), ("all/send_redirects", "1")] {
        set(key, value);
    }
    let found = pair.found(&OURS);
    for told in [
        "parameters: net.ipv4.conf.all.arp_ignore is 0",
        "parameters: net.ipv4.conf.all.arp_announce is 0",
        "parameters: net.ipv4.conf.all.send_redirects is 1",
        "addresses: 192.0.2.101/32 on lo is missing",
        "arp: no host answers ARP for 192.0.2.101",
        "servers: b does not have 192.0.2.101",
    ] {
        assert!(found.contains(told), "no `{told}` in: {found}");
    }
}

#[test]
fn a_parameter_of_all_that_overrides_and_a_filter_that_drops_are_found() {
    let pair = Pair::sound();
    set("all/arp_ignore", "8");
    ip("link add eth1 type veth peer name far");
    ip("link set far up");
    ip("address add 198.51.100.1/24 dev eth1");
    ip("link set eth1 up");
    ip("route add default via 198.51.100.254");
    set("eth0/rp_filter", "1");
    let found = pair.found(&["parameters"]);
    assert!(found.contains("`all` overrides"), "{found}");
    assert!(found.contains("goes through eth1"), "{found}");
    assert_eq!(found.lines().count(), 2, "{found}");
}

#[test]
fn two_hosts_that_answer_are_found_from_either_side() {
    let pair = Pair::sound();
    pair.on_b(|| {
        ip("address add 192.0.2.101/32 dev eth0");
    });
    let found = pair.found(&OURS);
    assert!(
        found.contains("2 hosts answer ARP for 192.0.2.101"),
        "{found}"
    );
    assert!(
        found.contains("(this host)") && found.contains("(b)"),
        "{found}"
    );
    ip("address delete 192.0.2.101/32 dev eth0");
    assert_eq!(pair.found(&OURS), "", "b alone may");
}

#[test]
fn a_server_without_the_address_is_found_from_here() {
    let pair = Pair::sound();
    pair.on_b(|| {
        ip("address delete 192.0.2.101/32 dev lo");
        set("all/forwarding", "1");
    });
    let found = pair.found(&OURS);
    assert!(
        found.starts_with("servers: b does not have 192.0.2.101"),
        "{found}"
    );
    assert_eq!(found.lines().count(), 1, "{found}");
}

#[test]
fn a_director_that_is_off_or_has_this_hosts_mac_is_found() {
    let pair = Pair::sound();
    ip("link set eth0 address 02:00:00:00:00:07");
    pair.on_b(|| {
        ip("link set eth0 address 02:00:00:00:00:07");
    });
    let found = pair.found(&["macs"]);
    assert!(
        found.contains("a and b share the MAC 02:00:00:00:00:07"),
        "{found}"
    );
    pair.on_b(|| {
        ip("address flush dev eth0");
    });
    let found = pair.found(&["macs"]);
    assert!(
        found.contains("the MAC of director b is not known"),
        "{found}"
    );
}

#[test]
fn a_foreign_rule_that_sets_a_mark_is_found() {
    let pair = Pair::sound();
    run("nft", "add table ip other");
    run(
        "nft",
        "add chain ip other early { type filter hook prerouting priority -100 ; }",
    );
    run(
        "nft",
        "add rule ip other early ip daddr 192.0.2.101 meta mark set 7",
    );
    let found = pair.found(&["marks"]);
    assert!(
        found.contains("may set its mark on packets for the virtual address"),
        "{found}"
    );
}

#[test]
fn an_advert_that_is_rejected_is_found_with_the_reason() {
    let pair = Pair::sound();
    let b = pair.b.try_clone().unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&done);
    let sender = std::thread::spawn(move || {
        setns(&b, CloneFlags::CLONE_NEWNET).unwrap();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let _entered = runtime.enter();
        let source = Ipv4Addr::new(192, 0, 2, 2);
        let socket = AdvertSocket::open("eth0", source).unwrap();
        while !stop.load(Ordering::Relaxed) {
            // Version 2 of VRID 7, where the file has version 3.
            let advert = [0x21, 7, 90, 1, 0, 1, 0, 0, 192, 0, 2, 101];
            socket.send(&advert, GROUP_V4.into()).unwrap();
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let found = pair.found(&["adverts"]);
    done.store(true, Ordering::Relaxed);
    sender.join().unwrap();
    let told =
        "adverts: virtual router V rejects adverts of 192.0.2.2 on eth0 (version 2, configured is";
    assert!(found.starts_with(told), "{found}");
    assert_eq!(found.lines().count(), 1, "{found}");
}

/// A process that ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_keepalived_that_runs_in_this_network_is_found() {
    let pair = Pair::sound();
    let program = pair.folder.path().join("keepalived");
    fs::copy("/bin/sleep", &program).unwrap();
    assert_eq!(
        pair.found(&["rivals"]),
        "",
        "those of other networks are none"
    );
    let process = Process(Command::new(&program).arg("60").spawn().unwrap());
    let found = pair.found(&["rivals"]);
    let told = format!("keepalived runs on this host (process {})", process.0.id());
    assert!(found.contains(&told), "{found}");
}

#[test]
fn for_people_each_finding_is_a_paragraph_with_what_to_do() {
    let pair = Pair::sound();
    ip("address delete 192.0.2.101/32 dev lo");
    let (code, text) = pair.doctor(&[]);
    assert_eq!(code, Some(1));
    let paragraph = text.split("\n\n").find(|p| p.starts_with("addresses: "));
    let paragraph = paragraph.unwrap_or_else(|| panic!("{text}"));
    assert!(
        paragraph.contains("is missing")
            && paragraph.ends_with("Start lbd here, which puts it there.")
    );
    assert!(text.trim_end().ends_with("finding") || text.trim_end().ends_with("findings"));
}
