//! Listens for one sender through a flood: the kernel throws everything else away.

use std::io::IoSliceMut;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use crate::failed::{Failed, Result};
use crate::host::Host;

/// `ETH_P_IP`, in network order as a packet socket wants it (`linux/if_ether.h`).
const IPV4: u16 = 0x0800_u16.to_be();

/// Hears the adverts of one MAC on one host's card.
#[derive(Debug)]
pub(super) struct Ear {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Vec<Duration>>>,
}

impl Ear {
    pub(super) fn open(at: &Host, sender: &Host) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (until, mac) = (Arc::clone(&stop), sender.mac());
        let thread = at.thread(move || {
            let socket = Socket::new(
                Domain::PACKET,
                Type::RAW,
                Some(Protocol::from(i32::from(IPV4))),
            )?;
            socket.attach_filter(&adverts_of(mac))?;
            socket.set_read_timeout(Some(Duration::from_millis(100)))?;
            setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
            let mut times = Vec::new();
            while !until.load(Ordering::Relaxed) {
                times.extend(arrival(&socket)?);
            }
            Ok(times)
        })?;
        Ok(Self { stop, thread })
    }

    /// When each was heard, in the kernel's time; none of those that came before it was opened.
    pub(super) fn close(self) -> Result<Vec<Duration>> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread
            .join()
            .map_err(|_| Failed::new("the thread that listens panicked"))?
    }
}

fn arrival(socket: &Socket) -> Result<Option<Duration>> {
    let mut buffer = [0; 256];
    let mut control = nix::cmsg_space!(nix::sys::time::TimeSpec);
    let mut parts = [IoSliceMut::new(&mut buffer)];
    let received = recvmsg::<SockaddrStorage>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut control),
        MsgFlags::empty(),
    );
    let message = match received {
        Ok(message) => message,
        Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EINTR) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut parts = message.cmsgs()?;
    Ok(parts.find_map(|part| {
        if let ControlMessageOwned::ScmTimestampns(time) = part {
            Some(Duration::from(time))
        } else {
            None
        }
    }))
}

/// Classic BPF (`linux/filter.h`): the source MAC, and protocol 112 in an IPv4 header.
fn adverts_of(mac: [u8; 6]) -> [SockFilter; 8] {
    const WORD: u16 = 0x20;
    const HALF: u16 = 0x28;
    const BYTE: u16 = 0x30;
    let load = |size, offset| SockFilter::new(size, 0, 0, offset);
    let or_fail = |value, skip| SockFilter::new(0x15, 0, skip, value);
    let give = |octets| SockFilter::new(0x06, 0, 0, octets);
    let [a, b, c, d, e, f] = mac;
    [
        load(WORD, 6),
        or_fail(u32::from_be_bytes([a, b, c, d]), 5),
        load(HALF, 10),
        or_fail(u32::from(u16::from_be_bytes([e, f])), 3),
        load(BYTE, 23),
        or_fail(112, 1),
        give(u32::MAX),
        give(0),
    ]
}
