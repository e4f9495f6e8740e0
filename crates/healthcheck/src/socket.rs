//! The sockets of all probes that connect.

use std::io;
use std::net::{IpAddr, SocketAddr};

use nix::sys::socket::{setsockopt, sockopt};
use tokio::net::TcpSocket;

/// A socket of the target's family, bound to the source if there is one; else why there is none, in words.
pub(crate) fn open(target: SocketAddr, source: Option<IpAddr>) -> Result<TcpSocket, String> {
    let socket = match target {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }
    .map_err(|error| format!("cannot open a socket: {error}"))?;
    if let Some(source) = source {
        bind(&socket, source).map_err(|error| format!("cannot probe from {source}: {error}"))?;
    }
    Ok(socket)
}

fn bind(socket: &TcpSocket, source: IpAddr) -> io::Result<()> {
    // Else each probe takes one of the source's 28 000 ports away from all targets, for the minute that it
    // waits in TIME_WAIT: some hundred checks a second would use them up.
    setsockopt(socket, sockopt::IpBindAddressNoPort, &true)?;
    socket.bind(SocketAddr::new(source, 0))
}
