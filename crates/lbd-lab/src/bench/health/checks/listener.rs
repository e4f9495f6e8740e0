//! All the servers: one thread that accepts every connection, and sees by the kernel's own time stamps when each was
//! asked for. How long it takes to accept one does not matter to what it sees.

use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::socket::{LinkAddr, MsgFlags, recvmsg, setsockopt, sockopt};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use super::gaps::{Gaps, Lateness};
use super::load::{self, Load, NETWORK, PORT};
use crate::capture::stamp_of;
use crate::failed::{Failed, Result};
use crate::host::Host;

/// `ETH_P_IP`, in network order as a packet socket wants it (`linux/if_ether.h`). Such a socket sees what arrives,
/// not what leaves: on `lo` each packet once.
const IPV4: u16 = 0x0800_u16.to_be();
/// How often it looks. In bulk it takes the least of the processor that it shares with the checkers.
const PAUSE: Duration = Duration::from_millis(10);
/// Connections that wait meanwhile: as many as the kernel grants (`net.core.somaxconn`).
const BACKLOG: i32 = 4096;

/// Answers for all servers of a load, until it is dropped.
#[derive(Debug)]
pub(super) struct Listener {
    gaps: Arc<Mutex<Gaps>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result>>,
}

impl Listener {
    pub(super) fn start(host: &Host, load: &Load) -> Result<Self> {
        host.run(&format!("ip route add local {} dev lo", NETWORK.1))?;
        let interval = Duration::from_secs(load.interval.into());
        let gaps = Arc::new(Mutex::new(Gaps::new(load.checks(), interval)));
        let stop = Arc::new(AtomicBool::new(false));
        let (to, until) = (Arc::clone(&gaps), Arc::clone(&stop));
        let (ready, is_ready) = std::sync::mpsc::sync_channel(1);
        let thread = host.thread(move || {
            let (sight, servers) = (sight()?, servers()?);
            let _ = ready.send(());
            while !until.load(Ordering::Relaxed) {
                see(&sight, &mut lock(&to))?;
                while accepted(&servers)? {}
                std::thread::sleep(PAUSE);
            }
            Ok(())
        })?;
        is_ready
            .recv()
            .map_err(|_| Failed::new("the servers' thread could not open its sockets"))?;
        Ok(Self {
            gaps,
            stop,
            thread: Some(thread),
        })
    }

    /// Servers that were never checked.
    pub(super) fn unchecked(&self) -> usize {
        lock(&self.gaps).unchecked()
    }

    /// What counts is what comes from now on.
    pub(super) fn begin(&self) {
        lock(&self.gaps).begin(now());
    }

    /// What was seen since the beginning. It goes on.
    pub(super) fn seen(&self) -> Lateness {
        lock(&self.gaps).end(now())
    }

    /// Ends it.
    pub(super) fn end(mut self) -> Result {
        self.stop.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else {
            return Ok(());
        };
        thread
            .join()
            .map_err(|_| Failed::new("the servers' thread panicked"))?
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn servers() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, PORT).into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Accepts one connection and closes it; says whether there was one.
fn accepted(servers: &Socket) -> io::Result<bool> {
    match servers.accept() {
        Ok(_connection) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        // It was gone before it was accepted.
        Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => Ok(true),
        Err(error) => Err(error),
    }
}

/// Sees each request for a connection.
fn sight() -> io::Result<Socket> {
    let every = Protocol::from(i32::from(IPV4));
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(every))?;
    socket.attach_filter(&requests())?;
    socket.set_nonblocking(true)?;
    setsockopt(&socket, sockopt::RcvBufForce, &(64 << 20))?;
    setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
    Ok(socket)
}

/// Ethernet, IPv4 without options, and of TCP the ports and the sequence number.
const HEADERS: u16 = 14 + 20 + 8;

/// Classic BPF (`linux/filter.h`): TCP in an IPv4 header without options, to one of the servers; SYN, not ACK. Gives
/// the headers.
fn requests() -> [SockFilter; 9] {
    const HALF: u16 = 0x28;
    const BYTE: u16 = 0x30;
    let load = |size, offset| SockFilter::new(size, 0, 0, offset);
    let or_fail = |value, skip| SockFilter::new(0x15, 0, skip, value);
    let and = |value| SockFilter::new(0x54, 0, 0, value);
    let give = |octets| SockFilter::new(0x06, 0, 0, octets);
    [
        load(HALF, 30),
        or_fail(u16::from_be_bytes(NETWORK.0).into(), 6),
        load(BYTE, 23),
        or_fail(6, 4),
        load(BYTE, 47),
        and(0x12),
        or_fail(0x02, 1),
        give(HEADERS.into()),
        give(0),
    ]
}

/// Takes over all that has come.
fn see(sight: &Socket, gaps: &mut Gaps) -> Result {
    let mut headers = vec![0; HEADERS.into()];
    let mut control = nix::cmsg_space!(nix::sys::time::TimeSpec);
    loop {
        let mut parts = [IoSliceMut::new(&mut headers)];
        let received = recvmsg::<LinkAddr>(
            sight.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            MsgFlags::empty(),
        );
        let stamp = match received {
            Ok(message) => stamp_of(&message),
            Err(nix::errno::Errno::EAGAIN) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let [.., a, b, c, d, _, _, _, _, s, t, u, v] = *headers.as_slice() else {
            continue;
        };
        if let (Some(server), Some(at)) = (load::server([a, b, c, d].into()), stamp) {
            gaps.add(server, at, u32::from_be_bytes([s, t, u, v]));
        }
    }
}

fn lock(gaps: &Mutex<Gaps>) -> MutexGuard<'_, Gaps> {
    gaps.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
