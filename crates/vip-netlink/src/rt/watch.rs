//! Notifications.

use std::io;

use netlink_packet_route::RouteNetlinkMessage;
use rtnetlink::packet_core::{NetlinkMessage, NetlinkPayload};
use rtnetlink::sys::protocols::NETLINK_ROUTE;
use rtnetlink::sys::{AsyncSocket, AsyncSocketExt, SocketAddr, TokioSocket};

use super::decode;
use crate::{Change, Error, Operation};

/// Room for one datagram. The kernel sends one notification in each; a link with very many virtual functions is the largest.
const DATAGRAM: usize = 64 * 1024;

/// Asked of the kernel for the socket (`SO_RCVBUF`), which grants it up to `net.core.rmem_max`.
const RECEIVE_BUFFER: u32 = 1 << 20;

/// The kernel's way to say that notifications were dropped (`asm-generic/errno.h`).
const ENOBUFS: i32 = 105;

/// `RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR` (`linux/rtnetlink.h`).
const GROUPS: u32 = 0x1 | 0x4 | 0x10 | 0x100;

/// Octets of a netlink message's header (`struct nlmsghdr`), and what messages are padded to.
const HEADER: usize = 16;
const ALIGNMENT: usize = 4;

/// A stream of changes. It reads its own socket, and nothing is queued but by the kernel: who reads too slowly gets
/// [`Change::Overflow`], not a growing process.
pub struct Watch {
    socket: TokioSocket,
    buffer: Vec<u8>,
    /// Where the next message of the datagram in `buffer` starts.
    position: usize,
}

impl Watch {
    pub(super) fn open() -> Result<Self, Error> {
        let mut socket = TokioSocket::new(NETLINK_ROUTE).map_err(Error::Socket)?;
        let inner = socket.socket_mut();
        // Best effort: a smaller buffer only means an earlier Overflow.
        let _ = inner.set_rx_buf_sz(RECEIVE_BUFFER);
        inner
            .bind(&SocketAddr::new(0, GROUPS))
            .map_err(Error::Socket)?;
        Ok(Self {
            socket,
            buffer: Vec::with_capacity(DATAGRAM),
            position: 0,
        })
    }

    /// The next change. Waits without end if nothing changes; may be dropped and called again without loss.
    ///
    /// # Errors
    /// [`Error::Refused`] if the socket fails for good.
    pub async fn next(&mut self) -> Result<Change, Error> {
        loop {
            while let Some(message) = self.take_message() {
                match message {
                    Message::Shown(change) => return Ok(change),
                    Message::NotShown => {}
                }
            }
            if let Some(change) = self.receive().await? {
                return Ok(change);
            }
        }
    }

    /// Fills the buffer with the next datagram.
    async fn receive(&mut self) -> Result<Option<Change>, Error> {
        self.buffer.clear();
        self.buffer.reserve(DATAGRAM);
        self.position = 0;
        match self.socket.recv_from(&mut self.buffer).await {
            // Port 0 is the kernel; other processes may send to our port, and are not believed.
            Ok(sender) if sender.port_number() == 0 => Ok(None),
            Ok(_) => {
                self.buffer.clear();
                Ok(None)
            }
            Err(error) if error.raw_os_error() == Some(ENOBUFS) => Ok(Some(Change::Overflow)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            Err(source) => Err(Error::Refused {
                operation: Operation::Watch,
                source,
            }),
        }
    }

    /// The next message in the buffer, or `None` at its end.
    fn take_message(&mut self) -> Option<Message> {
        let rest = self
            .buffer
            .get(self.position..)
            .filter(|rest| !rest.is_empty())?;
        // The length comes first, in the machine's own order, header included.
        let length = rest
            .first_chunk::<4>()
            .and_then(|octets| usize::try_from(u32::from_ne_bytes(*octets)).ok())
            .filter(|length| *length >= HEADER);
        let Some(octets) = length.and_then(|length| rest.get(..length)) else {
            // Cut off, so the change it tells of is lost.
            self.position = self.buffer.len();
            return Some(Message::Shown(Change::Overflow));
        };
        self.position = self
            .position
            .saturating_add(octets.len().next_multiple_of(ALIGNMENT));
        Some(read_message(octets))
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

enum Message {
    Shown(Change),
    NotShown,
}

fn read_message(octets: &[u8]) -> Message {
    match NetlinkMessage::<RouteNetlinkMessage>::deserialize(octets).map(|message| message.payload)
    {
        Ok(NetlinkPayload::InnerMessage(message)) => {
            decode::change(&message).map_or(Message::NotShown, Message::Shown)
        }
        Ok(NetlinkPayload::Noop | NetlinkPayload::Done(_) | NetlinkPayload::Error(_)) => {
            Message::NotShown
        }
        // A change that cannot be read is one that was missed.
        Ok(_) | Err(_) => Message::Shown(Change::Overflow),
    }
}
