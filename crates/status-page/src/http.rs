//! As much of HTTP/1.1 (RFC 9112) as three documents that are only read take: one request a connection, without a body.

/// The longest head of a request, in octets. Browsers send cookies of other pages of the same host, too.
pub const LONGEST_HEAD: usize = 8 * 1024;

/// What there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// `/`: the page.
    Page,
    /// `/status.json`.
    Status,
    /// `/metrics`.
    Metrics,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What.
    pub resource: Resource,
    /// Only the head of the answer (HEAD).
    pub head_only: bool,
}

/// Why a request gets no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400: it is no request of HTTP/1.
    NoRequest,
    /// 404: no such path.
    NotFound,
    /// 405: neither GET nor HEAD.
    NotAllowed,
    /// 431: its head is longer than [`LONGEST_HEAD`].
    TooLong,
    /// 503: the daemon is stopping, or too busy.
    Unavailable,
}

/// Reads a request from what has come of it; `None` as long as its head has not ended.
///
/// # Errors
/// See [`Refusal`]. What it says beyond the first line makes no difference.
pub fn parse(head: &[u8]) -> Result<Option<Request>, Refusal> {
    let ended = [&b"\r\n\r\n"[..], b"\n\n"]
        .iter()
        .any(|end| head.windows(end.len()).any(|octets| octets == *end));
    if !ended {
        return match head.len() > LONGEST_HEAD {
            true => Err(Refusal::TooLong),
            false => Ok(None),
        };
    }
    let line = head.split(|octet| *octet == b'\n').next();
    let line = line.and_then(|line| std::str::from_utf8(line).ok());
    let line = line.ok_or(Refusal::NoRequest)?.trim_end_matches('\r');
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Refusal::NoRequest);
    };
    if !version.starts_with("HTTP/1.") {
        return Err(Refusal::NoRequest);
    }
    let head_only = match method {
        "GET" => false,
        "HEAD" => true,
        _ => return Err(Refusal::NotAllowed),
    };
    let resource = resource(target).ok_or(Refusal::NotFound)?;
    Ok(Some(Request {
        resource,
        head_only,
    }))
}

fn resource(target: &str) -> Option<Resource> {
    // The absolute form has to be understood as well (RFC 9112, 3.2.2).
    let path = match target.strip_prefix("http://") {
        Some(rest) => rest.find('/').and_then(|slash| rest.get(slash..))?,
        None => target,
    };
    match path.split('?').next()? {
        "/" => Some(Resource::Page),
        "/status.json" => Some(Resource::Status),
        "/metrics" => Some(Resource::Metrics),
        _ => None,
    }
}

/// What a browser may do with any answer: nothing but what the page itself brings, in no other page.
const HEADERS: &str = "Cache-Control: no-store\r\nConnection: close\r\nContent-Security-Policy: default-src 'none'; \
    connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; \
    form-action 'none'\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n";

/// An answer with a document; the connection ends with it.
#[must_use]
pub fn answer(request: Request, document: &[u8]) -> Vec<u8> {
    let kind = match request.resource {
        Resource::Page => "text/html; charset=utf-8",
        Resource::Status => "application/json",
        Resource::Metrics => "text/plain; version=0.0.4; charset=utf-8",
    };
    let length = document.len();
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{HEADERS}\r\n"
    )
    .into_bytes();
    if !request.head_only {
        answer.extend_from_slice(document);
    }
    answer
}

/// An answer without one.
#[must_use]
pub fn refuse(refusal: Refusal) -> Vec<u8> {
    let (status, further) = match refusal {
        Refusal::NoRequest => ("400 Bad Request", ""),
        Refusal::NotFound => ("404 Not Found", ""),
        Refusal::NotAllowed => ("405 Method Not Allowed", "Allow: GET, HEAD\r\n"),
        Refusal::TooLong => ("431 Request Header Fields Too Large", ""),
        Refusal::Unavailable => ("503 Service Unavailable", ""),
    };
    format!(
        "HTTP/1.1 {status}\r\n{further}Content-Type: text/plain\r\nContent-Length: {}\r\n{HEADERS}\r\n{status}\n",
        status.len() + 1
    )
    .into_bytes()
}
