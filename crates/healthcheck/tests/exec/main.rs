//! The exec probe with real processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod exit_codes;
mod life;
mod surroundings;

use std::time::Duration;

use healthcheck::exec::{Check, Options};
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

/// A line for the shell.
fn shell(line: &str, timeout: Duration) -> Options {
    Options {
        arguments: vec!["-c".to_owned(), line.to_owned()],
        ..Options::new("/bin/sh", timeout)
    }
}

fn probe(options: Options) -> Outcome {
    block_on(Check::new(options).probe())
}

/// The reason of a check that did not find the server well.
fn wrong(outcome: Outcome) -> String {
    let Outcome::Failure(Failure::Wrong(what)) = outcome else {
        panic!("{outcome:?}");
    };
    what.into()
}
