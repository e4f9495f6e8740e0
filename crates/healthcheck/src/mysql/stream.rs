//! The connection under the packets.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Reason;
#[cfg(feature = "mysql-tls")]
use super::tls::Secured;
use crate::socket;

/// A connection. All that waits can be given up and begun again: nothing is lost.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    #[cfg(feature = "mysql-tls")]
    Tls(Secured),
}

impl Stream {
    pub(super) async fn connect(
        target: SocketAddr,
        source: Option<IpAddr>,
    ) -> Result<Self, Reason> {
        let socket = socket::open(target, source).map_err(Reason::Local)?;
        let stream = socket.connect(target).await?;
        // Small packets that are answered one by one: nothing to wait for. It works without, only later.
        let _ = stream.set_nodelay(true);
        Ok(Self::Plain(stream))
    }

    /// Reads something; 0 octets are the end.
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(buffer).await,
            #[cfg(feature = "mysql-tls")]
            Self::Tls(tls) => tls.established().await?.read(buffer).await,
        }
    }

    /// Sends all of `octets`, taking off what is sent.
    pub(super) async fn send(&mut self, octets: &mut VecDeque<u8>) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.write_all_buf(octets).await,
            #[cfg(feature = "mysql-tls")]
            Self::Tls(tls) => {
                let tls = tls.established().await?;
                tls.write_all_buf(octets).await?;
                tls.flush().await
            }
        }
    }

    /// From now on the kernel asks the peer's kernel whether it is still there, and breaks the connection after some
    /// 4 s without an answer. A server that hangs has a kernel that answers; a host that is gone has not.
    pub(super) fn watch(&self) {
        const AFTER: Duration = Duration::from_secs(1);
        const TRIES: u32 = 3;
        let Some(tcp) = self.tcp() else { return };
        let socket = SockRef::from(tcp);
        let keepalive = TcpKeepalive::new()
            .with_time(AFTER)
            .with_interval(AFTER)
            .with_retries(TRIES);
        // Without it, a host that comes back is noticed later, by `PATIENCE`.
        let _ = socket.set_tcp_keepalive(&keepalive);
        let _ = socket.set_tcp_user_timeout(Some(AFTER * (TRIES + 1)));
    }

    /// Sends `octets` if that needs no waiting, and leaves nothing unread: a close with unread octets
    /// is a reset, which could overtake them.
    pub(super) fn send_at_once(&mut self, octets: &[u8]) {
        const MOST_READS: u8 = 16;
        match self {
            Self::Plain(tcp) => {
                let _ = tcp.try_write(octets);
            }
            #[cfg(feature = "mysql-tls")]
            Self::Tls(tls) => tls.send_at_once(octets),
        }
        let Some(tcp) = self.tcp() else { return };
        let mut unread = [0; 4096];
        for _ in 0..MOST_READS {
            match tcp.try_read(&mut unread) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    /// Says that nothing more will be sent, and waits for the peer to close.
    pub(super) async fn close(&mut self) {
        // However that goes, the connection is given up.
        let _ = match self {
            Self::Plain(tcp) => tcp.shutdown().await,
            #[cfg(feature = "mysql-tls")]
            Self::Tls(tls) => match tls.established().await {
                Ok(tls) => tls.shutdown().await,
                Err(error) => Err(error),
            },
        };
        let mut unread = [0; 4096];
        while let Ok(1..) = self.read(&mut unread).await {}
    }

    fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Plain(tcp) => Some(tcp),
            #[cfg(feature = "mysql-tls")]
            Self::Tls(tls) => tls.tcp(),
        }
    }
}
