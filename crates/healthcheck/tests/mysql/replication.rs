//! A primary and two replicas, and all that can be wrong with replicas.

use std::time::Duration;

use healthcheck::mysql::replica::IoThread;
use healthcheck::mysql::{
    Heartbeat, Level, Reason, ReplicaOptions, ReplicaStatus, Replication, Role,
};

use crate::mariadb::{MariaDb, user_statements, wait_until};
use crate::network::{LONG, network, probe_once, run, settings};

/// A primary and its replicas, replicating.
struct Cluster {
    primary: MariaDb,
    replicas: [MariaDb; 2],
    level: Level,
}

impl Cluster {
    /// On a network of its own. The probing user is made on the primary only: replication takes it along.
    fn start(heartbeat: Option<Heartbeat>) -> Self {
        network();
        let level = Level::Replica(ReplicaOptions { heartbeat });
        let primary = MariaDb::start(1, &["--skip-name-resolve"]);
        primary.sql(
            "CREATE DATABASE percona; CREATE TABLE percona.heartbeat (ts VARCHAR(26) NOT NULL, server_id INT PRIMARY KEY); \
             INSERT INTO percona.heartbeat VALUES ('2000-01-01T00:00:00.000000', 1); \
             CREATE USER replica@'%'; GRANT REPLICATION SLAVE ON *.* TO replica@'%'",
        );
        primary.sql(&user_statements(&primary.version(), &level));
        let replicas = [2, 3].map(|number| {
            let replica = MariaDb::start(number, &["--skip-name-resolve", "--read-only"]);
            replica.sql(
                "CHANGE MASTER TO MASTER_HOST='10.77.0.1', MASTER_USER='replica', MASTER_CONNECT_RETRY=1, \
                 MASTER_USE_GTID=slave_pos; START SLAVE",
            );
            replica
        });
        let cluster = Self {
            primary,
            replicas,
            level,
        };
        for replica in &cluster.replicas {
            assert!(wait_until(Duration::from_secs(30), || cluster.is_well(replica)));
        }
        cluster
    }

    fn is_well(&self, replica: &MariaDb) -> bool {
        self.probe(replica)
            .is_ok_and(|found| found.replica.is_some_and(|replica| replica.is_running()))
    }

    fn probe(&self, server: &MariaDb) -> Result<Replication, Reason> {
        let mut settings = settings(server.target());
        settings.level = self.level.clone();
        let found = run(probe_once(settings, LONG)).map_err(|fault| fault.reason)?;
        Ok(found.replication.expect("the level asks for it"))
    }

    fn status(&self, server: &MariaDb) -> ReplicaStatus {
        let replication = self.probe(server).unwrap();
        assert_eq!(replication.role(), Role::Replica);
        assert!(replication.read_only.read_only);
        replication.replica.unwrap()
    }

    /// Probes until the state is as wanted, and gives it.
    fn status_when(
        &self,
        server: &MariaDb,
        wanted: impl Fn(&ReplicaStatus) -> bool,
    ) -> ReplicaStatus {
        let mut last = None;
        wait_until(Duration::from_secs(30), || {
            wanted(last.insert(self.status(server)))
        });
        let last = last.unwrap();
        assert!(wanted(&last), "{last:?}");
        last
    }
}

#[test]
fn a_cluster_s_roles_threads_and_lags_are_seen_through_everything_that_befalls_it() {
    let cluster = Cluster::start(None);
    let [replica, other] = &cluster.replicas;
    well(&cluster);
    stopped_threads(&cluster, replica);
    delayed(&cluster, replica);
    broken_by_an_error(&cluster, replica);
    // The other one was well all the time.
    assert!(cluster.status(other).lag().is_some());
    reset(&cluster, replica);
    promoted(&cluster, other);
}

fn well(cluster: &Cluster) {
    let primary = cluster.probe(&cluster.primary).unwrap();
    assert_eq!((primary.role(), primary.replica), (Role::Primary, None));
    assert!(!primary.read_only.read_only);
    assert_eq!(primary.read_only.super_read_only, None, "MariaDB has none");
    for replica in &cluster.replicas {
        let status = cluster.status(replica);
        let lag = status.lag().expect("it replicates");
        assert!(lag < Duration::from_secs(30), "{status:?}");
        let [channel] = status.channels.as_slice() else {
            panic!("{status:?}");
        };
        assert_eq!(
            (channel.name.as_str(), channel.source.as_str()),
            ("", "10.77.0.1")
        );
        assert!(status.to_string().starts_with("replicating, "), "{status}");
    }
}

fn stopped_threads(cluster: &Cluster, replica: &MariaDb) {
    replica.sql("STOP SLAVE SQL_THREAD");
    let status = cluster.status(replica);
    assert!(!status.channels[0].sql_running && status.channels[0].io == IoThread::Running);
    assert_eq!(status.lag(), None);
    assert!(
        status.to_string().contains("the SQL thread is stopped"),
        "{status}"
    );
    replica.sql("START SLAVE SQL_THREAD; STOP SLAVE IO_THREAD");
    let status = cluster.status(replica);
    assert!(status.channels[0].sql_running && status.channels[0].io == IoThread::Stopped);
    assert_eq!(status.lag(), None);
    assert!(
        status.to_string().contains("the IO thread is stopped"),
        "{status}"
    );
    replica.sql("START SLAVE");
    cluster.status_when(replica, |status| status.lag() == Some(Duration::ZERO));
}

/// A lag that is real: what the primary wrote waits.
fn delayed(cluster: &Cluster, replica: &MariaDb) {
    replica.sql("STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=600; START SLAVE");
    cluster
        .primary
        .sql("REPLACE INTO percona.heartbeat VALUES ('', 99)");
    let lags = |status: &ReplicaStatus| {
        status
            .lag()
            .is_some_and(|lag| lag >= Duration::from_secs(2))
    };
    let status = cluster.status_when(replica, lags);
    assert!(status.is_running());
    replica.sql("STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=0; START SLAVE");
    cluster.status_when(replica, |status| status.lag() == Some(Duration::ZERO));
}

/// A statement that the replica cannot carry out, and a primary that it cannot reach.
fn broken_by_an_error(cluster: &Cluster, replica: &MariaDb) {
    replica.sql("SET SESSION sql_log_bin = 0; INSERT INTO percona.heartbeat VALUES ('', 7)");
    cluster
        .primary
        .sql("INSERT INTO percona.heartbeat VALUES ('', 7)");
    let status = cluster.status_when(replica, |status| status.channels[0].sql_error.is_some());
    assert_eq!(status.channels[0].sql_error.as_ref().unwrap().code, 1062);
    assert_eq!(status.lag(), None);
    assert!(status.to_string().contains("error 1062"), "{status}");
    replica.sql("DELETE FROM percona.heartbeat WHERE server_id = 7; START SLAVE");
    cluster.status_when(replica, |status| status.lag() == Some(Duration::ZERO));

    replica.sql("STOP SLAVE; CHANGE MASTER TO MASTER_PORT=3999; START SLAVE");
    let status = cluster.status_when(replica, |status| status.channels[0].io_error.is_some());
    assert_eq!(
        (status.channels[0].io, status.lag()),
        (IoThread::Connecting, None)
    );
    assert!(
        status
            .to_string()
            .contains("the IO thread is connecting (error"),
        "{status}"
    );
    replica.sql("STOP SLAVE; CHANGE MASTER TO MASTER_PORT=3306; START SLAVE");
    cluster.status_when(replica, |status| status.lag() == Some(Duration::ZERO));
}

/// As after `RESET SLAVE ALL`: it replicates from nobody, and is no primary for that.
fn reset(cluster: &Cluster, replica: &MariaDb) {
    replica.sql("STOP SLAVE; RESET SLAVE ALL");
    let found = cluster.probe(replica).unwrap();
    assert_eq!((found.role(), found.replica), (Role::Neither, None));
}

/// One that takes the primary's place is seen as the primary by itself; one with two sources as late as the later.
fn promoted(cluster: &Cluster, server: &MariaDb) {
    server.sql(
        "CHANGE MASTER 'second' TO MASTER_HOST='10.77.0.1', MASTER_PORT=3999, MASTER_USER='replica'; \
         START SLAVE 'second'",
    );
    let status = cluster.status(server);
    assert_eq!((status.channels.len(), status.lag()), (2, None));
    assert!(status.to_string().contains("channel second"), "{status}");
    server.sql(
        "STOP ALL SLAVES; RESET SLAVE 'second' ALL; RESET SLAVE ALL; SET GLOBAL read_only = 0",
    );
    assert_eq!(cluster.probe(server).unwrap().role(), Role::Primary);
}

#[test]
fn a_heartbeat_s_age_is_the_lag_even_where_the_server_says_that_there_is_none() {
    let table = Heartbeat::new("percona.heartbeat", None).unwrap();
    let cluster = Cluster::start(Some(table.clone()));
    let [replica, _] = &cluster.replicas;
    let beat = |age: u32| {
        let ts = format!(
            "DATE_FORMAT(UTC_TIMESTAMP(6) - INTERVAL {age} SECOND, '%Y-%m-%dT%H:%i:%s.%f')"
        );
        let all = format!(
            "DELETE FROM percona.heartbeat; INSERT INTO percona.heartbeat VALUES ({ts}, 1)"
        );
        cluster
            .primary
            .sql(&format!("SET SESSION binlog_format = ROW; {all}"));
    };
    // The user's grant is for this table only, and the primary needs no heartbeat.
    assert_eq!(
        cluster.probe(&cluster.primary).unwrap().role(),
        Role::Primary
    );
    beat(100);
    let status = cluster.status_when(replica, |status| {
        status
            .lag()
            .is_some_and(|lag| lag >= Duration::from_secs(100))
    });
    assert_eq!(status.channels[0].lag, Some(Duration::ZERO));
    beat(0);
    cluster.status_when(replica, |status| {
        status
            .lag()
            .is_some_and(|lag| lag < Duration::from_secs(60))
    });

    cluster.primary.sql("DELETE FROM percona.heartbeat");
    let emptied = wait_until(LONG, || {
        cluster.probe(replica) == Err(Reason::NoHeartbeat(table.to_string()))
    });
    assert!(emptied, "an empty heartbeat table is no lag of zero");
}
