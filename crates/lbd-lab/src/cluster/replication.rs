//! What is done to the replication of running MariaDB servers, and asked of them.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::mariadb::query;
use super::{PORT, Reference, lbd_program};
use crate::ensure;
use crate::failed::{Failed, Result};
use crate::host::Host;
use crate::lab::Lab;

/// What makes a server a replica of `primary`. `position` is `slave_pos`, or `current_pos` where it was a primary itself.
pub(super) fn following(primary: Ipv4Addr, position: &str) -> [String; 3] {
    [
        "STOP SLAVE".to_owned(),
        format!(
            "CHANGE MASTER TO MASTER_HOST='{primary}', MASTER_PORT={PORT}, MASTER_USER='replica', \
             MASTER_CONNECT_RETRY=1, MASTER_USE_GTID={position}"
        ),
        "START SLAVE".to_owned(),
    ]
}

/// Makes a server a replica of another, from where it is.
///
/// # Errors
/// When it does not answer, or refuses.
pub fn follow(replica: &Host, primary: &Host) -> Result {
    query(replica, &following(primary.address(), "slave_pos")).map(drop)
}

/// Ends a server's replication, and what it knows of it, as before it takes the primary's place.
///
/// # Errors
/// When it does not answer, or refuses.
pub fn forget(replica: &Host) -> Result {
    query(replica, &["STOP SLAVE", "RESET SLAVE ALL"]).map(drop)
}

/// Makes one of two replicas the primary, once they have all that the old one wrote, and the other two servers its
/// replicas.
///
/// # Errors
/// When one does not answer, or refuses, or the replicas do not catch up within 4 s.
pub fn promote(new: &Host, other: &Host, old: &Host) -> Result {
    let stop_writing = [
        "SET GLOBAL event_scheduler = 0",
        "SET GLOBAL read_only = 1",
        "SELECT @@gtid_binlog_pos",
    ];
    let position = only_value(old, query(old, &stop_writing)?)?;
    for host in [new, other] {
        let caught_up = query(host, &[format!("SELECT MASTER_GTID_WAIT('{position}', 4)")])?;
        let caught_up = only_value(host, caught_up)?;
        ensure!(
            caught_up == "0",
            "{} has not got to {position}",
            host.name()
        );
    }
    forget(new)?;
    query(new, &["SET GLOBAL read_only = 0"])?;
    follow(other, new)?;
    // What it wrote itself is not in its `gtid_slave_pos`.
    query(old, &following(new.address(), "current_pos")).map(drop)
}

/// Makes a replica keep so many seconds behind what it gets.
///
/// # Errors
/// When it does not answer, or refuses.
pub fn delay(replica: &Host, seconds: u32) -> Result {
    let change = format!("CHANGE MASTER TO MASTER_DELAY={seconds}");
    query(replica, &["STOP SLAVE", &change, "START SLAVE"]).map(drop)
}

/// The table that [`keep_beating`] writes to.
pub const HEARTBEAT: &str = "percona.heartbeat";

/// Makes the primary write the time each second from now on, as `pt-heartbeat` would: so a replica can be behind, and
/// it is known how far.
///
/// # Errors
/// When it does not answer, or refuses.
pub fn keep_beating(primary: &Host) -> Result {
    let [.., number] = primary.address().octets();
    let beat = format!(
        "REPLACE INTO {HEARTBEAT} VALUES (DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%f'), {number})"
    );
    let statements = [
        "CREATE DATABASE percona".to_owned(),
        format!(
            "CREATE TABLE {HEARTBEAT} (ts VARCHAR(26) NOT NULL, server_id INT UNSIGNED PRIMARY KEY)"
        ),
        beat.clone(),
        "SET GLOBAL event_scheduler = 1".to_owned(),
        format!("CREATE EVENT percona.beat ON SCHEDULE EVERY 1 SECOND DO {beat}"),
    ];
    query(primary, &statements).map(drop)
}

/// Makes the user that the file's checks log in as, on the primary, by exactly what `lbd mysql-grants` prints, and
/// waits until the replicas have it.
///
/// # Errors
/// When it prints nothing, the primary refuses a statement, or a replica has no such user within 60 s.
pub fn make_check_user(lab: &Lab, file: &Reference, primary: &Host, replicas: &[&Host]) -> Result {
    let config = primary.write_file("lbd.yaml", file.text())?;
    let printed = primary.run(&format!("{} mysql-grants {config}", lbd_program()?))?;
    lab.keep("mysql-grants.sql", &printed)?;
    let statements: Vec<&str> = printed
        .lines()
        .filter(|line| !line.starts_with("--") && !line.trim().is_empty())
        .map(|line| line.trim_end_matches(';'))
        .collect();
    ensure!(!statements.is_empty(), "lbd mysql-grants printed nothing");
    query(primary, &statements)?;
    let users = "SELECT User FROM mysql.user WHERE User = 'lbd_check'";
    for host in replicas {
        let what = format!("{} has the checks' user", host.name());
        lab.wait_until(&what, Duration::from_secs(60), || {
            Ok(!query(host, &[users])?.is_empty())
        })?;
    }
    Ok(())
}

/// A counter of a server, such as `Aborted_clients`.
///
/// # Errors
/// When it does not answer, or has no such counter.
pub fn counter(host: &Host, name: &str) -> Result<u64> {
    let rows = query(host, &[format!("SHOW GLOBAL STATUS LIKE '{name}'")])?;
    let value = rows.first().and_then(|row| row.get(1)?.as_deref());
    let value =
        value.ok_or_else(|| Failed::new(format!("{} has no counter {name}", host.name())))?;
    Ok(value.parse()?)
}

fn only_value(host: &Host, rows: Vec<Vec<Option<String>>>) -> Result<String> {
    let value = rows.into_iter().flatten().flatten().next();
    value.ok_or_else(|| Failed::new(format!("{} answered without a value", host.name())))
}
