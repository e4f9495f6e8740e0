//! keepalived's checkers are lbd's kinds of check.

use std::sync::Arc;
use std::time::Duration;

use lbd_core::config::{Config, ExecProbe, HealthCheck, HttpProbe, HttpTrust, Probe};

use crate::{import, text};

/// The check of the service on this port.
fn check(file: &str, port: u16) -> Option<Arc<HealthCheck>> {
    let output = import(&[&format!("db1={file}")]);
    let config = Config::parse(&text(&output.stdout)).unwrap();
    let mut services = config.services.into_iter();
    services
        .find(|service| service.port == port)
        .unwrap()
        .health_check
}

#[test]
fn a_command_is_the_command_with_the_address_from_the_environment() {
    let check = check("checkers-misc.conf", 3306).unwrap();
    let line = r#"exec /usr/local/bin/check-mysql --host="$LBD_ADDRESS" 'a b' 3306"#;
    let command = ["/bin/sh", "-c", line].map(str::to_owned).to_vec();
    let dynamic = false;
    assert_eq!(check.probe, Probe::Exec(ExecProbe { command, dynamic }));
    assert_eq!(check.policy.timeout, Duration::from_secs(4));
    assert_eq!((check.policy.retries, check.port), (0, None));
}

#[test]
fn a_command_without_a_time_out_has_the_interval_of_the_virtual_server() {
    let check = check("checkers-misc.conf", 3307).unwrap();
    assert!(matches!(&check.probe, Probe::Exec(exec) if exec.dynamic && exec.command.len() == 1));
    assert_eq!(check.policy.interval, Duration::from_secs(5));
    assert_eq!(check.policy.timeout, Duration::from_secs(9));
}

#[test]
fn requests_have_keepalived_s_path_host_and_statuses() {
    let http = check("checkers-http.conf", 80).unwrap();
    let mut wanted = HttpProbe {
        path: "/health?full=1".to_owned(),
        host: Some("all.example.org".to_owned()),
        statuses: Some("200-299,301".to_owned()),
        contains: None,
        tls: None,
    };
    assert_eq!(http.probe, Probe::Http(wanted.clone()));
    assert_eq!((http.policy.retries, http.port), (2, Some(8080)));
    let https = check("checkers-http.conf", 443).unwrap();
    wanted.path = "/a%20b".to_owned();
    wanted.host = Some("url.example.org:8443".to_owned());
    wanted.statuses = Some("200-299".to_owned());
    wanted.tls = Some(HttpTrust::Anybody);
    assert_eq!(https.probe, Probe::Http(wanted));
}

#[test]
fn the_check_is_one_that_all_servers_have() {
    let galera = check("checkers-several.conf", 3306).unwrap();
    assert!(matches!(galera.probe, Probe::Http(_)), "{galera:?}");
    let web = check("checkers-several.conf", 80).unwrap();
    assert_eq!(web.probe, Probe::Tcp);
}

#[test]
fn what_lbd_has_nothing_like_is_no_tcp_check() {
    assert_eq!(check("checkers.conf", 25), None);
    assert_eq!(check("checkers.conf", 53), None);
}
