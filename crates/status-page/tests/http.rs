//! What of HTTP is understood.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use status_page::http::{LONGEST_HEAD, Refusal, Request, Resource, answer, parse, refuse};

fn asked(line: &str) -> Result<Option<Request>, Refusal> {
    parse(format!("{line}\r\nHost: db1:9477\r\n\r\n").as_bytes())
}

fn get(resource: Resource) -> Request {
    let head_only = false;
    Request {
        resource,
        head_only,
    }
}

#[test]
fn each_path_is_found_and_what_follows_a_question_mark_makes_no_difference() {
    for (target, resource) in [
        ("/", Resource::Page),
        ("/?refresh", Resource::Page),
        ("/status.json", Resource::Status),
        ("/metrics?x=1", Resource::Metrics),
        ("http://db1:9477/metrics", Resource::Metrics),
    ] {
        assert_eq!(
            asked(&format!("GET {target} HTTP/1.1")),
            Ok(Some(get(resource)))
        );
    }
    let head = asked("HEAD / HTTP/1.0").unwrap().unwrap();
    assert!(head.head_only);
}

#[test]
fn what_cannot_be_given_is_refused_with_the_right_status() {
    for (line, refusal, status) in [
        ("GET /favicon.ico HTTP/1.1", Refusal::NotFound, "404"),
        ("GET /../etc/passwd HTTP/1.1", Refusal::NotFound, "404"),
        ("GET http://db1 HTTP/1.1", Refusal::NotFound, "404"),
        ("POST / HTTP/1.1", Refusal::NotAllowed, "405"),
        ("GET / HTTP/2", Refusal::NoRequest, "400"),
        ("GET /", Refusal::NoRequest, "400"),
        ("GET / HTTP/1.1 more", Refusal::NoRequest, "400"),
        ("\u{0}\u{1}", Refusal::NoRequest, "400"),
    ] {
        assert_eq!(asked(line), Err(refusal), "{line}");
        let answer = String::from_utf8(refuse(refusal)).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
    assert_eq!(parse(&vec![b'a'; LONGEST_HEAD + 1]), Err(Refusal::TooLong));
}

#[test]
fn a_document_comes_with_its_length_and_a_head_without_it() {
    let text = |request| String::from_utf8(answer(request, b"lbd_x 1\n")).unwrap();
    let whole = text(get(Resource::Metrics));
    assert!(whole.contains("\r\nContent-Length: 8\r\n"), "{whole}");
    assert!(whole.contains("text/plain; version=0.0.4"), "{whole}");
    assert!(whole.ends_with("\r\n\r\nlbd_x 1\n"), "{whole}");
    let resource = Resource::Metrics;
    let head = text(Request {
        resource,
        head_only: true,
    });
    assert_eq!(whole.strip_suffix("lbd_x 1\n"), Some(head.as_str()));
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        if parse(&octets) == Ok(None) {
            prop_assert!(!octets.windows(4).any(|end| end == b"\r\n\r\n"));
        }
    }

    #[test]
    fn a_request_is_the_same_in_whatever_pieces_it_comes(cut in 0..40_usize) {
        let whole = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
        prop_assert_eq!(parse(&whole[..cut]), Ok(None));
        prop_assert_eq!(parse(whole), Ok(Some(get(Resource::Metrics))));
    }
}
