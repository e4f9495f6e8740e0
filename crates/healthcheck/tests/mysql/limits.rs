//! Servers and users that have as many connections as they may.

use std::time::Duration;

use healthcheck::mysql::{Class, Fault, Level, Prober, Reason, Stage};

use crate::mariadb::MariaDb;
use crate::network::{LONG, SHORT, network, probe_once, run, settings};

fn server(extra: &[&str]) -> MariaDb {
    network();
    MariaDb::with_user(1, extra, &Level::Ping)
}

#[test]
fn a_server_with_all_connections_taken_is_busy_and_not_dead() {
    let server = server(&["--max-connections=10"]);
    run(async {
        let mut holders = Vec::new();
        // Ten for users, and one more that is kept for administrators.
        let fault = loop {
            let mut holder = Prober::new(settings(server.target())).unwrap();
            match holder.probe(LONG).await {
                Ok(_) => holders.push(holder),
                Err(fault) => break fault,
            }
            assert!(holders.len() < 20, "max_connections is not honoured");
        };
        // While the administrators' is free, anybody might be one, until the login says who it is.
        assert_busy(&fault, Stage::Login, Some("08004"));
        let mut administrator = server.hold_the_administrator_s();
        let mut last = fault;
        let full = async || {
            probe_once(settings(server.target()), LONG)
                .await
                .unwrap_err()
        };
        for _ in 0..100 {
            last = full().await;
            if last.stage == Stage::Greeting {
                break;
            }
            // A probe that was there at the same moment may have kept the administrator out.
            if administrator.try_wait().unwrap().is_some() {
                administrator = server.hold_the_administrator_s();
            }
            tokio::time::sleep(SHORT / 4).await;
        }
        assert_busy(&last, Stage::Greeting, None);
        administrator.kill().unwrap();
        administrator.wait().unwrap();
        // Those that it has go on.
        holders[0].probe(LONG).await.unwrap();
        for mut holder in holders {
            holder.close().await;
        }
        probe_once(settings(server.target()), LONG).await.unwrap();
    });
}

fn assert_busy(fault: &Fault, stage: Stage, state: Option<&str>) {
    let Reason::TooManyConnections(error) = &fault.reason else {
        panic!("{fault}");
    };
    assert_eq!((error.code, error.state.as_deref()), (1040, state));
    assert_eq!((fault.stage, fault.class()), (stage, Class::Busy));
    let said = fault.to_string();
    assert!(said.contains("raise max_connections"), "{said}");
}

#[test]
fn a_user_at_its_own_limit_is_an_alarm() {
    let server = server(&[]);
    server.sql("ALTER USER probe@'10.77.0.%' WITH MAX_USER_CONNECTIONS 1");
    let mut kept = settings(server.target());
    kept.fresh_login = Duration::ZERO;
    run(async {
        let mut holder = Prober::new(kept).unwrap();
        for _ in 0..20 {
            holder
                .probe(LONG)
                .await
                .expect("its fresh logins need one connection only");
        }
        let fault = probe_once(settings(server.target()), LONG)
            .await
            .unwrap_err();
        assert!(matches!(fault.reason, Reason::UserLimit(_)), "{fault}");
        assert_eq!(fault.class(), Class::Alarm);
        holder.close().await;
    });
}
