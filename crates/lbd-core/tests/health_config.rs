//! The sections of the file that are about health and weights.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use healthcheck::{Alarms, Counts, Initial};
use lbd_core::config::{
    Config, ExecProbe, HttpProbe, HttpTrust, MysqlLevel, MysqlProbe, MysqlTls, PasswordSource,
    Probe, VirtualService,
};
use lbd_core::weight::{LagLimits, Policy, Primary, SlowStart};

/// A file with these lines in its service.
fn file(keys: &str) -> String {
    let keys: String = keys.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "cluster: orders\nnodes:\n  db1: {{ address: 192.0.2.3 }}\n  db2: {{ address: 192.0.2.4 }}\nvirtual_services:\n  - \
         name: reads\n    address: 192.0.2.101\n    port: 3306\n    fwmark: 2\n    directors: [db1]\n    scheduler: wrr\n{keys}"
    )
}

fn service(keys: &str) -> VirtualService {
    let config = Config::parse(&file(keys)).unwrap();
    config.services.into_iter().next().unwrap()
}

fn probe(keys: &str) -> Probe {
    service(keys).health_check.unwrap().probe.clone()
}

fn complaints(keys: &str) -> Vec<String> {
    let error = Config::parse(&file(keys)).unwrap_err();
    let problems = error.problems.into_iter();
    // The service's own lines begin at 12.
    problems
        .map(|problem| format!("{}: {}", problem.line - 11, problem.message))
        .collect()
}

#[test]
fn a_mysql_check_needs_a_user_and_looks_at_replication_by_itself() {
    let check = service("health_check:\n  mysql: { user: lbd }")
        .health_check
        .unwrap();
    assert_eq!(
        check.probe,
        Probe::Mysql(MysqlProbe {
            user: "lbd".to_owned(),
            password: PasswordSource::Empty,
            level: MysqlLevel::Replica {
                heartbeat: None,
                require_read_only: false
            },
            fresh_login: Duration::from_secs(30),
            tls: MysqlTls::Off,
        })
    );
    assert_eq!(check.policy.initial, Initial::Down);
    assert!(check.measures_replication());
}

#[test]
fn every_key_of_a_mysql_check_is_read() {
    let check = service(
        "health_check:\n  mysql:\n    user: lbd\n    password_file: /etc/lbd/password\n    level: replica\n    \
         heartbeat: percona.heartbeat\n    require_read_only: true\n    fresh_login: 10s\n    tls: required\n    \
         tls_ca: /etc/lbd/ca.pem\n    port: 3307\n    initial: up\n    fast_interval: 2s\n    rise: 2",
    )
    .health_check
    .unwrap();
    assert_eq!(
        check.probe,
        Probe::Mysql(MysqlProbe {
            user: "lbd".to_owned(),
            password: PasswordSource::File(PathBuf::from("/etc/lbd/password")),
            level: MysqlLevel::Replica {
                heartbeat: Some("percona.heartbeat".to_owned()),
                require_read_only: true
            },
            fresh_login: Duration::from_secs(10),
            tls: MysqlTls::Required(Some(PathBuf::from("/etc/lbd/ca.pem"))),
        })
    );
    let policy = &check.policy;
    assert_eq!(
        (check.port, policy.initial, policy.rise),
        (Some(3307), Initial::Up, 2)
    );
    assert_eq!(policy.fast_interval, Some(Duration::from_secs(2)));
}

#[test]
fn a_query_makes_a_query_check() {
    let Probe::Mysql(probe) =
        probe("health_check:\n  mysql: { user: lbd, query: SELECT 2, credential: pw }")
    else {
        panic!("not a MySQL check");
    };
    assert_eq!(probe.level, MysqlLevel::Query("SELECT 2".to_owned()));
    assert_eq!(probe.password, PasswordSource::Credential("pw".to_owned()));
}

#[test]
fn commands_and_pages_are_checks() {
    assert_eq!(
        probe("health_check:\n  exec: { command: [/bin/true, -x], dynamic: true }"),
        Probe::Exec(ExecProbe {
            command: vec!["/bin/true".to_owned(), "-x".to_owned()],
            dynamic: true
        })
    );
    let page = |tls| HttpProbe {
        path: "/health".to_owned(),
        host: Some("db.example.org".to_owned()),
        statuses: Some("200-299,401".to_owned()),
        contains: Some("ok".to_owned()),
        tls,
    };
    let keys = "path: /health, host: db.example.org, status: \"200-299,401\", contains: ok";
    assert_eq!(
        probe(&format!("health_check:\n  http: {{ {keys} }}")),
        Probe::Http(page(None))
    );
    assert_eq!(
        probe(&format!(
            "health_check:\n  https: {{ {keys}, verify: false }}"
        )),
        Probe::Http(page(Some(HttpTrust::Anybody)))
    );
}

#[test]
fn weights_follow_the_keys_of_the_service() {
    let policy = service(
        "lag: { soft: 5s, hard: 1m, percent: 25, patience: 2m }\nslow_start: { duration: 30s, steps: 3 }\nmin_serving: 2\n\
         primary: last-resort\nchanges_per_second: 10\nhealth_check:\n  mysql: { user: lbd }",
    )
    .weighting;
    let seconds = Duration::from_secs;
    assert_eq!(
        policy,
        Policy {
            lag: Some(LagLimits {
                soft: seconds(5),
                hard: seconds(60),
                percent: 25,
                patience: seconds(120)
            }),
            slow_start: Some(SlowStart {
                duration: seconds(30),
                steps: 3
            }),
            min_serving: 2,
            primary: Primary::LastResort,
            changes_per_second: NonZeroU32::new(10),
        }
    );
    assert_eq!(service("weight: 1").weighting, Policy::default());
}

#[test]
fn what_contradicts_itself_is_named_with_its_line() {
    for (keys, expected) in [
        (
            "lag: { soft: 5s, hard: 1m }\nhealth_check:\n  tcp: {}",
            "1: lag limits need a check that measures lag",
        ),
        (
            "health_check:\n  mysql: { user: lbd }\nlag: { soft: 5s, hard: 1s }",
            "3: hard is the higher limit",
        ),
        (
            "health_check:\n  mysql:\n    user: lbd\n    level: ping\n    query: SELECT 1",
            "5: query belongs to `level: query`",
        ),
        (
            "health_check:\n  mysql:\n    user: lbd\n    heartbeat: heartbeat",
            "4: heartbeat is a table as DATABASE.TABLE",
        ),
        (
            "health_check:\n  mysql:\n    user: lbd\n    password_file: secret",
            "4: password_file must be an absolute path",
        ),
        (
            "health_check:\n  mysql:\n    user: lbd\n    password_file: /a\n    credential: b",
            "5: the password is either in password_file or in credential",
        ),
        (
            "health_check:\n  mysql:\n    user: lbd\n    tls_ca: /a",
            "4: tls_ca belongs to `tls: required`",
        ),
        (
            "health_check:\n  exec:\n    command: [check.sh]",
            "3: a command starts with the absolute path",
        ),
        (
            "health_check:\n  http:\n    status: 200-",
            "3: status holds numbers from 100 to 599",
        ),
        (
            "health_check:\n  http:\n    ca: /a",
            "3: ca and verify belong to https",
        ),
        (
            "health_check:\n  tcp:\n    interval: 1s\n    fast_interval: 2s",
            "4: fast_interval is longer than interval",
        ),
        (
            "primary: last-resort\nhealth_check:\n  tcp: {}",
            "1: primary needs a check that knows one",
        ),
        (
            "health_check:\n  tcp:\n    retries: 4294967295",
            "3: retries must be 0 to 1000",
        ),
        (
            "health_check:\n  tcp:\n    timeout: 1ms",
            "3: a check takes, and waits, 10ms at least",
        ),
        (
            "health_check:\n  http:\n    path: \"/a b\"",
            "3: path starts with a slash, and is encoded",
        ),
        (
            "health_check:\n  http:\n    host: a/b",
            "3: host is a name or an address",
        ),
        (
            "health_check:\n  mysql:\n    user: lbd\n    credential: a/b",
            "4: credential is a name",
        ),
        (
            "health_check:\n  mysql: { interval: 1s }",
            "2: missing field `user`",
        ),
    ] {
        let said = complaints(keys);
        assert!(
            said.len() == 1 && said[0].starts_with(expected),
            "{keys}\nsays {said:?}, not {expected}"
        );
    }
}

#[test]
fn parts_of_a_weight_are_advised_against_where_no_scheduler_honours_them() {
    let text = file("slow_start: { duration: 10s }").replace("wrr", "rr");
    let advice = Config::parse(&text).unwrap().advice();
    assert!(
        advice[0].starts_with("slow_start of `reads` gives a server a part of its weight"),
        "{advice:?}"
    );
}

#[test]
fn what_makes_a_check_or_a_weight_worthless_is_advised_against() {
    for (keys, expected) in [
        (
            "health_check:\n  http: { interval: 1s }",
            "the check of `reads` may take longer (5s) than from one to the next (1s)",
        ),
        (
            "min_serving: 2\nhealth_check:\n  http: {}",
            "min_serving of `reads` is the number of its servers: all of them always serve",
        ),
        (
            "weight: 10\nslow_start: { duration: 10s }",
            "slow_start of `reads` has nothing to go by: there is no health_check",
        ),
    ] {
        let advice = Config::parse(&file(keys)).unwrap().advice();
        let said = advice.iter().any(|advice| advice.starts_with(expected));
        assert!(said, "{keys} says {advice:?}");
    }
}

#[test]
fn alarms_count_as_failures_where_the_file_says_so() {
    let policy = |keys: &str| service(keys).health_check.unwrap().policy.alarms;
    assert_eq!(
        policy("health_check:\n  mysql: { user: lbd }"),
        Alarms::default()
    );
    let fail = policy("health_check:\n  mysql: { user: lbd, on_alarm: fail }");
    assert_eq!(fail.access_denied, Counts::Failure);
}
