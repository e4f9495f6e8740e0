//! The generic netlink socket: datagrams out and in, stale answers thrown away.

use core::fmt;
use std::io;

use neli::consts::socket::{Msg, NlFamily};
use neli::socket::NlSocket;
use neli::utils::Groups;
use tokio::io::unix::AsyncFd;

use super::Error;
use crate::wire::Messages;

/// The kernel puts at most 32 KiB into one datagram of a dump.
const RECEIVE_BUFFER: usize = 64 * 1024;
/// Room for a batch of which every change is refused: one datagram of about 1 KiB each.
const SOCKET_BUFFER: usize = 1024 * 1024;

pub(super) struct Socket {
    socket: AsyncFd<NlSocket>,
    sequence: u32,
    buffer: Box<[u8]>,
    /// Whether the last question may have answers that nobody has read.
    owed: bool,
}

impl Socket {
    pub(super) fn open() -> Result<Self, Error> {
        let socket = NlSocket::connect(NlFamily::Generic, None, Groups::empty())?;
        socket.nonblock()?;
        // Kernels before 4.12 do not have these words; we can do without.
        let _words_are_extra = socket.enable_ext_ack(true);
        // The kernel takes what `net.core.rmem_max` allows.
        socket.set_recv_buffer_size(SOCKET_BUFFER)?;
        Ok(Self {
            socket: register(socket)?,
            sequence: 0,
            buffer: vec![0; RECEIVE_BUFFER].into_boxed_slice(),
            owed: false,
        })
    }

    pub(super) fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }

    /// Notes that the last question was answered in full.
    pub(super) fn answered(&mut self) {
        self.owed = false;
    }

    /// Sends one datagram of one or several messages.
    pub(super) async fn send(&mut self, datagram: &[u8]) -> Result<(), Error> {
        if self.owed {
            self.drain()?;
        }
        self.owed = true;
        loop {
            let mut guard = self.socket.writable().await?;
            match guard.try_io(|socket| socket.get_ref().send(datagram, Msg::empty())) {
                Ok(sent) => {
                    sent?;
                    return Ok(());
                }
                Err(_would_block) => {}
            }
        }
    }

    /// The messages of the next datagram.
    pub(super) async fn receive(&mut self) -> Result<Messages<'_>, Error> {
        let buffer = &mut self.buffer;
        let len = loop {
            let mut guard = self.socket.readable().await?;
            let result = guard.try_io(|socket| socket.get_ref().recv(&mut **buffer, Msg::empty()));
            match result {
                Ok(received) => break received.map_err(lost)?.0,
                Err(_would_block) => {}
            }
        };
        Ok(Messages::new(self.buffer.get(..len).unwrap_or_default()))
    }

    /// Throws away what is left of a call that was dropped or timed out. A dump that nobody reads
    /// to its end would make the next one fail with `EBUSY`.
    fn drain(&mut self) -> Result<(), Error> {
        loop {
            match self.socket.get_ref().recv(&mut *self.buffer, Msg::empty()) {
                Ok(_stale) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.raw_os_error() == Some(nix::libc::ENOBUFS) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[allow(unsafe_code)]
fn register(socket: NlSocket) -> io::Result<AsyncFd<NlSocket>> {
    // SAFETY: an `NlSocket` owns a valid descriptor, closes it only when dropped and never
    // replaces it.
    Ok(unsafe { AsyncFd::register(socket) }?)
}

/// `ENOBUFS`: the socket was full and an answer is lost.
fn lost(error: io::Error) -> Error {
    if error.raw_os_error() == Some(nix::libc::ENOBUFS) {
        return Error::Overrun;
    }
    error.into()
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}
