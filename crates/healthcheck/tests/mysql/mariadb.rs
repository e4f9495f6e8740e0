//! Real MariaDB servers, each with a data directory of its own, ended with the test.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

use healthcheck::mysql::{Account, Level, Version, grants};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::network::{PASSWORD, USER};

const MISSING: &str =
    "these tests need MariaDB: apt-get install mariadb-server-core mariadb-client-core";
const SETTINGS: &[&str] = &[
    "--no-defaults",
    "--user=root",
    "--innodb-use-native-aio=0",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-buffer-pool-size=8M",
    "--aria-pagecache-buffer-size=2M",
    "--key-buffer-size=1M",
    "--log-bin=binlog",
    "--slave-net-timeout=10",
];

/// A running server on an address of its own.
pub(crate) struct MariaDb {
    process: Child,
    address: Ipv4Addr,
    home: TempDir,
    log: PathBuf,
}

impl MariaDb {
    /// Starts a server on 10.77.0.`number` and waits until it answers. Those that replicate, and those that are
    /// to be blocked or not, say so in `extra`.
    pub(crate) fn start(number: u8, extra: &[&str]) -> Self {
        let home = tempfile::tempdir_in("/dev/shm").unwrap();
        let data = home.path().join("data");
        copy(&template(), &data);
        let address = Ipv4Addr::new(10, 77, 0, number);
        let log = home.path().join("log");
        let own = [
            format!("--datadir={}", data.display()),
            format!("--socket={}", home.path().join("sock").display()),
            format!("--pid-file={}", home.path().join("pid").display()),
            format!("--log-error={}", log.display()),
            format!("--bind-address={address}"),
            format!("--server-id={number}"),
        ];
        // It dies with the test, however that ends.
        let process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "mariadbd"])
            .args(SETTINGS)
            .args(own)
            .args(extra)
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("setpriv, of util-linux, is needed");
        let server = Self {
            process,
            address,
            home,
            log,
        };
        server.wait_until_it_answers();
        server
    }

    /// The same with the probing user, made by exactly the statements that the crate says it needs.
    pub(crate) fn with_user(number: u8, extra: &[&str], level: &Level) -> Self {
        let server = Self::start(number, extra);
        server.sql(&user_statements(&server.version(), level));
        server
    }

    pub(crate) fn target(&self) -> SocketAddr {
        (self.address, 3306).into()
    }

    pub(crate) fn version(&self) -> Version {
        Version::read(&self.value("SELECT VERSION()"))
    }

    /// Runs statements as root, by the server's own socket: that leaves the counters of hosts alone.
    pub(crate) fn sql(&self, statements: &str) -> String {
        let output = self.client(statements).output().expect(MISSING);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{statements}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The only value that a statement gives.
    pub(crate) fn value(&self, statement: &str) -> String {
        self.sql(statement)
    }

    /// A counter of the server.
    pub(crate) fn counter(&self, name: &str) -> u64 {
        let statement = format!(
            "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = '{name}'"
        );
        self.value(&statement).parse().unwrap()
    }

    /// Stops the server as if it hung, all its threads.
    pub(crate) fn hang(&self) {
        kill(self.pid(), Signal::SIGSTOP).unwrap();
        let stopped = waitpid(self.pid(), Some(WaitPidFlag::WUNTRACED)).unwrap();
        assert_eq!(stopped, WaitStatus::Stopped(self.pid(), Signal::SIGSTOP));
    }

    pub(crate) fn go_on(&self) {
        kill(self.pid(), Signal::SIGCONT).unwrap();
    }

    /// Ends the server in an orderly way.
    pub(crate) fn shut_down(mut self) {
        kill(self.pid(), Signal::SIGTERM).unwrap();
        self.process.wait().unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.process.id().try_into().unwrap())
    }

    /// Holds the connection that the server keeps for administrators. It ends with the server.
    pub(crate) fn hold_the_administrator_s(&self) -> Child {
        self.client("SELECT SLEEP(3600)").spawn().expect(MISSING)
    }

    fn client(&self, statements: &str) -> Command {
        let mut client = Command::new("mariadb");
        client
            .args(["--no-defaults", "--user=root", "-N", "-B", "-S"])
            .arg(self.home.path().join("sock"))
            .args(["-e", statements]);
        client
    }

    fn wait_until_it_answers(&self) {
        let log = || std::fs::read_to_string(&self.log).unwrap_or_else(|_| MISSING.to_owned());
        let answers = wait_until(Duration::from_secs(60), || {
            self.client("SELECT 1")
                .output()
                .expect(MISSING)
                .status
                .success()
        });
        assert!(answers, "MariaDB does not answer: {}", log());
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        // Gone already after an orderly end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The crate's statements for the usual user.
pub(crate) fn user_statements(version: &Version, level: &Level) -> String {
    let account = Account {
        user: USER,
        host: "10.77.0.%",
        password: PASSWORD,
    };
    grants(&account, Some(version), level)
}

/// Whether something becomes true in time.
pub(crate) fn wait_until(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if condition() {
            return true;
        }
        sleep(Duration::from_millis(50));
    }
    false
}

/// A data directory that each server gets a copy of, made once for each version of MariaDB.
fn template() -> PathBuf {
    static MADE: Mutex<()> = Mutex::new(());
    let _one_at_a_time = MADE.lock();
    let version = Command::new("mariadbd")
        .arg("--version")
        .output()
        .expect(MISSING);
    let version: String = String::from_utf8_lossy(&version.stdout)
        .chars()
        .filter(|char| char.is_ascii_alphanumeric())
        .collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mariadb-{version}"));
    if !folder.exists() {
        let fresh = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        install(fresh.path());
        // Another process may have been faster.
        let _ = std::fs::rename(fresh.keep(), &folder);
    }
    folder
}

fn install(folder: &Path) {
    let output = Command::new("mariadb-install-db")
        .args([
            "--no-defaults",
            "--user=root",
            "--skip-test-db",
            "--innodb-log-file-size=4M",
        ])
        .args([
            "--auth-root-authentication-method=normal",
            "--skip-name-resolve",
        ])
        .arg(format!("--datadir={}", folder.display()))
        .output()
        .expect(MISSING);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "mariadb-install-db: {said}");
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp")
        .arg("-r")
        .arg(from)
        .arg(to)
        .status()
        .unwrap();
    assert!(status.success(), "cannot copy {}", from.display());
}
