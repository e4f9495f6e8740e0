//! One client: a request, its answer, and the end.

use std::io;

use status_page::http::{self, LONGEST_HEAD, Refusal, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Shown;

/// Octets that are still read after an answer, so that the client sees it before the connection is reset.
const LEFT: u64 = 64 * 1024;

pub(super) async fn serve(mut stream: TcpStream, shown: &Shown) -> io::Result<()> {
    let answer = match request(&mut stream).await? {
        Some(Ok(request)) => match shown.document(request.resource).await {
            Some(document) => http::answer(request, &document),
            None => http::refuse(Refusal::Unavailable),
        },
        Some(Err(refusal)) => http::refuse(refusal),
        None => return Ok(()),
    };
    stream.write_all(&answer).await?;
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(LEFT), &mut tokio::io::sink()).await?;
    Ok(())
}

/// Reads until it is known what is wanted; nothing when the client has gone before.
async fn request(stream: &mut TcpStream) -> io::Result<Option<Result<Request, Refusal>>> {
    let mut head = Vec::new();
    let mut limited = stream.take(u64::try_from(LONGEST_HEAD).unwrap_or(u64::MAX) + 1);
    while limited.read_buf(&mut head).await? > 0 {
        if let Some(known) = http::parse(&head).transpose() {
            return Ok(Some(known));
        }
    }
    Ok(None)
}
