//! Error 1129: a server that refuses everything from this host.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};

use healthcheck::mysql::{Class, Level, Prober, Reason, Stage};
use socket2::{Domain, Socket, Type};

use crate::mariadb::{MariaDb, wait_until};
use crate::network::{LONG, SOURCE, network_with_names, probe_once, run, settings};

/// Connects as a TCP check does, and closes when the server has begun to speak: one that is gone by the time the
/// server looks at it is not held against its host.
fn knock(target: SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let source = SocketAddr::new(SOURCE.parse().unwrap(), 0);
    socket.bind(&source.into()).unwrap();
    socket.connect(&target.into()).unwrap();
    let read = TcpStream::from(socket).read(&mut [0; 8]).unwrap();
    assert_eq!(read, 8);
}

/// The server counts in a thread of each connection.
fn knock_and_be_counted(server: &MariaDb, times: u8) {
    let before = server.counter("Aborted_connects");
    (0..times).for_each(|_| knock(server.target()));
    let counted = || server.counter("Aborted_connects") >= before + u64::from(times);
    assert!(
        wait_until(LONG, counted),
        "the server does not count bare connections"
    );
}

#[test]
fn a_blocked_host_is_an_alarm_in_place_of_the_greeting_and_the_probe_adds_nothing_to_it() {
    network_with_names();
    let level = Level::Ping;
    let server = MariaDb::with_user(
        1,
        &["--skip-name-resolve=0", "--max-connect-errors=3"],
        &level,
    );
    run(async {
        // Each login takes back what bare connections have added.
        for _ in 0..3 {
            knock_and_be_counted(&server, 2);
            probe_once(settings(server.target()), LONG).await.unwrap();
        }
        let mut kept = Prober::new(settings(server.target())).unwrap();
        kept.probe(LONG).await.unwrap();
        knock_and_be_counted(&server, 3);

        let fault = probe_once(settings(server.target()), LONG)
            .await
            .unwrap_err();
        let Reason::HostBlocked(error) = &fault.reason else {
            panic!("{fault}");
        };
        assert_eq!((error.code, error.state.as_deref()), (1129, None));
        assert_eq!(
            (fault.stage, fault.class()),
            (Stage::Greeting, Class::Alarm)
        );
        assert!(error.text.contains(SOURCE), "{error}");
        assert!(
            fault.to_string().contains("run FLUSH HOSTS there"),
            "{fault}"
        );

        // The session from before lives; and after the operator has acted, so do new ones.
        assert!(!kept.probe(LONG).await.unwrap().fresh_login);
        server.sql("FLUSH HOSTS");
        probe_once(settings(server.target()), LONG).await.unwrap();
        kept.close().await;
    });
}
