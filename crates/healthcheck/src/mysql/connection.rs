//! Packets over a stream, in their order.

use std::collections::VecDeque;

use super::Reason;
#[cfg(feature = "mysql-tls")]
use super::Tls;
use super::stream::Stream;
use super::wire::{COM_QUIT, Frames, WireError, frame};

/// A connection that can be left at any await and gone on with later.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    frames: Frames,
    unsent: VecDeque<u8>,
    /// Of the next packet, in either direction.
    sequence: u8,
}

impl Connection {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            frames: Frames::new(),
            unsent: VecDeque::new(),
            sequence: 0,
        }
    }

    /// Will send the payload that begins an exchange.
    pub(super) fn begin(&mut self, payload: &[u8]) -> Result<(), WireError> {
        self.sequence = 0;
        self.reply(payload)
    }

    /// Will send the payload that goes on with an exchange.
    pub(super) fn reply(&mut self, payload: &[u8]) -> Result<(), WireError> {
        self.unsent.extend(frame(self.sequence, payload)?);
        self.sequence = self.sequence.wrapping_add(1);
        Ok(())
    }

    /// Sends what is unsent, then waits for the next packet and gives its payload.
    pub(super) async fn receive(&mut self) -> Result<Vec<u8>, Reason> {
        self.stream.send(&mut self.unsent).await?;
        loop {
            let packet = self
                .frames
                .next_packet()
                .map_err(|error| self.suspicious(error))?;
            if let Some(packet) = packet {
                return self.in_order(packet.sequence, packet.payload);
            }
            let mut chunk = [0; 4096];
            let count = self.stream.read(&mut chunk).await?;
            match chunk.get(..count) {
                Some([]) | None => return Err(Reason::Closed),
                Some(octets) => self.frames.push(octets),
            }
        }
    }

    /// What announces a packet without end and does not even count as the protocol does is something else, such as an SSH
    /// server's greeting.
    fn suspicious(&self, error: WireError) -> WireError {
        let expected = self.sequence;
        match self.frames.next_sequence() {
            Some(found) if found != expected => WireError::OutOfSequence { expected, found },
            Some(_) | None => error,
        }
    }

    /// Errors are taken as they come: the server may send one at any time, such as on its way down.
    fn in_order(&mut self, found: u8, payload: Vec<u8>) -> Result<Vec<u8>, Reason> {
        const ERROR: u8 = 0xff;
        if found != self.sequence && payload.first() != Some(&ERROR) {
            let expected = self.sequence;
            return Err(WireError::OutOfSequence { expected, found }.into());
        }
        self.sequence = found.wrapping_add(1);
        Ok(payload)
    }

    /// Sends what is unsent, then goes over to TLS. Says why the server's certificate is not trusted, if so.
    #[cfg(feature = "mysql-tls")]
    pub(super) async fn secure(&mut self, tls: &Tls) -> Result<Result<(), String>, Reason> {
        self.stream.send(&mut self.unsent).await?;
        if !self.frames.is_empty() {
            // Somebody in between could have put it there.
            return Err(WireError::Malformed("octets before TLS that nobody asked for").into());
        }
        self.stream.secure(tls).await
    }

    /// Lets the kernel find out whether the host is still there.
    pub(super) fn watch(&self) {
        self.stream.watch();
    }

    /// `COM_QUIT`, and waits until the server has closed.
    pub(super) async fn quit(&mut self) {
        if self.begin(&[COM_QUIT]).is_ok() && self.stream.send(&mut self.unsent).await.is_ok() {
            self.stream.close().await;
        }
    }

    /// `COM_QUIT` as far as that goes without waiting.
    pub(super) fn quit_at_once(&mut self) {
        if self.begin(&[COM_QUIT]).is_ok() {
            self.stream.send_at_once(self.unsent.make_contiguous());
        }
    }
}
