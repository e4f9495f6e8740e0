//! One request and its answer over a connection that stands.

use std::error::Error;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};

use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{BODY, Options};
use crate::Failure;

/// What of an answer's head is accepted, in octets.
const HEAD: usize = 64 * 1024;

/// Why the answer does not say that the server is well.
enum Trouble {
    /// There is no proper answer, as the library sees it.
    NoAnswer(hyper::Error),
    /// It says so.
    Answer(String),
}

impl From<hyper::Error> for Trouble {
    fn from(error: hyper::Error) -> Self {
        Trouble::NoAnswer(error)
    }
}

/// Asks, and judges the answer.
pub(super) async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    request: Request<String>,
    options: &Options,
) -> Result<(), Failure> {
    let (sender, connection) = Builder::new()
        .max_buf_size(HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failure(&error))?;
    let mut exchange = pin!(exchange(sender, request, options));
    let judged = tokio::select! {
        biased;
        judged = &mut exchange => judged,
        // What arrived before the end is still there to be read.
        _ = connection => exchange.await,
    };
    judged.map_err(|trouble| match trouble {
        Trouble::NoAnswer(error) => failure(&error),
        Trouble::Answer(what) => Failure::Wrong(what.into()),
    })
}

async fn exchange(
    mut sender: SendRequest<String>,
    request: Request<String>,
    options: &Options,
) -> Result<(), Trouble> {
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    if !options.statuses.contain(status) {
        let expected = &options.statuses;
        return Err(Trouble::Answer(format!(
            "status {status}, expected {expected}"
        )));
    }
    match &options.contains {
        Some(text) if !body_contains(response, text).await? => Err(Trouble::Answer(format!(
            "status {status}, but the body does not contain {text:?}"
        ))),
        Some(_) | None => Ok(()),
    }
}

/// Reads until the text is found, the body ends, or enough has been read.
async fn body_contains(response: Response<Incoming>, text: &str) -> hyper::Result<bool> {
    let mut body = response.into_body();
    let mut read = Vec::new();
    let mut found = text.is_empty();
    while !found && read.len() < BODY {
        let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await else {
            break;
        };
        let data = frame?.into_data().unwrap_or_default();
        // Where the text could begin that the new octets end: all else has been looked at.
        let begin = read.len().saturating_sub(text.len());
        read.extend(data.iter().take(BODY.saturating_sub(read.len())));
        found = contains(read.get(begin..).unwrap_or_default(), text.as_bytes());
    }
    Ok(found)
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len().max(1))
        .any(|window| window == needle)
}

/// What the library says went wrong: the last in its chain of causes knows best.
fn failure(error: &hyper::Error) -> Failure {
    const STAGE: &str = "no proper HTTP answer";
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    match cause.downcast_ref() {
        Some(cause) => io_failure(STAGE, cause),
        None => Failure::Wrong(format!("{STAGE}: {cause}").into()),
    }
}

pub(super) fn io_failure(stage: &str, error: &io::Error) -> Failure {
    let is_reset = matches!(
        error.kind(),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe
    );
    match is_reset {
        true => Failure::Reset,
        false => Failure::Wrong(format!("{stage}: {error}").into()),
    }
}
