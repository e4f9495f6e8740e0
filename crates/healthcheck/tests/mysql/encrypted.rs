//! TLS, with a real server.

use std::time::Duration;

use healthcheck::mysql::{
    Authority, Class, Fault, Level, Prober, Reason, Report, Settings, Stage, Tls,
};

use crate::mariadb::MariaDb;
use crate::network::{LONG, SHORT, network, network_with_names, probe_once, run, settings};
use crate::peer::{NATIVE, Peer, SSL, error, greeting, serve};

const OURS: &str = include_str!("keys/ca.pem");
const OTHERS: &str = include_str!("keys/other-ca.pem");
/// Made for these tests; they protect nothing.
const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mysql/keys");

fn server(extra: &[&str]) -> MariaDb {
    let keys = [
        format!("--ssl-ca={KEYS}/ca.pem"),
        format!("--ssl-cert={KEYS}/server.pem"),
        format!("--ssl-key={KEYS}/server-key.pem"),
    ];
    let arguments: Vec<&str> = keys
        .iter()
        .map(String::as_str)
        .chain(extra.iter().copied())
        .collect();
    MariaDb::with_user(1, &arguments, &Level::Ping)
}

fn over(tls: Tls, mut settings: Settings) -> Settings {
    settings.tls = tls;
    settings
}

fn trusting(pem: &str) -> Tls {
    Tls::Required(Some(Authority::read(pem.as_bytes()).unwrap()))
}

fn probe(settings: Settings) -> Result<Report, Fault> {
    run(probe_once(settings, LONG))
}

#[test]
fn a_user_who_must_use_tls_is_let_in_over_tls_only() {
    network();
    let server = server(&[]);
    server.sql("ALTER USER probe@'10.77.0.%' REQUIRE SSL");
    let settings = settings(server.target());
    for tls in [Tls::Preferred, Tls::Required(None), trusting(OURS)] {
        probe(over(tls, settings.clone())).unwrap();
    }
    let fault = probe(settings).unwrap_err();
    assert!(matches!(fault.reason, Reason::AccessDenied(_)), "{fault}");
}

#[test]
fn a_server_that_takes_no_login_without_tls_refuses_as_if_the_password_were_wrong_and_the_advice_says_so()
 {
    network();
    let server = server(&["--require-secure-transport"]);
    let settings = settings(server.target());
    let fault = probe(settings.clone()).unwrap_err();
    // MySQL has a number of its own for it, 3159.
    assert!(matches!(fault.reason, Reason::AccessDenied(_)), "{fault}");
    assert!(
        fault.to_string().contains("whether it has to use TLS"),
        "{fault}"
    );
    probe(over(Tls::Preferred, settings)).unwrap();
}

#[test]
fn a_certificate_of_others_is_an_alarm_and_is_not_held_against_this_host() {
    network_with_names();
    let limits = ["--skip-name-resolve=0", "--max-connect-errors=3"];
    let server = server(&limits);
    let good = over(trusting(OURS), settings(server.target()));
    let wrong = over(trusting(OTHERS), settings(server.target()));
    for _ in 0..10 {
        let fault = probe(wrong.clone()).unwrap_err();
        assert!(matches!(fault.reason, Reason::TlsFailed(_)), "{fault}");
        assert_eq!((fault.stage, fault.class()), (Stage::Login, Class::Alarm));
        assert!(
            fault
                .to_string()
                .contains("the server's certificate is not trusted"),
            "{fault}"
        );
    }
    probe(good).unwrap();
}

#[test]
fn an_encrypted_session_is_kept_and_ends_as_it_should() {
    network();
    let server = server(&[]);
    let mut settings = over(trusting(OURS), settings(server.target()));
    settings.fresh_login = Duration::from_millis(5);
    run(async {
        let mut fresh = 0;
        for _ in 0..20 {
            // Ended by close, by a fresh login, and by being dropped.
            let mut prober = Prober::new(settings.clone()).unwrap();
            for _ in 0..20 {
                fresh += u32::from(prober.probe(LONG).await.unwrap().fresh_login);
            }
        }
        assert!((20..400).contains(&fresh), "{fresh}");
    });
    std::thread::sleep(SHORT);
    assert_eq!(
        [
            server.counter("Aborted_clients"),
            server.counter("Aborted_connects")
        ],
        [0, 0]
    );
}

#[test]
fn a_server_without_tls_is_not_shown_the_password_that_requires_it() {
    network();
    run(async {
        let (target, served) = serve(async |mut peer: Peer| {
            peer.send(0, &greeting("8.4.3", NATIVE, 0)).await;
            let (_, response) = peer.receive().await;
            assert_eq!(crate::peer::proof(&response).0, []);
            peer.send(2, &error(1045, "28000", "Access denied")).await;
        })
        .await;
        let settings = over(Tls::Required(None), settings(target));
        let fault = probe_once(settings, LONG).await.unwrap_err();
        assert_eq!(fault.reason, Reason::TlsNotOffered);
        assert!(fault.to_string().contains("offers no TLS"), "{fault}");
        served.await.unwrap();
    });
}

#[test]
fn tls_that_hangs_or_fails_is_told_apart_from_a_login_that_does() {
    network();
    run(async {
        let (target, _served) = serve(async |mut peer: Peer| {
            peer.send(0, &greeting("8.4.3", NATIVE, SSL)).await;
            peer.receive().await;
            tokio::time::sleep(LONG * 100).await;
        })
        .await;
        let settings_of = |target| over(Tls::Preferred, settings(target));
        let fault = probe_once(settings_of(target), SHORT).await.unwrap_err();
        assert_eq!((fault.stage, fault.reason), (Stage::Tls, Reason::TimedOut));

        let (target, _served) = serve(async |mut peer: Peer| {
            peer.send(0, &greeting("8.4.3", NATIVE, SSL)).await;
            peer.receive().await;
            peer.raw(b"this is not TLS").await;
            peer.receive().await;
        })
        .await;
        let fault = probe_once(settings_of(target), LONG).await.unwrap_err();
        assert!(matches!(fault.reason, Reason::TlsFailed(_)), "{fault}");
        assert_eq!(fault.stage, Stage::Tls);
    });
}

#[test]
fn octets_before_tls_that_nobody_asked_for_are_refused() {
    network();
    run(async {
        let (target, _served) = serve(async |mut peer: Peer| {
            let injected = [0, 0, 0, 2, 0, 0, 0];
            let greeting = healthcheck::mysql::wire::frame(0, &greeting("8.4.3", NATIVE, SSL));
            let more = healthcheck::mysql::wire::frame(2, &injected);
            peer.raw(&[greeting.unwrap(), more.unwrap()].concat()).await;
            peer.receive().await;
        })
        .await;
        let settings = over(Tls::Preferred, settings(target));
        let fault = probe_once(settings, LONG).await.unwrap_err();
        assert!(fault.to_string().contains("before TLS"), "{fault}");
    });
}

#[test]
fn what_is_no_authority_is_refused() {
    let key = include_str!("keys/server-key.pem");
    for pem in ["", "no certificate", key] {
        assert!(Authority::read(pem.as_bytes()).is_err(), "{pem}");
    }
    assert_eq!(
        format!(
            "{:?}",
            Authority::read([OURS, OTHERS].concat().as_bytes()).unwrap()
        ),
        "Authority(2 certificates)"
    );
}
