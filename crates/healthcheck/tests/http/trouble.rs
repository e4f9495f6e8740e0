//! Servers that refuse, fall silent, cut off, or speak something else.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use healthcheck::http::Options;
use healthcheck::{Failure, Outcome};
use proptest::prelude::*;

use super::{SHORT, answered, head, is_success, options, probe, serve, wrong};

/// Probes a server that does this, and checks that the probe ends with its time-out.
fn assert_times_out(act: impl FnOnce(TcpStream) + Send + 'static, contains: Option<&str>) {
    let (address, thread) = serve(act);
    let options = Options {
        contains: contains.map(str::to_owned),
        ..Options::new(SHORT)
    };
    let begun = Instant::now();
    let outcome = probe(address, options);
    assert_eq!(outcome, Outcome::Failure(Failure::TimedOut));
    let took = begun.elapsed();
    assert!(took >= SHORT && took < 5 * SHORT, "{took:?}");
    thread.join().unwrap();
}

/// Writes this every few milliseconds until the other side has gone.
fn drip(stream: &mut TcpStream, what: &[u8]) {
    while stream.write_all(what).is_ok() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until the other side has gone.
fn linger(stream: TcpStream) {
    let _ = std::io::copy(&mut &stream, &mut std::io::sink());
}

#[test]
fn a_closed_port_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_eq!(
        probe(address, options()),
        Outcome::Failure(Failure::Refused)
    );
}

#[test]
fn a_server_that_accepts_and_says_nothing_times_out() {
    assert_times_out(linger, None);
}

#[test]
fn a_server_that_falls_silent_in_its_answer_times_out() {
    let half = |mut stream: TcpStream| {
        head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 O").unwrap();
        linger(stream);
    };
    assert_times_out(half, None);
    let no_body = |mut stream: TcpStream| {
        head(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nwel")
            .unwrap();
        linger(stream);
    };
    assert_times_out(no_body, Some("well"));
}

#[test]
fn a_server_that_drips_a_head_or_preliminary_answers_for_ever_times_out() {
    for (first, drop) in [
        ("HTTP/1.1 200 OK\r\n", "x"),
        ("HTTP/1.1 200 ", "O"),
        ("", "HTTP/1.1 102 Wait\r\n\r\n"),
    ] {
        let act = move |mut stream: TcpStream| {
            head(&mut stream);
            stream.write_all(first.as_bytes()).unwrap();
            drip(&mut stream, drop.as_bytes());
        };
        assert_times_out(act, None);
    }
}

#[test]
fn a_server_that_speaks_first_as_mysql_does_is_told() {
    let greeting = b"\x4a\0\0\0\x0a8.4.0\0";
    let (address, thread) = serve(move |mut stream| {
        stream.write_all(greeting).unwrap();
        linger(stream);
    });
    let what = wrong(probe(address, options()));
    assert!(what.starts_with("no proper HTTP answer"), "{what}");
    assert!(!what.contains("canceled"), "{what}");
    thread.join().unwrap();
}

#[test]
fn a_head_without_end_is_cut_at_a_bound() {
    let (address, thread) = serve(|mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX: ");
        let mut written = 0_u64;
        while stream.write_all(&[b'x'; 4096]).is_ok() && written < 100_000_000 {
            written += 4096;
        }
        written
    });
    assert!(wrong(probe(address, options())).starts_with("no proper HTTP answer"));
    assert!(thread.join().unwrap() < 50_000_000, "the rest was not read");
}

#[test]
fn what_is_no_http_is_told() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(1_000));
    for answer in [
        "",
        "\u{4a}\0\0\0\n8.4.0 mysql_native_password",
        "HTTP/1.1 OK\r\n\r\n",
        "HTTP/1.1 99999 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200",
        many.as_str(),
    ] {
        let what = wrong(answered(answer, options()));
        assert!(what.starts_with("no proper HTTP answer"), "{what}");
    }
}

#[test]
fn a_connection_that_is_cut_off_is_a_reset() {
    let (address, thread) = serve(|mut stream| {
        head(&mut stream);
        socket2::SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    });
    assert_eq!(probe(address, options()), Outcome::Failure(Failure::Reset));
    thread.join().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn garbage_is_never_well(garbage in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assume!(!garbage.starts_with(b"HTTP/1."));
        prop_assert!(!is_success(&answered(garbage, options())));
    }
}
