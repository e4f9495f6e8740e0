//! `lbd status --watch` beside a daemon in a network of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const FILE: &str = "
cluster: alone
nodes: { a: { address: 192.0.2.1 } }
virtual_routers:
  - { name: V, id: 7, interface: eth0, priority: { a: 100 }, advert_interval: 100ms, addresses: [192.0.2.101] }
";

/// A process that ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn lbd(words: &[&str], runtime_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lbd"));
    command.args(words).arg("--runtime-dir").arg(runtime_dir);
    command.stderr(Stdio::null());
    command
}

fn daemon(folder: &TempDir, runtime_dir: &Path) -> Process {
    let file = folder.path().join("lbd.yaml");
    let mut command = lbd(&["run", "--no-guardian"], runtime_dir);
    let daemon = Process(command.arg("--config").arg(file).spawn().unwrap());
    let until = Instant::now() + Duration::from_secs(20);
    while !lbd(&["status"], runtime_dir)
        .output()
        .unwrap()
        .status
        .success()
    {
        assert!(Instant::now() < until, "the daemon does not answer");
        std::thread::sleep(Duration::from_millis(50));
    }
    daemon
}

fn stand() -> (TempDir, PathBuf) {
    support::network();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("lbd.yaml"), FILE).unwrap();
    let runtime_dir = folder.path().join("run");
    (folder, runtime_dir)
}

#[test]
fn a_watch_goes_on_over_a_restart_of_the_daemon_and_each_line_is_a_status() {
    let (folder, runtime_dir) = stand();
    let first = daemon(&folder, &runtime_dir);
    let mut command = lbd(&["status", "--watch", "--json"], &runtime_dir);
    let mut watch = Process(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(watch.0.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["node"], "a");
    drop(first);
    let _second = daemon(&folder, &runtime_dir);
    for _ in 0..3 {
        assert_eq!(next()["routers"][0]["name"], "V");
    }
    assert!(watch.0.try_wait().unwrap().is_none(), "it goes on");
}

#[test]
fn a_pipe_gets_plain_text_and_a_watch_without_a_daemon_fails() {
    let (folder, runtime_dir) = stand();
    let missing = lbd(&["status", "--watch"], &runtime_dir).output().unwrap();
    assert_eq!(missing.status.code(), Some(1));
    let _daemon = daemon(&folder, &runtime_dir);
    let mut command = lbd(&["status", "--watch"], &runtime_dir);
    let mut watch = Process(command.stdout(Stdio::piped()).spawn().unwrap());
    let lines = BufReader::new(watch.0.stdout.take().unwrap()).lines();
    let lines = lines.map(Result::unwrap);
    let starts: Vec<String> = lines
        .filter(|line| line.contains("cluster"))
        .take(2)
        .collect();
    assert_eq!(starts, ["cluster alone, this host is a"; 2]);
}
