//! A host without file descriptors. It has a file, and so a process, of its own: others would miss theirs.
#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::net::TcpListener;
use std::time::Duration;

use healthcheck::{Alarm, Outcome, tcp};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

#[test]
fn a_host_that_is_out_of_file_descriptors_says_nothing_of_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let probe = || {
        let options = tcp::Options::new(Duration::from_secs(5));
        runtime.block_on(tcp::probe(target, &options))
    };
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 64, hard).unwrap();
    let mut held = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        held.push(file);
    }
    let outcome = probe();
    assert!(
        matches!(outcome, Outcome::Alarm(Alarm::Other(_))),
        "{outcome:?}"
    );
    drop(held);
    assert!(matches!(probe(), Outcome::Success { .. }));
}
