//! What the probe asks, and from where.

use std::io::Write;
use std::net::IpAddr;

use healthcheck::http::{Check, Options};
use healthcheck::{Alarm, Outcome};

use super::{head, is_success, options, probe, serve};

/// The request that a server gets, and the address it comes from.
fn asked(options: Options) -> (String, IpAddr) {
    let (address, thread) = serve(|mut stream| {
        let head = head(&mut stream);
        stream.write_all(b"HTTP/1.1 204 Fine\r\n\r\n").unwrap();
        (head, stream.peer_addr().unwrap().ip())
    });
    let outcome = probe(address, options);
    assert!(is_success(&outcome), "{outcome:?}");
    let (head, from) = thread.join().unwrap();
    (head.replace(&address.to_string(), "TARGET"), from)
}

#[test]
fn it_asks_for_a_page_on_a_connection_of_its_own() {
    let expected = format!(
        "GET / HTTP/1.1\r\nhost: TARGET\r\nconnection: close\r\nuser-agent: lbd-healthcheck/{}\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(asked(options()).0, expected);
}

#[test]
fn it_asks_for_the_path_and_host_that_are_given() {
    let options = Options {
        path: "/status?part=replica&x=%20".to_owned(),
        host: Some("db1.example:8080".to_owned()),
        ..options()
    };
    let (head, _) = asked(options);
    assert!(
        head.starts_with("GET /status?part=replica&x=%20 HTTP/1.1\r\nhost: db1.example:8080\r\n"),
        "{head}"
    );
}

#[test]
fn it_asks_from_the_given_source() {
    let source: IpAddr = "127.0.0.9".parse().unwrap();
    let options = Options {
        source: Some(source),
        ..options()
    };
    assert_eq!(asked(options).1, source);
}

#[test]
fn a_source_this_host_does_not_have_is_an_alarm_that_names_it() {
    let options = Options {
        source: Some("192.0.2.9".parse().unwrap()),
        ..options()
    };
    let outcome = probe("127.0.0.1:1".parse().unwrap(), options);
    let Outcome::Alarm(Alarm::Other(what)) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(what.contains("192.0.2.9"), "{what}");
}

#[test]
fn a_path_or_host_that_is_none_is_refused_before_anything_is_asked() {
    let target = "127.0.0.1:1".parse().unwrap();
    for path in ["", "status", "http://x/", "/a b", "/a#b", "/a\r\nX: y", "*"] {
        let options = Options {
            path: path.to_owned(),
            ..options()
        };
        let error = Check::new(target, options).unwrap_err().to_string();
        assert!(error.contains(&format!("{path:?}")), "{error}");
    }
    for host in ["", "a b", "a/b", "user@host", "a\r\nX: y", "host:port:port"] {
        let options = Options {
            host: Some(host.to_owned()),
            ..options()
        };
        let error = Check::new(target, options).unwrap_err().to_string();
        assert!(error.contains(&format!("{host:?}")), "{error}");
    }
}
