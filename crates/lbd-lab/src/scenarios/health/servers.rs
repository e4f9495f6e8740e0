//! A server that is full, does not let the check in, hangs, and stops.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::pool::Pool;
use super::watch::{Fault, Watch};
use crate::cluster::mariadb::query;
use crate::cluster::mysql_check;
use crate::cluster::{Cluster, Fleet, PORT, daemon_of, mariadb, replication};
use crate::ensure;
use crate::failed::{Failed, Result};
use crate::lab::Lab;

/// Fresh logins, and two failures of 2 s.
const WITHIN: Duration = Duration::from_secs(25);

pub(crate) fn run(lab: &mut Lab) -> Result {
    let cluster = Cluster::build(lab)?;
    let mut servers = mariadb::start(lab, &cluster)?;
    let file = mysql_check::file(&cluster, "replica")?;
    let [primary, replica, other] = cluster.databases();
    replication::make_check_user(lab, &file, primary, &[replica, other])?;
    let _daemons = cluster.lbd_everywhere(&file)?;
    cluster.settled(lab, primary, &cluster.databases())?;
    let watch = Watch::start(lab, &cluster)?;
    watch.is_well(replica, "at first")?;
    full(&watch)?;
    not_let_in(&watch)?;
    hangs(&watch, &mut servers)?;
    stops(&watch, &mut servers)?;
    watch.stop().map(drop)
}

/// A full server lives: it keeps what it has, and gets nothing new.
fn full(watch: &Watch<'_>) -> Result {
    let [_, replica, _] = watch.cluster.databases();
    let mut pool = Pool::to(replica.name(), &watch.cluster.client)?;
    let fault = Fault {
        what: "max_connections is reached",
        server: replica,
        entry: Some(0),
        why: &["busy", "no new connections"],
        within: WITHIN,
    };
    watch.provoke(&fault, || {
        query(replica, &["SET GLOBAL max_connections = 10"]).map(drop)
    })?;
    pool.answers(replica.name())?;
    watch.lab.say("its old connections go on");
    watch.undo(&fault, || {
        // An administrator gets in only now.
        pool.leave()?;
        query(replica, &["SET GLOBAL max_connections = 151"]).map(drop)
    })
}

/// A password that was changed at one place only: told, and nothing else.
fn not_let_in(watch: &Watch<'_>) -> Result {
    let [_, replica, _] = watch.cluster.databases();
    let accounts = query(
        replica,
        &["SELECT Host, authentication_string FROM mysql.user WHERE User = 'lbd_check'"],
    )?;
    let accounts: Vec<(String, String)> = accounts
        .into_iter()
        .filter_map(|row| match row.as_slice() {
            [Some(host), Some(hash)] => Some((host.clone(), hash.clone())),
            _ => None,
        })
        .collect();
    let set = |password: &dyn Fn(&str) -> String| {
        let mut statements = vec!["SET SESSION sql_log_bin = 0".to_owned()];
        statements.extend(accounts.iter().map(|(host, hash)| {
            let password = password(hash);
            format!("SET PASSWORD FOR 'lbd_check'@'{host}' = {password}")
        }));
        query(replica, &statements).map(drop)
    };
    let fault = Fault {
        what: "the check's password is wrong",
        server: replica,
        entry: Some(mysql_check::FULL),
        why: &["up", "its check needs you", "access denied"],
        within: WITHIN,
    };
    watch.is_told_only(&fault, || set(&|_| "PASSWORD('another one')".to_owned()))?;
    watch.undo(&fault, || set(&|hash| format!("'{hash}'")))
}

/// A server that hangs: its kernel takes connections all the same.
fn hangs(watch: &Watch<'_>, servers: &mut Fleet) -> Result {
    let [.., other] = watch.cluster.databases();
    let fault = Fault {
        what: "the server hangs (SIGSTOP)",
        server: other,
        entry: None,
        why: &["down (", "timed out"],
        within: WITHIN,
    };
    let server = daemon_of(servers, other)?;
    watch.provoke(&fault, || server.signal(Signal::SIGSTOP))?;
    let target = (other.address(), PORT);
    let connects = watch
        .cluster
        .client
        .thread(move || Ok(std::net::TcpStream::connect(target).is_ok()))?;
    let connects = connects
        .join()
        .map_err(|_| Failed::new("the connecting thread panicked"))??;
    ensure!(connects, "a hanging server's port is open");
    watch.undo(&fault, || server.signal(Signal::SIGCONT))
}

fn stops(watch: &Watch<'_>, servers: &mut Fleet) -> Result {
    let [_, replica, _] = watch.cluster.databases();
    let fault = Fault {
        what: "the server is stopped",
        server: replica,
        entry: None,
        why: &["down (", "connection refused"],
        within: WITHIN,
    };
    let server = daemon_of(servers, replica)?;
    watch.provoke(&fault, || server.stop().map(drop))?;
    watch.undo(&fault, || server.restart())
}
