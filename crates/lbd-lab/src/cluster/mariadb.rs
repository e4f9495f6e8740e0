//! Real MariaDB servers on the hosts of the lab, replicating.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tokio::net::UnixStream;

use super::{Cluster, Fleet, PORT, mariadb_template, replication};
use crate::client::mysql::Session;
use crate::daemon::Daemon;
use crate::ensure;
use crate::failed::{Failed, Result};
use crate::host::Host;
use crate::lab::Lab;

/// Settings for small servers that share one machine. Without the maximum, InnoDB reserves 8 TB of addresses, which
/// user-mode Linux has not got. Names are not resolved, or a TCP check would count towards blocking its host.
const SETTINGS: &[&str] = &[
    "--no-defaults",
    "--user=root",
    "--bind-address=0.0.0.0",
    "--skip-name-resolve",
    "--innodb-use-native-aio=0",
    "--innodb-flush-method=fsync",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-buffer-pool-size=8M",
    "--innodb-buffer-pool-size-max=16M",
    "--aria-pagecache-buffer-size=2M",
    "--key-buffer-size=1M",
    "--performance-schema=0",
    "--log-bin=binlog",
    "--log-slave-updates=1",
    "--slave-net-timeout=10",
];

/// For a server to start and catch up, on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(120);

/// Prepares a data directory that each server gets a copy of. Takes about a second; done on the machine itself.
///
/// # Errors
/// When `mariadb-install-db` fails.
pub fn prepare(folder: &Path) -> Result {
    let output = Command::new("mariadb-install-db")
        .args([
            "--no-defaults",
            "--user=root",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ])
        .args(["--skip-name-resolve", "--innodb-log-file-size=4M"])
        .arg(format!("--datadir={}", folder.display()))
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "mariadb-install-db failed ({}): {said}",
        output.status
    );
    Ok(())
}

/// Starts three servers, `db1` the primary and the others its replicas, and waits until all serve and replicate.
///
/// # Errors
/// When they don't within two minutes.
pub fn start(lab: &Lab, cluster: &Cluster) -> Result<Fleet> {
    let mut fleet = Fleet::new();
    let primary = cluster.db1.address();
    for host in cluster.databases() {
        let primary = (host.address() != primary).then_some(primary);
        fleet.insert(host.name().to_owned(), start_one(host, primary)?);
    }
    for host in cluster.databases() {
        answers(lab, host)?;
    }
    let writes = [
        "CREATE DATABASE orders",
        "CREATE TABLE orders.o (id INT PRIMARY KEY)",
        "INSERT INTO orders.o VALUES (42)",
    ];
    query(&cluster.db1, &writes)?;
    for host in [&cluster.db2, &cluster.db3] {
        let what = format!("{} has what was written on db1", host.name());
        lab.wait_until(&what, LIMIT, || {
            Ok(query(host, &["SELECT id FROM orders.o"])?.len() == 1)
        })?;
    }
    Ok(fleet)
}

/// Waits until a host's server answers.
///
/// # Errors
/// When it does not within two minutes.
pub fn answers(lab: &Lab, host: &Host) -> Result {
    let what = format!("MariaDB on {} answers", host.name());
    lab.wait_until(&what, LIMIT, || Ok(query(host, &["SELECT 1"]).is_ok()))
        .map(drop)
}

/// Starts the primary's server: again, on a host that has booted, or alone.
///
/// # Errors
/// When it cannot be started.
pub fn start_primary(host: &Host) -> Result<Daemon> {
    start_one(host, None)
}

/// Starts one server; `primary` is whom it replicates from.
fn start_one(host: &Host, primary: Option<Ipv4Addr>) -> Result<Daemon> {
    let home = host.folder().join("mysql");
    if !home.exists() {
        let status = Command::new("cp")
            .arg("-r")
            .arg(mariadb_template()?)
            .arg(&home)
            .status()?;
        ensure!(
            status.success(),
            "cannot copy the data directory for {}",
            host.name()
        );
    }
    let users = "CREATE USER IF NOT EXISTS reader@'%';\nCREATE USER IF NOT EXISTS replica@'%';\n\
         GRANT REPLICATION SLAVE ON *.* TO replica@'%';\n";
    let replicate = |primary| {
        replication::following(primary, "slave_pos")
            .map(|statement| statement + ";\n")
            .concat()
    };
    let init = host.write_file(
        "init.sql",
        &primary.map_or_else(|| users.to_owned(), replicate),
    )?;
    let [.., number] = host.address().octets();
    let own = [
        format!("--datadir={}", home.display()),
        format!("--socket={}", socket(host).display()),
        format!("--pid-file={}", host.folder().join("mysql.pid").display()),
        format!("--port={PORT}"),
        format!("--server-id={number}"),
        format!("--read-only={}", u8::from(primary.is_some())),
        format!("--init-file={init}"),
    ];
    let arguments: Vec<&str> = SETTINGS
        .iter()
        .copied()
        .chain(own.iter().map(String::as_str))
        .collect();
    host.start("mariadb", "mariadbd", &arguments)
}

/// Runs statements as root, through the server's own socket, and gives the rows of the last.
///
/// # Errors
/// When the server does not answer within 5 s, or answers with an error.
pub fn query(host: &Host, statements: &[impl AsRef<str>]) -> Result<Vec<Vec<Option<String>>>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let asked = runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(5), ask(host, statements)).await
    });
    asked?.map_err(|error| Failed::new(error).while_doing(format!("MariaDB on {}", host.name())))
}

async fn ask(
    host: &Host,
    statements: &[impl AsRef<str>],
) -> std::io::Result<Vec<Vec<Option<String>>>> {
    let mut session = Session::login(UnixStream::connect(socket(host)).await?, "root").await?;
    let mut rows = Vec::new();
    for statement in statements {
        rows = session.query(statement.as_ref()).await?;
    }
    session.quit().await?;
    Ok(rows)
}

fn socket(host: &Host) -> PathBuf {
    host.folder().join("mysql.sock")
}
