//! One read: connect, ask who answers, part.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::{Language, Load, mysql};

/// What became of one attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When it began, since the lab began.
    pub at: Duration,
    /// How long it took.
    pub took: Duration,
    /// The name of the server that answered.
    pub result: Result<String, Trouble>,
}

/// Why no server answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The host answered with a reset.
    Refused,
    /// Nobody answered in time.
    TimedOut,
    /// It broke off in the middle.
    Reset,
    /// The network said that there is no way.
    Unreachable,
    /// Something else.
    Other(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("refused"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Reset => f.write_str("reset"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        #[allow(clippy::wildcard_enum_match_arm)] // the library's enum, open to growth
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::TimedOut,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Self::Reset,
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Self::Unreachable,
            _ => Self::Other(error.to_string()),
        }
    }
}

pub(super) async fn make(load: &Load, port: Option<u16>, origin: Instant) -> Attempt {
    let began = Instant::now();
    let read = timeout(load.timeout, read(load, port)).await;
    let result = read.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    Attempt {
        at: began.saturating_duration_since(origin),
        took: began.elapsed(),
        result: result.map_err(Trouble::from),
    }
}

async fn read(load: &Load, port: Option<u16>) -> io::Result<String> {
    let stream = connect(load.target, port).await?;
    match load.language {
        Language::Line => ask_line(stream).await,
        Language::Mysql => {
            mysql::Session::login(stream, "reader")
                .await?
                .ask_name()
                .await
        }
    }
}

async fn connect(target: SocketAddrV4, port: Option<u16>) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(port) = port {
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port).into())?;
    }
    socket.connect(target.into()).await
}

async fn ask_line(stream: TcpStream) -> io::Result<String> {
    let mut stream = BufReader::new(stream);
    let mut name = String::new();
    if stream.read_line(&mut name).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    stream.write_all(b"quit\n").await?;
    // The server closes first: its side waits in TIME_WAIT, and our port is free at once.
    let _ = stream.read(&mut [0; 1]).await;
    Ok(name.trim_end().to_owned())
}
