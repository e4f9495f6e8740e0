//! Frames as the switch sees them: every port, both directions, with the kernel's time stamps.

use std::collections::BTreeMap;
use std::io::{self, IoSliceMut};
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::net::if_::if_nameindex;
use nix::sys::socket::{ControlMessageOwned, LinkAddr, MsgFlags, recvmsg, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use crate::failed::{Failed, Result};
use crate::frame::Frame;
use crate::pcap;
use crate::space::Space;

/// `ETH_P_ALL`, in network order as a packet socket wants it (`linux/if_ether.h`).
const EVERY_PROTOCOL: u16 = 0x0003_u16.to_be();
/// `PACKET_OUTGOING` (`linux/if_packet.h`): the switch sends it towards the host.
const OUTGOING: u8 = 4;

/// A running capture. Stops when dropped.
#[derive(Debug)]
pub struct Capture {
    frames: Arc<Mutex<Vec<Frame>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result>>,
}

impl Capture {
    pub(crate) fn start(space: &Space, origin: Instant) -> Result<Self> {
        let frames = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (to, until) = (Arc::clone(&frames), Arc::clone(&stop));
        let (ready, is_ready) = std::sync::mpsc::sync_channel(1);
        let thread = space.thread("capture", move || {
            let socket = open()?;
            let _ = ready.send(());
            Reader {
                socket,
                names: BTreeMap::new(),
                clock: Clock::new(origin),
            }
            .run(&to, &until)
        })?;
        is_ready
            .recv()
            .map_err(|_| Failed::new("the capture did not start: no packet socket"))?;
        Ok(Self {
            frames,
            stop,
            thread: Some(thread),
        })
    }

    /// The frames so far.
    #[must_use]
    pub fn frames(&self) -> Vec<Frame> {
        self.frames
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Stops, keeps the frames as a pcap file, and gives them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn stop(mut self, results: &Path, name: &str) -> Result<Vec<Frame>> {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread
                .join()
                .map_err(|_| Failed::new("the capture's thread panicked"))??;
        }
        let frames = self.frames();
        pcap::write(&results.join(format!("{name}.pcap")), &frames)?;
        Ok(frames)
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn open() -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::PACKET,
        Type::RAW,
        Some(Protocol::from(i32::from(EVERY_PROTOCOL))),
    )?;
    socket.set_read_timeout(Some(Duration::from_millis(100)))?;
    // The limit for root is ours to exceed only with SO_RCVBUFFORCE.
    setsockopt(&socket, sockopt::RcvBufForce, &(16 << 20))?;
    setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
    Ok(socket)
}

struct Reader {
    socket: Socket,
    names: BTreeMap<usize, String>,
    clock: Clock,
}

impl Reader {
    fn run(&mut self, to: &Mutex<Vec<Frame>>, stop: &AtomicBool) -> Result {
        while !stop.load(Ordering::Relaxed) {
            if let Some(frame) = self.next()? {
                to.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(frame);
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        let mut buffer = vec![0; 2048];
        let mut control = nix::cmsg_space!(nix::sys::time::TimeSpec);
        let mut parts = [IoSliceMut::new(&mut buffer)];
        let descriptor = self.socket.as_raw_fd();
        let (length, stamp, from) = match recvmsg::<LinkAddr>(
            descriptor,
            &mut parts,
            Some(&mut control),
            MsgFlags::empty(),
        ) {
            Ok(message) => (message.bytes, stamp_of(&message), message.address),
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EINTR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Some(from) = from else { return Ok(None) };
        let port = self.name(from.ifindex());
        buffer.truncate(length);
        let at = stamp.map_or_else(|| self.clock.now(), |stamp| self.clock.since_origin(stamp));
        Ok(Some(Frame {
            at,
            port,
            from_host: from.pkttype() != OUTGOING,
            bytes: buffer,
        }))
    }

    /// Ports come and go while a capture runs.
    fn name(&mut self, index: usize) -> String {
        if !self.names.contains_key(&index)
            && let Ok(all) = if_nameindex()
        {
            for interface in &all {
                let number = usize::try_from(interface.index()).unwrap_or_default();
                self.names
                    .insert(number, interface.name().to_string_lossy().into_owned());
            }
        }
        self.names.get(&index).cloned().unwrap_or_default()
    }
}

/// When the kernel got the frame, by the wall clock.
pub(crate) fn stamp_of(message: &nix::sys::socket::RecvMsg<'_, '_, LinkAddr>) -> Option<Duration> {
    let stamp = message.cmsgs().ok()?.find_map(|part| {
        if let ControlMessageOwned::ScmTimestampns(time) = part {
            Some(time)
        } else {
            None
        }
    })?;
    Some(Duration::from(stamp))
}

/// Turns the kernel's wall-clock stamps into the lab's time.
struct Clock {
    origin: Instant,
    origin_wall: Duration,
}

impl Clock {
    fn new(origin: Instant) -> Self {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            origin,
            origin_wall: wall.saturating_sub(origin.elapsed()),
        }
    }

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn since_origin(&self, stamp: Duration) -> Duration {
        stamp.saturating_sub(self.origin_wall)
    }
}

/// Frames of one TCP service that reach the switch from a host: what a loop shows itself in.
pub fn to_service(frames: &[Frame], address: Ipv4Addr, port: u16) -> impl Iterator<Item = &Frame> {
    frames.iter().filter(move |frame| {
        frame.from_host
            && frame.ipv4().is_some_and(|ip| ip.destination == address)
            && frame.tcp().is_some_and(|tcp| tcp.destination_port == port)
    })
}
