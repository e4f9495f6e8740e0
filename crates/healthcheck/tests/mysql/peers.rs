//! Peers that are not what they should be, at every stage.

use std::time::Duration;

use healthcheck::Failure;
use healthcheck::mysql::{Class, Reason, Stage};

use crate::network::{LONG, SHORT, network, probe_once, run, settings};
use crate::peer::{NATIVE, Peer, found, greeting};

#[test]
fn one_that_accepts_and_says_nothing_times_out_at_the_stage_where_it_stops() {
    network();
    run(async {
        let forever = Duration::from_secs(3600);
        let silent = async move |_peer: Peer| tokio::time::sleep(forever).await;
        let after_greeting = async move |mut peer: Peer| {
            peer.send(0, &greeting("8.4.3", NATIVE, 0)).await;
            tokio::time::sleep(forever).await;
        };
        let after_login = async move |mut peer: Peer| {
            peer.let_in("8.4.3").await;
            tokio::time::sleep(forever).await;
        };
        let found = [
            (found(silent, SHORT).await, Stage::Greeting),
            (found(after_greeting, SHORT).await, Stage::Login),
            (found(after_login, SHORT).await, Stage::Query),
        ];
        for (fault, stage) in found {
            assert_eq!((&fault.reason, fault.stage), (&Reason::TimedOut, stage));
            assert_eq!(fault.class(), Class::Down);
            assert!(
                fault.to_string().contains("timed out: the server hangs"),
                "{fault}"
            );
        }
    });
}

#[test]
fn one_that_drips_its_greeting_does_not_stretch_the_deadline() {
    network();
    run(async {
        let drips = async |mut peer: Peer| {
            for octet in greeting("8.4.3", NATIVE, 0) {
                peer.raw(&[octet]).await;
                tokio::time::sleep(SHORT / 2).await;
            }
        };
        let fault = found(drips, SHORT).await;
        assert_eq!(
            (fault.stage, fault.reason),
            (Stage::Greeting, Reason::TimedOut)
        );
    });
}

#[test]
fn one_that_closes_is_found_at_the_stage_where_it_does() {
    network();
    run(async {
        let at_once = async |_peer: Peer| {};
        let after_greeting = async |mut peer: Peer| {
            peer.send(0, &greeting("8.4.3", NATIVE, 0)).await;
            peer.receive().await;
        };
        let after_login = async |mut peer: Peer| {
            peer.let_in("8.4.3").await;
            peer.receive().await;
        };
        let in_the_greeting = async |mut peer: Peer| peer.raw(&[0x4a, 0, 0, 0, 10, b'8']).await;
        let found = [
            (found(at_once, LONG).await, Stage::Greeting),
            (found(after_greeting, LONG).await, Stage::Login),
            (found(after_login, LONG).await, Stage::Query),
            (found(in_the_greeting, LONG).await, Stage::Greeting),
        ];
        for (fault, stage) in found {
            assert_eq!((&fault.reason, fault.stage), (&Reason::Closed, stage));
            assert!(
                fault
                    .to_string()
                    .contains("closed by the server without a word"),
                "{fault}"
            );
        }
    });
}

#[test]
fn one_that_cuts_the_connection_off_is_told_from_one_that_closes() {
    network();
    run(async {
        let at_once = async |peer: Peer| peer.reset();
        let after_login = async |mut peer: Peer| {
            peer.let_in("8.4.3").await;
            peer.receive().await;
            peer.reset();
        };
        let found = [
            (found(at_once, LONG).await, Stage::Greeting),
            (found(after_login, LONG).await, Stage::Query),
        ];
        for (fault, stage) in found {
            assert_eq!((&fault.reason, fault.stage), (&Reason::Reset, stage));
            assert!(fault.to_string().contains("connection reset"), "{fault}");
        }
    });
}

#[test]
fn no_route_a_missing_source_and_a_closed_port_are_told_apart() {
    network();
    run(async {
        let closed = probe_once(settings("10.77.0.1:1".parse().unwrap()), LONG)
            .await
            .unwrap_err();
        assert_eq!(
            (closed.stage, &closed.reason),
            (Stage::Connect, &Reason::Refused)
        );
        assert_eq!(Failure::from(closed), Failure::Refused);
        let mut v6 = settings("[::1]:1".parse().unwrap());
        v6.source = None;
        let closed = probe_once(v6, LONG).await.unwrap_err();
        assert_eq!(closed.reason, Reason::Refused);
        let no_route = probe_once(settings("192.0.2.1:3306".parse().unwrap()), LONG)
            .await
            .unwrap_err();
        assert_eq!(
            (no_route.stage, &no_route.reason),
            (Stage::Connect, &Reason::Unreachable)
        );
        let mut settings = settings("10.77.0.1:3306".parse().unwrap());
        settings.source = Some("192.0.2.9".parse().unwrap());
        let local = probe_once(settings, LONG).await.unwrap_err();
        assert!(matches!(local.reason, Reason::Local(_)), "{local}");
        assert!(
            local.to_string().contains("cannot probe from 192.0.2.9"),
            "{local}"
        );
    });
}
