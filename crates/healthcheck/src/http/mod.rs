//! One HTTP request: does the server answer with a status, and perhaps a text, that says it is well?
//!
//! The request is a `GET` over HTTP/1.1 on a connection of its own (`Connection: close`). Redirects are not
//! followed: a 3xx is an answer like any other. At most [`BODY`] octets of an answer are looked at,
//! and at most as much of its head; when no text is asked for, the body is not waited for at all.
//!
//! With feature `https`, `Options::tls` asks over TLS 1.2 or 1.3.

mod status;
mod talk;
#[cfg(feature = "https")]
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use hyper::Request;
use hyper::header::{CONNECTION, HOST, USER_AGENT};
use hyper::http::uri::{Authority, PathAndQuery};
use tokio::net::TcpStream;

use crate::{Failure, Outcome, tcp};

pub use status::{BadStatuses, Statuses};
#[cfg(feature = "https")]
pub use tls::{SYSTEM_AUTHORITIES, Trust};

/// What of an answer's body is looked at, in octets.
pub const BODY: usize = 64 * 1024;

/// What to ask for, and what to expect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The address to connect from; see [`tcp::Options::source`].
    pub source: Option<IpAddr>,
    /// The probe is over after this, whatever stage it is in.
    pub timeout: Duration,
    /// Path and query, from the slash on. Default `/`.
    pub path: String,
    /// The `Host` header, and with TLS the name that the certificate is to be for. Default: the target's
    /// address and port.
    pub host: Option<String>,
    /// The statuses that say that the server is well. Default 200-399.
    pub statuses: Statuses,
    /// A text that the body has to contain within its first [`BODY`] octets, letter by letter.
    pub contains: Option<String>,
    /// Ask over TLS, and whom to believe then.
    #[cfg(feature = "https")]
    pub tls: Option<Trust>,
}

impl Options {
    /// `GET /` without TLS, within `timeout`.
    pub fn new(timeout: Duration) -> Options {
        Options {
            source: None,
            timeout,
            path: "/".to_owned(),
            host: None,
            statuses: Statuses::default(),
            contains: None,
            #[cfg(feature = "https")]
            tls: None,
        }
    }
}

/// Why a check cannot be made as it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// The path is none.
    #[error("{0:?} is no path: it has to begin with a slash and to be encoded as in a URL")]
    Path(String),
    /// The host is none.
    #[error("{0:?} is no host: give a name or address, and a port if need be")]
    Host(String),
    /// No certificate of an authority can be had from the file.
    #[error("no authority's certificate in {file}: {why}")]
    Authorities {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(String),
}

/// The check of one server by a request.
#[derive(Clone, Debug)]
pub struct Check {
    target: SocketAddr,
    options: Options,
    path: PathAndQuery,
    host: Authority,
    #[cfg(feature = "https")]
    tls: Option<tls::Client>,
}

impl Check {
    /// A check of what listens at `target`. With TLS this reads the authorities' file, once.
    ///
    /// # Errors
    /// A path, host or file that cannot be used.
    pub fn new(target: SocketAddr, options: Options) -> Result<Check, Invalid> {
        let path = path(&options.path)?;
        let name = options.host.clone().unwrap_or_else(|| target.to_string());
        let host = authority(&name)?;
        Ok(Check {
            #[cfg(feature = "https")]
            tls: match &options.tls {
                Some(trust) => Some(tls::Client::new(trust, host.host())?),
                None => None,
            },
            target,
            options,
            path,
            host,
        })
    }

    /// Asks once. Always returns within the time-out. Needs a tokio runtime with IO and time enabled. Dropping
    /// the future ends the attempt.
    pub async fn probe(&self) -> Outcome {
        let begun = Instant::now();
        match tokio::time::timeout(self.options.timeout, self.ask()).await {
            Ok(Ok(())) => Outcome::success(begun.elapsed()),
            Ok(Err(outcome)) => outcome,
            Err(_elapsed) => Outcome::Failure(Failure::TimedOut),
        }
    }

    async fn ask(&self) -> Result<(), Outcome> {
        let stream = tcp::connect(self.target, self.options.source).await?;
        self.talk(stream).await.map_err(Outcome::Failure)
    }

    async fn talk(&self, stream: TcpStream) -> Result<(), Failure> {
        #[cfg(feature = "https")]
        if let Some(client) = &self.tls {
            let stream = client.connect(stream).await?;
            return talk::ask(stream, self.request()?, &self.options).await;
        }
        talk::ask(stream, self.request()?, &self.options).await
    }

    fn request(&self) -> Result<Request<String>, Failure> {
        Request::get(self.path.as_str())
            .header(HOST, self.host.as_str())
            .header(CONNECTION, "close")
            .header(
                USER_AGENT,
                concat!("lbd-healthcheck/", env!("CARGO_PKG_VERSION")),
            )
            .body(String::new())
            .map_err(|error| Failure::Other(format!("cannot ask: {error}").into()))
    }
}

fn path(text: &str) -> Result<PathAndQuery, Invalid> {
    let path: Option<PathAndQuery> = text.parse().ok();
    // The parser would leave a fragment out, and take an empty path for a slash.
    path.filter(|path| text.starts_with('/') && path.as_str() == text)
        .ok_or_else(|| Invalid::Path(text.to_owned()))
}

fn authority(text: &str) -> Result<Authority, Invalid> {
    let authority = text.parse().ok();
    authority
        .filter(|_| !text.contains('@'))
        .ok_or_else(|| Invalid::Host(text.to_owned()))
}
