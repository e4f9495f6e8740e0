//! Peers that are not what they should be, at every stage.

use std::time::{Duration, Instant};

use healthcheck::Failure;
use healthcheck::mysql::wire::MAX_PAYLOAD;
use healthcheck::mysql::{Class, Fault, Level, Prober, Reason, Stage};
use tokio::net::TcpListener;

use crate::network::{LONG, SHORT, ip, network, probe_once, run, settings};
use crate::peer::{EOF, NATIVE, OK, PING, Peer, greeting, serve};

/// Probes a peer with this script, once; the probe itself has to end by `limit`.
async fn found<F>(script: impl FnOnce(Peer) -> F + Send + 'static, limit: Duration) -> Fault
where
    F: Future<Output = ()> + Send + 'static,
{
    let (target, served) = serve(script).await;
    let mut settings = settings(target);
    settings.level = Level::Query("SELECT 1".to_owned());
    let begun = Instant::now();
    let fault = probe_once(settings, limit).await.unwrap_err();
    assert!(begun.elapsed() < limit + LONG, "{:?}", begun.elapsed());
    served.abort();
    assert!(fault.to_string().contains(&target.to_string()), "{fault}");
    fault
}

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
fn a_late_server_is_listened_to_by_the_next_probe_also_when_the_one_before_was_dropped() {
    network();
    run(async {
        // It accepts one connection only, and takes its time at each stage.
        let (target, served) = serve(async |mut peer: Peer| {
            tokio::time::sleep(SHORT * 5).await;
            peer.send(0, &greeting("8.4.3", NATIVE, 0)).await;
            peer.receive().await;
            tokio::time::sleep(SHORT * 5).await;
            peer.send(2, OK).await;
            for _ in 0..2 {
                peer.expect(0, PING).await;
                peer.send(1, OK).await;
            }
            peer.expect_leave().await;
        })
        .await;
        let mut prober = Prober::new(settings(target)).unwrap();
        let fault = prober.probe(SHORT).await.unwrap_err();
        assert_eq!(
            (fault.stage, fault.reason),
            (Stage::Greeting, Reason::TimedOut)
        );
        let dropped = tokio::time::timeout(SHORT, prober.probe(LONG)).await;
        assert!(dropped.is_err());
        assert!(prober.probe(LONG).await.unwrap().fresh_login);
        assert!(!prober.probe(LONG).await.unwrap().fresh_login);
        prober.close().await;
        served.await.unwrap();
    });
}

#[test]
fn one_that_speaks_something_else_is_not_mysql() {
    network();
    run(async {
        for garbage in [
            b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n".as_slice(),
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            &[0; 64],
            // A greeting of before 4.1, and a number out of order.
            &[5, 0, 0, 0, 9, b'3', b'.', b'2', 0],
            &[1, 0, 0, 9, 10],
        ] {
            let fault = found(move |mut peer| async move { peer.raw(garbage).await }, LONG).await;
            assert_eq!(fault.stage, Stage::Greeting);
            // ASCII reads as the header of a long packet.
            let is_garbage = matches!(fault.reason, Reason::NotMySql(_) | Reason::TooLarge(_));
            assert!(is_garbage, "{fault}");
            assert_eq!(fault.class(), Class::Down);
        }
    });
}

#[test]
fn an_endless_packet_is_not_read() {
    network();
    run(async {
        let endless = async |mut peer: Peer| {
            peer.raw(&[0xff, 0xff, 0xff, 0]).await;
            loop {
                peer.raw(&[10; 4096]).await;
                tokio::task::yield_now().await;
            }
        };
        let fault = found(endless, LONG).await;
        assert!(matches!(fault.reason, Reason::TooLarge(_)), "{fault}");
        assert!(fault.took < LONG / 2, "at its header, not at the deadline");
        assert!(
            fault.to_string().contains("at most 1048576 are accepted"),
            "{fault}"
        );
    });
}

#[test]
fn endless_rows_end_at_the_most_that_is_kept() {
    network();
    run(async {
        let endless = async |mut peer: Peer| {
            peer.let_in("8.4.3").await;
            peer.receive().await;
            peer.send(1, &[1]).await;
            peer.send(
                2,
                b"\x03def\x00\x00\x00\x01a\x00\x0c\x3f\x00\x01\x00\x00\x00\x08\x81\x00\x00\x00\x00",
            )
            .await;
            peer.send(3, EOF).await;
            let mut sequence: u8 = 4;
            for _ in 0..MAX_PAYLOAD {
                peer.send(sequence, &[1, b'x']).await;
                sequence = sequence.wrapping_add(1);
            }
        };
        let fault = found(endless, LONG).await;
        assert!(matches!(fault.reason, Reason::TooLarge(_)), "{fault}");
        assert_eq!(fault.stage, Stage::Query);
        assert!(
            fault
                .to_string()
                .contains("a query check should ask for less"),
            "{fault}"
        );
    });
}

#[test]
fn one_that_asks_for_a_file_of_this_host_does_not_get_it() {
    network();
    run(async {
        let (target, served) = serve(async |mut peer: Peer| {
            peer.let_in("8.4.3").await;
            peer.receive().await;
            peer.send(1, b"\xfb/etc/passwd").await;
            // Nothing but leave.
            peer.expect_leave().await;
        })
        .await;
        let mut settings = settings(target);
        settings.level = Level::Query("SELECT 1".to_owned());
        let fault = probe_once(settings, LONG).await.unwrap_err();
        assert!(
            fault.to_string().contains("asks for a file of this host"),
            "{fault}"
        );
        served.await.unwrap();
    });
}

#[test]
fn a_server_that_closes_what_is_idle_is_logged_in_to_again_in_the_same_probe() {
    network();
    run(async {
        let listener = TcpListener::bind("10.77.0.1:3306").await.unwrap();
        let served = tokio::spawn(async move {
            for _ in 0..2 {
                let (stream, _) = listener.accept().await.unwrap();
                let mut peer = Peer::new(stream);
                peer.let_in("8.4.3").await;
                peer.expect(0, PING).await;
                peer.send(1, OK).await;
                // As MySQL 8.0.24 and later do: an error that nobody asked for.
                peer.send(
                    0,
                    &crate::peer::error(4031, "HY000", "disconnected for inactivity"),
                )
                .await;
            }
        });
        let mut prober = Prober::new(settings("10.77.0.1:3306".parse().unwrap())).unwrap();
        prober.probe(LONG).await.unwrap();
        tokio::task::yield_now().await;
        assert!(prober.probe(LONG).await.unwrap().fresh_login);
        served.await.unwrap();
    });
}

#[test]
fn a_host_that_is_gone_and_comes_back_is_found_again_at_once() {
    network();
    run(async {
        let listener = TcpListener::bind("10.77.0.1:3306").await.unwrap();
        let serves = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut peer = Peer::new(stream);
                    peer.let_in("8.4.3").await;
                    while peer.receive().await.1 == PING {
                        peer.send(1, OK).await;
                    }
                });
            }
        });
        let mut prober = Prober::new(settings("10.77.0.1:3306".parse().unwrap())).unwrap();
        prober.probe(LONG).await.unwrap();
        ip("link set lo down");
        let fault = prober.probe(SHORT).await.unwrap_err();
        assert_eq!(
            (fault.stage, fault.reason),
            (Stage::Query, Reason::TimedOut)
        );
        // The kernel gives the session up, and a new connection says what is the matter.
        let begun = Instant::now();
        while prober.probe(SHORT).await.unwrap_err().stage != Stage::Connect {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "the session is never given up"
            );
        }
        ip("link set lo up");
        assert!(prober.probe(LONG).await.unwrap().fresh_login);
        serves.abort();
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
