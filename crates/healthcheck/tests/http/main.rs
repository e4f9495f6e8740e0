//! The HTTP probe against servers that say what the test wants, over real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod answers;
mod requests;
#[cfg(feature = "https")]
mod tls;
mod trouble;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use healthcheck::http::{Check, Options};
use healthcheck::{Failure, Outcome};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);

/// Runs until the future ends, on a runtime of the test's own.
fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Takes one connection on loopback, and does this with it.
fn serve<T: Send + 'static>(
    act: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || act(listener.accept().unwrap().0));
    (address, thread)
}

/// The head of a request, with the blank line at its end.
fn head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut octet = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut octet).unwrap();
        head.push(octet[0]);
    }
    String::from_utf8(head).unwrap()
}

/// A server that reads the request, answers so and closes; and the outcome of one probe of it.
fn answered(answer: impl Into<Vec<u8>>, options: Options) -> Outcome {
    let answer = answer.into();
    let (address, thread) = serve(move |mut stream| {
        head(&mut stream);
        // The probe may have heard enough before the end.
        let _ = stream.write_all(&answer);
    });
    let outcome = probe(address, options);
    thread.join().unwrap();
    outcome
}

fn probe(address: SocketAddr, options: Options) -> Outcome {
    block_on(Check::new(address, options).unwrap().probe())
}

fn options() -> Options {
    Options::new(LONG)
}

fn is_success(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Success { took, .. } if *took < LONG)
}

/// What a server said that is not well.
fn wrong(outcome: Outcome) -> String {
    let Outcome::Failure(Failure::Wrong(what)) = outcome else {
        panic!("{outcome:?}");
    };
    what.into()
}
