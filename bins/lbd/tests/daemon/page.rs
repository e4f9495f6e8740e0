//! The status page and the metrics of a real daemon.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;

/// The file, with a status page on this port of loopback.
fn file(port: u16) -> String {
    format!("{FILE}status_page: {{ listen: {port} }}\n")
}

fn host(port: u16) -> Host {
    let host = Host::start_with(network(), &file(port));
    host.wait("the address on the NIC", || host.holds());
    host.wait("the page", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    host
}

/// Sends octets, and reads to the end.
fn exchange(port: u16, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    // Who sends too much may be cut off before its end.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

/// The document, if there is one.
fn get(port: u16, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let answer = exchange(port, request.as_bytes());
    let (head, document) = answer.split_once("\r\n\r\n").expect(&answer);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let length = format!("Content-Length: {}", document.len());
    assert!(head.contains(&length), "{head}");
    document.to_owned()
}

/// The value of a metric without labels, or with those given.
fn metric(port: u16, name: &str) -> Option<f64> {
    let metrics = get(port, "/metrics");
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

#[test]
fn a_daemon_shows_what_it_does_as_a_page_as_json_and_as_metrics() {
    let host = host(9477);
    assert!(get(9477, "/").starts_with("<!doctype html>"));
    host.wait("the role in the metrics", || {
        metric(9477, "lbd_router_state{router=\"V\",state=\"master\"}") == Some(1.0)
    });
    let shown: serde_json::Value = serde_json::from_str(&get(9477, "/status.json")).unwrap();
    let router = &shown["status"]["routers"][0];
    assert_eq!(router["state"], "master", "{shown}");
    assert_eq!(router["master"], "192.0.2.1", "{shown}");
    assert!(
        shown["news"].as_array().unwrap().iter().any(|news| {
            news["text"].as_str().unwrap().starts_with("V: ") && news["at"].as_f64() > Some(1.7e9)
        }),
        "{shown}"
    );
    let counts = |name: &str| metric(9477, name).unwrap_or_default();
    assert!(counts("lbd_adverts_sent_total{router=\"V\"}") >= 1.0);
    let to_master = "lbd_router_transitions_total{router=\"V\",to=\"master\"}";
    assert_eq!(counts(to_master), 1.0);
    assert!(counts("lbd_timer_lateness_seconds_count") >= 1.0);
    host.wait("announcements", || {
        metric(9477, "lbd_announcements_total") >= Some(1.0)
    });
    assert_eq!(metric(9477, "lbd_kernel_failing"), Some(0.0));
}

#[test]
fn what_another_program_takes_away_is_counted_as_a_repair() {
    let host = host(9477);
    assert_eq!(metric(9477, "lbd_kernel_repairs_total"), Some(0.0));
    ip("addr del 192.0.2.101/32 dev eth0");
    host.wait("the repair", || {
        metric(9477, "lbd_kernel_repairs_total") == Some(1.0)
    });
    assert!(host.holds());
}

#[test]
fn a_reload_moves_the_page_and_takes_it_away() {
    let host = host(9477);
    let reload = |text: &str| {
        fs::write(host.folder.path().join("lbd.yaml"), text).unwrap();
        let pid = i32::try_from(host.guardian.id()).unwrap();
        host.signal(pid, Signal::SIGHUP);
    };
    let serves = |port: u16| TcpStream::connect(("127.0.0.1", port)).is_ok();
    reload(&file(9478));
    host.wait("the page at its new port", || serves(9478) && !serves(9477));
    assert!(get(9478, "/").starts_with("<!doctype html>"));
    reload(FILE);
    host.wait("the end of the page", || !serves(9478));
    assert!(!host.log().contains("master ->"), "{}", host.log());
}

#[test]
fn clients_that_say_nothing_or_too_much_keep_neither_the_role_nor_others_from_their_answer() {
    let host = host(9477);
    let connect = |_| TcpStream::connect(("127.0.0.1", 9477)).unwrap();
    let mut silent: Vec<TcpStream> = (0..40).map(connect).collect();
    for stream in &mut silent {
        let _ = stream.write_all(b"GET / HT");
    }
    // All places are taken by those who say nothing: who comes then waits until their time is over.
    assert!(get(9477, "/status.json").contains("\"master\""));
    let endless = vec![b'a'; 1 << 20];
    let answer = exchange(9477, &endless);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431 "),
        "{answer}"
    );
    let answer = exchange(9477, b"DELETE / HTTP/1.1\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert!(host.holds());
    assert!(!host.log().contains("master ->"), "{}", host.log());
}

#[test]
fn a_daemon_that_was_killed_serves_its_page_again() {
    let host = host(9477);
    let started = metric(9477, "lbd_start_time_seconds");
    // One that is being served when it happens: its end of the connection lingers.
    let mut open = TcpStream::connect(("127.0.0.1", 9477)).unwrap();
    open.write_all(b"GET / HT").unwrap();
    let killed = host.daemon().expect("a daemon");
    host.signal(killed, Signal::SIGKILL);
    host.wait("another daemon", || {
        host.daemon().is_some_and(|now| now != killed)
            && TcpStream::connect(("127.0.0.1", 9477)).is_ok()
    });
    assert!(metric(9477, "lbd_start_time_seconds") > started);
    assert!(host.holds());
}

#[test]
fn a_page_that_cannot_be_served_is_told_and_keeps_nobody_from_starting() {
    let elsewhere = format!("{FILE}status_page: {{ listen: \"192.0.2.77:9477\" }}\n");
    let host = Host::start_with(network(), &elsewhere);
    host.wait("the address on the NIC", || host.holds());
    host.wait("a word of it", || {
        host.log().contains("cannot be served on 192.0.2.77:9477")
    });
    assert!(
        host.log().contains("without authentication"),
        "{}",
        host.log()
    );
    ip("addr add 192.0.2.77/24 dev eth0");
    host.wait("the page", || {
        TcpStream::connect(("192.0.2.77", 9477)).is_ok()
    });
}
