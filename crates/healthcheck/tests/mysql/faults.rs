//! What can be wrong with one real server.

use std::time::Duration;

use healthcheck::mysql::{
    Class, Flavour, Level, Password, Prober, Reason, ReplicaOptions, Role, Stage,
};

use crate::mariadb::MariaDb;
use crate::network::{LONG, SHORT, network, network_with_names, probe_once, run, settings};

fn server(extra: &[&str], level: &Level) -> MariaDb {
    network();
    MariaDb::with_user(1, extra, level)
}

fn replica_level() -> Level {
    Level::Replica(ReplicaOptions::default())
}

#[test]
fn a_healthy_server_answers_at_every_level_to_a_user_with_the_grants_that_are_printed() {
    network();
    let server = MariaDb::start(1, &[]);
    let levels = [
        Level::Ping,
        Level::Query("SELECT 1".to_owned()),
        replica_level(),
    ];
    for level in levels {
        server.sql("DROP USER IF EXISTS probe@'10.77.0.%'");
        server.sql(&crate::mariadb::user_statements(&server.version(), &level));
        let mut settings = settings(server.target());
        settings.level = level.clone();
        let report = run(probe_once(settings, LONG)).unwrap();
        assert_eq!(report.version, server.version());
        assert_eq!(report.version.flavour, Flavour::MariaDb);
        assert!(report.version.number >= (10, 0, 0), "{}", report.version);
        assert!(report.fresh_login && report.took < LONG);
        let role = report.replication.map(|replication| replication.role());
        let expected = matches!(level, Level::Replica(_)).then_some(Role::Primary);
        assert_eq!(role, expected);
    }
}

#[test]
fn one_session_is_kept_until_a_fresh_login_is_due_and_survives_a_restart_of_the_server() {
    let server = server(&[], &Level::Ping);
    let mut settings = settings(server.target());
    settings.fresh_login = Duration::from_secs(3600);
    let mut prober = Prober::new(settings.clone()).unwrap();
    run(async {
        let mut fresh = Vec::new();
        for _ in 0..3 {
            fresh.push(prober.probe(LONG).await.unwrap().fresh_login);
        }
        assert_eq!(fresh, [true, false, false]);
        server.sql("KILL USER probe");
        let after = prober.probe(LONG).await.unwrap();
        assert!(
            after.fresh_login,
            "the broken session is no fault of the server"
        );
        prober.close().await;

        settings.fresh_login = Duration::ZERO;
        let mut prober = Prober::new(settings).unwrap();
        for _ in 0..3 {
            assert!(prober.probe(LONG).await.unwrap().fresh_login);
        }
        assert_eq!(server.value(SESSIONS), "1", "one at a time");
        prober.close().await;
        assert_eq!(server.value(SESSIONS), "0");
    });
}

const SESSIONS: &str = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'probe'";

#[test]
fn a_server_that_was_shut_down_refuses() {
    let server = server(&[], &Level::Ping);
    let mut prober = Prober::new(settings(server.target())).unwrap();
    run(async {
        prober.probe(LONG).await.unwrap();
        server.shut_down();
        let fault = prober.probe(LONG).await.unwrap_err();
        assert_eq!(
            (fault.stage, &fault.reason),
            (Stage::Connect, &Reason::Refused)
        );
        assert_eq!(fault.class(), Class::Down);
        let said = fault.to_string();
        assert!(
            said.contains("10.77.0.1:3306: connection refused"),
            "{said}"
        );
    });
}

#[test]
fn wrong_password_and_unknown_user_are_alarms_and_not_deaths() {
    let server = server(&[], &Level::Ping);
    let mut wrong = settings(server.target());
    wrong.password = Password::new("wrong").unwrap();
    let mut unknown = settings(server.target());
    unknown.user = "nobody".to_owned();
    for settings in [wrong, unknown] {
        let fault = run(probe_once(settings, LONG)).unwrap_err();
        assert_eq!((fault.stage, fault.class()), (Stage::Login, Class::Alarm));
        let Reason::AccessDenied(error) = &fault.reason else {
            panic!("{fault}");
        };
        assert_eq!((error.code, error.state.as_deref()), (1045, Some("28000")));
        assert!(
            fault.to_string().contains("check the probing user"),
            "{fault}"
        );
    }
}

#[test]
fn a_host_that_no_user_may_come_from_is_named_without_a_greeting() {
    network();
    let server = MariaDb::start(1, &["--skip-name-resolve"]);
    server.sql("DELETE FROM mysql.global_priv WHERE Host NOT IN ('localhost'); FLUSH PRIVILEGES");
    let fault = run(probe_once(settings(server.target()), LONG)).unwrap_err();
    let Reason::HostNotAllowed(error) = &fault.reason else {
        panic!("{fault}");
    };
    assert_eq!((fault.stage, error.code), (Stage::Greeting, 1130));
    assert_eq!(fault.class(), Class::Alarm);
    assert!(
        fault.to_string().contains("create the probing user"),
        "{fault}"
    );
}

#[test]
fn a_missing_right_is_named() {
    let server = server(&[], &Level::Ping);
    let mut settings = settings(server.target());
    settings.level = replica_level();
    let fault = run(probe_once(settings, LONG)).unwrap_err();
    let Reason::MissingPrivilege(error) = &fault.reason else {
        panic!("{fault}");
    };
    assert_eq!((error.code, fault.stage), (1227, Stage::Query));
    assert_eq!(fault.class(), Class::Alarm);
    assert!(
        fault
            .to_string()
            .contains("give the probing user the grants"),
        "{fault}"
    );
}

#[test]
fn a_statement_that_fails_is_a_fault_with_the_server_s_words() {
    let server = server(&[], &Level::Ping);
    let mut settings = settings(server.target());
    settings.level = Level::Query("SELEC 1".to_owned());
    let fault = run(probe_once(settings, LONG)).unwrap_err();
    assert!(
        matches!(&fault.reason, Reason::Server(error) if error.code == 1064),
        "{fault}"
    );
}

#[test]
fn a_server_that_hangs_times_out_is_kept_and_is_none_the_worse_when_it_goes_on() {
    network_with_names();
    let limits = ["--skip-name-resolve=0", "--max-connect-errors=3"];
    let server = MariaDb::with_user(1, &limits, &Level::Ping);
    let before = aborted(&server);
    run(async {
        // One in the middle of its session, one that begins.
        let mut old = Prober::new(settings(server.target())).unwrap();
        old.probe(LONG).await.unwrap();
        let mut new = Prober::new(settings(server.target())).unwrap();
        server.hang();
        for _ in 0..10 {
            let fault = old.probe(SHORT).await.unwrap_err();
            assert_eq!(
                (fault.stage, &fault.reason),
                (Stage::Query, &Reason::TimedOut)
            );
            assert!(
                fault.took >= SHORT && fault.took < SHORT * 10,
                "{:?}",
                fault.took
            );
            let fault = new.probe(SHORT).await.unwrap_err();
            assert_eq!(
                (fault.stage, &fault.reason),
                (Stage::Greeting, &Reason::TimedOut)
            );
            assert!(fault.to_string().contains("hangs"), "{fault}");
        }
        server.go_on();
        assert!(!old.probe(LONG).await.unwrap().fresh_login);
        new.probe(LONG).await.unwrap();
        old.close().await;
        new.close().await;
    });
    assert_eq!(aborted(&server), before);
}

/// What grows when clients behave badly.
fn aborted(server: &MariaDb) -> [u64; 2] {
    ["Aborted_connects", "Aborted_clients"].map(|name| server.counter(name))
}

#[test]
fn a_prober_that_is_dropped_takes_leave() {
    let server = server(&[], &Level::Ping);
    let before = aborted(&server);
    run(async {
        for _ in 0..20 {
            let mut prober = Prober::new(settings(server.target())).unwrap();
            prober.probe(LONG).await.unwrap();
        }
    });
    let gone = crate::mariadb::wait_until(LONG, || server.value(SESSIONS) == "0");
    assert!(gone);
    assert_eq!(aborted(&server), before);
}
