//! The connection that is kept: listened to when it is late, given up when it is dead.

use std::time::{Duration, Instant};

use healthcheck::mysql::{Prober, Reason, Stage};
use tokio::net::TcpListener;

use crate::network::{LONG, SHORT, ip, network, run, settings};
use crate::peer::{NATIVE, OK, PING, Peer, greeting, serve};

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
fn one_that_never_speaks_gets_one_connection_in_five_minutes() {
    network();
    run(async {
        let listener = TcpListener::bind("10.77.0.1:3306").await.unwrap();
        let accepted = tokio::spawn(async move {
            let mut connections = Vec::new();
            while connections.len() < 2 {
                connections.push(listener.accept().await.unwrap());
            }
        });
        let mut prober = Prober::new(settings("10.77.0.1:3306".parse().unwrap())).unwrap();
        for _ in 0..5 {
            prober.probe(SHORT / 4).await.unwrap_err();
        }
        assert!(!accepted.is_finished(), "more than one connection");
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(300)).await;
        tokio::time::resume();
        prober.probe(SHORT).await.unwrap_err();
        accepted.await.unwrap();
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
