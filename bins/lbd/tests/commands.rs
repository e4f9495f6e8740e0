//! Tracked scripts and hooks of the daemon itself, in a network of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// A host of the calling thread's own, with scripts and a file that names them.
struct Host {
    folder: TempDir,
    daemon: Option<Child>,
}

impl Host {
    /// The script succeeds unless there is a file `down`; the hook writes what it is told, and whether the address is
    /// on the NIC by then.
    fn new() -> Self {
        support::network();
        let folder = TempDir::new().unwrap();
        mode(folder.path(), 0o755);
        let host = Self {
            folder,
            daemon: None,
        };
        let out = host.path("out");
        fs::create_dir(&out).unwrap();
        mode(&out, 0o1777);
        host.program(
            "check",
            &format!("[ ! -e {}/down ]", host.folder.path().display()),
        );
        host.program(
            "hook",
            &format!(
                "echo \"$(id -un) $* $TYPE/$NAME/$STATE/$PRIORITY $(ip addr show dev eth0 | grep -c 192.0.2.101)\" >> {}/told",
                out.display()
            ),
        );
        host.write("");
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str, line: &str) {
        fs::write(self.path(name), format!("#!/bin/sh\n{line}\n")).unwrap();
        mode(&self.path(name), 0o755);
    }

    /// Writes the file, with these lines more.
    fn write(&self, more: &str) {
        let text = format!(
            "
cluster: alone
script_user: nobody
nodes: {{ a: {{ address: 192.0.2.1 }} }}
virtual_routers:
  - name: V
    id: 7
    interface: eth0
    priority: {{ a: 100 }}
    advert_interval: 100ms
    addresses: [192.0.2.101]
    track_scripts: [{{ name: c, command: [{0}/check], interval: 200ms, timeout: 2s }}]
    notify:
      master: [{0}/hook, m]
      backup: [{0}/hook, b]
      fault: [{0}/hook, f]
      stop: [{0}/hook, s]
{more}",
            self.folder.path().display()
        );
        fs::write(self.path("lbd.yaml"), text).unwrap();
    }

    fn lbd(&self, command: &[&str]) -> Command {
        let mut lbd = Command::new(env!("CARGO_BIN_EXE_lbd"));
        lbd.args(command);
        lbd
    }

    fn check(&self) -> Output {
        let path = self.path("lbd.yaml");
        self.lbd(&["check", path.to_str().unwrap()])
            .output()
            .unwrap()
    }

    fn start(&mut self) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let daemon = self
            .lbd(&["run"])
            .arg("--config")
            .arg(self.path("lbd.yaml"))
            .arg("--runtime-dir")
            .arg(self.path("run"))
            .stderr(Stdio::from(log))
            .spawn();
        self.daemon = Some(daemon.unwrap());
    }

    fn guardian(&mut self) -> &mut Child {
        self.daemon.as_mut().expect("it was started")
    }

    /// The daemon below the guardian.
    fn child(&mut self) -> Option<Pid> {
        let children = format!("/proc/{0}/task/{0}/children", self.guardian().id());
        let children = fs::read_to_string(children).ok()?;
        let pid = children.split_whitespace().next()?.parse().ok()?;
        Some(Pid::from_raw(pid))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn told(&self) -> Vec<String> {
        let told = fs::read_to_string(self.path("out").join("told")).unwrap_or_default();
        told.lines().map(str::to_owned).collect()
    }

    fn wait(&mut self, what: &str, mut reached: impl FnMut(&mut Self) -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while !reached(self) {
            assert!(Instant::now() < until, "no {what}; the log: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn wait_for_told(&mut self, count: usize) {
        self.wait(&format!("hook number {count}"), |host| {
            host.told().len() >= count
        });
    }

    fn end(&mut self) -> Option<i32> {
        let pid = i32::try_from(self.guardian().id()).unwrap();
        kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
        self.guardian().wait().unwrap().code()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Only what this test started; the daemon follows its guardian.
        if let Some(daemon) = &mut self.daemon {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn hooks_tell_each_state_once_as_the_user_and_a_restart_that_nobody_notices_tells_nothing() {
    let mut host = Host::new();
    host.start();
    host.wait("master's hook", |host| {
        host.told()
            .last()
            .is_some_and(|line| line.contains("MASTER"))
    });
    let mut told = vec![
        "nobody b INSTANCE V BACKUP 100 INSTANCE/V/BACKUP/100 0",
        "nobody m INSTANCE V MASTER 100 INSTANCE/V/MASTER/100 1",
    ];
    assert_eq!(host.told(), told);

    let first = host.child().expect("a daemon");
    kill(first, Signal::SIGKILL).unwrap();
    host.wait("another daemon", |host| {
        host.log().matches("backup -> master").count() == 2
    });
    fs::write(host.path("down"), "").unwrap();
    host.wait_for_told(3);
    told.push("nobody f INSTANCE V FAULT 100 INSTANCE/V/FAULT/100 0");
    assert_eq!(host.told(), told, "no second MASTER: {}", host.log());

    fs::remove_file(host.path("down")).unwrap();
    host.wait_for_told(5);
    assert_eq!(host.end(), Some(0));
    told.extend([
        "nobody b INSTANCE V BACKUP 100 INSTANCE/V/BACKUP/100 0",
        "nobody m INSTANCE V MASTER 100 INSTANCE/V/MASTER/100 1",
        "nobody s INSTANCE V STOP 100 INSTANCE/V/STOP/100 0",
    ]);
    assert_eq!(host.told(), told);
}

#[test]
fn a_command_that_cannot_be_run_is_an_error_of_the_check_and_of_the_start() {
    let mut host = Host::new();
    assert_eq!(host.check().status.code(), Some(0));
    type Break = fn(&Host);
    let breaks: [(Break, &str); 4] = [
        (
            |host| mode(&host.path("check"), 0o644),
            "may not be run by user",
        ),
        (
            |host| mode(&host.path("check"), 0o757),
            "can be changed by everybody",
        ),
        (
            |host| fs::remove_file(host.path("check")).unwrap(),
            "No such file",
        ),
        (
            |host| {
                let text = fs::read_to_string(host.path("lbd.yaml")).unwrap();
                let text = text.replace("script_user: nobody", "script_user: no-such-user");
                fs::write(host.path("lbd.yaml"), text).unwrap();
            },
            "no user `no-such-user`",
        ),
    ];
    for (spoil, sign) in breaks {
        spoil(&host);
        let output = host.check();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains(sign), "{said}");
        host.start();
        assert_eq!(host.guardian().wait().unwrap().code(), Some(4));
        assert!(host.log().contains(sign), "{}", host.log());
    }
}

#[test]
fn a_host_that_the_file_does_not_have_is_not_asked_for_its_commands() {
    let host = Host::new();
    let text = fs::read_to_string(host.path("lbd.yaml")).unwrap();
    fs::write(
        host.path("lbd.yaml"),
        text.replace("192.0.2.1 ", "192.0.2.9 "),
    )
    .unwrap();
    fs::remove_file(host.path("check")).unwrap();
    assert_eq!(host.check().status.code(), Some(0));
}

#[test]
fn a_script_that_goes_away_has_failed_and_does_not_keep_a_killed_daemon_from_coming_back() {
    let mut host = Host::new();
    host.start();
    host.wait("master's hook", |host| host.told().len() == 2);
    fs::remove_file(host.path("check")).unwrap();
    host.wait("a fault", |host| host.log().contains("master -> fault"));
    let first = host.child().expect("a daemon");
    kill(first, Signal::SIGKILL).unwrap();
    host.wait("another daemon in fault", |host| {
        host.child().is_some_and(|pid| pid != first) && host.log().contains("initialize -> fault")
    });
    host.program("check", "exit 0");
    host.wait("the role", |host| {
        host.log().matches("backup -> master").count() == 2
    });
}

#[test]
fn a_reload_with_a_command_that_cannot_be_run_changes_nothing_and_other_hooks_are_gone_over_to() {
    let mut host = Host::new();
    host.start();
    host.wait("master's hook", |host| host.told().len() == 2);
    let reload = |host: &Host| {
        let runtime = host.path("run");
        let arguments = ["reload", "--runtime-dir", runtime.to_str().unwrap()];
        host.lbd(&arguments).output().unwrap()
    };
    let good = fs::read_to_string(host.path("lbd.yaml")).unwrap();
    fs::write(host.path("lbd.yaml"), good.replace("/hook, f", "/hock, f")).unwrap();
    let output = reload(&host);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("hook `fault` of `V`") && said.contains("hock"),
        "{said}"
    );

    fs::write(
        host.path("lbd.yaml"),
        good.replace("/hook, f", "/hook, other"),
    )
    .unwrap();
    assert_eq!(reload(&host).status.code(), Some(0));
    fs::write(host.path("down"), "").unwrap();
    host.wait_for_told(3);
    assert_eq!(
        host.told().last().map(String::as_str),
        Some("nobody other INSTANCE V FAULT 100 INSTANCE/V/FAULT/100 0"),
        "the reload itself told nothing, though it took the role over"
    );
}

#[test]
fn a_hook_that_hangs_does_not_keep_the_daemon_from_stopping() {
    let mut host = Host::new();
    host.program("hook", "sleep 1000");
    host.start();
    host.wait("the role", |host| host.log().contains("backup -> master"));
    let begun = Instant::now();
    assert_eq!(host.end(), Some(0), "{}", host.log());
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

/// A host whose script hangs, and the file of the process that does.
fn hanging() -> (Host, String) {
    let mut host = Host::new();
    let pid = host.path("out").join("pid");
    host.program(
        "check",
        &format!("echo $$ > {}; exec sleep 1000", pid.display()),
    );
    let text = fs::read_to_string(host.path("lbd.yaml")).unwrap();
    fs::write(
        host.path("lbd.yaml"),
        text.replace("timeout: 2s", "timeout: 1m"),
    )
    .unwrap();
    host.start();
    host.wait("the script", |_| {
        fs::read_to_string(&pid).is_ok_and(|text| text.ends_with('\n'))
    });
    let script = fs::read_to_string(&pid).unwrap();
    let stat = format!("/proc/{}/stat", script.trim());
    assert!(Path::new(&stat).exists());
    (host, stat)
}

fn is_over(stat: &str) -> bool {
    !fs::read_to_string(stat).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn a_script_that_runs_is_ended_when_the_daemon_stops() {
    let (mut host, stat) = hanging();
    assert_eq!(host.end(), Some(0), "{}", host.log());
    host.wait("end of the script", |_| is_over(&stat));
}

#[test]
fn so_it_is_when_the_daemon_is_killed() {
    let (mut host, stat) = hanging();
    let daemon = host.child().expect("a daemon");
    kill(daemon, Signal::SIGKILL).unwrap();
    host.wait("end of the script", |_| is_over(&stat));
}
