//! Servers that take every connection, and don't do what a server should.

use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cluster::PORT;
use crate::failed::Result;
use crate::host::Host;

/// Connections that are kept open; the oldest go first.
const MOST: usize = 500;

/// What a liar sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Nothing, ever.
    Mute,
    /// What no MySQL server says.
    Garbage,
    /// A packet as long as can be, and another one, and so on.
    Endless,
}

/// One of them, at the service's port of a host. Stops when dropped.
#[derive(Debug)]
pub(super) struct Liar {
    stop: Arc<AtomicBool>,
}

impl Liar {
    /// Starts one.
    pub(super) fn start(host: &Host, manner: Manner) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&stop);
        host.thread(move || lie(manner, &until))?;
        Ok(Self { stop })
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn lie(manner: Manner, stop: &AtomicBool) -> Result {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT))?;
    listener.set_nonblocking(true)?;
    let mut taken: Vec<TcpStream> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        while let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(true)?;
            taken.push(stream);
        }
        let old = taken.len().saturating_sub(MOST);
        taken.drain(..old);
        taken.retain_mut(|stream| match stream.write(manner.words()) {
            Ok(_) => true,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        });
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

impl Manner {
    /// What it says again and again.
    fn words(self) -> &'static [u8] {
        match self {
            Self::Mute => &[],
            Self::Garbage => b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
            Self::Endless => &ENDLESS,
        }
    }
}

/// The head of a packet of 16 MiB, of which more such heads follow.
static ENDLESS: [u8; 4096] = {
    let mut octets = [0xff; 4096];
    octets[3] = 0;
    octets
};
