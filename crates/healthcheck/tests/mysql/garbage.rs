//! Peers that speak something else, or without end.

use healthcheck::mysql::wire::MAX_PAYLOAD;
use healthcheck::mysql::{Class, Level, Reason, Stage};

use crate::network::{LONG, network, probe_once, run, settings};
use crate::peer::{EOF, Peer, found, serve};

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
            // ASCII reads as the header of a long packet, but counts wrong.
            assert!(matches!(fault.reason, Reason::NotMySql(_)), "{fault}");
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
