//! The socket advertisements go through.

use std::io::{self, IoSlice, IoSliceMut, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::num::NonZeroU32;
use std::os::fd::AsRawFd;
use std::task::{Context, Poll, ready};

use nix::libc;
use nix::sys::socket::{
    ControlMessage, MsgFlags, SockaddrIn, SockaddrIn6, SockaddrLike, recvmsg, sendmsg,
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Handle;

use crate::receive::{self, Received};
use crate::{Error, interface, options};

/// The IP protocol number of VRRP (RFC 9568 section 5.1.1.4).
pub const PROTOCOL: u8 = 112;
/// The IPv4 group of VRRP routers (RFC 9568 section 5.1.1.2).
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
/// The IPv6 group of VRRP routers (RFC 9568 section 5.1.2.2).
pub const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);
/// Octets that hold any advertisement: the longest IPv4 header, 8 octets of VRRP and 255 IPv6 addresses.
pub const BUFFER_LEN: usize = 60 + 8 + 255 * 16;

/// Sends and receives advertisements on one interface, in one address family.
///
/// The socket sees every advertisement that arrives on the interface, of whatever virtual router, to the
/// group or to this host, and none of its own. It stays bound to the interface's *index*: when the
/// interface is deleted and made anew, open another.
#[derive(Debug)]
pub struct AdvertSocket {
    socket: AsyncFd<Socket>,
    index: NonZeroU32,
    source: IpAddr,
}

impl AdvertSocket {
    /// Opens a socket on `interface` that sends as `source`, which must be one of the interface's own
    /// addresses (for IPv6 the link-local one, RFC 9568 section 5.1.2.1); it also chooses the family.
    ///
    /// # Errors
    /// [`Error`]: no such interface, not its address, no `CAP_NET_RAW`, no tokio runtime.
    ///
    /// # Panics
    /// As tokio's `AsyncFd` does, in a runtime whose IO driver is not enabled.
    pub fn open(interface: &str, source: impl Into<IpAddr>) -> Result<AdvertSocket, Error> {
        let source = source.into();
        let index = interface::index(interface)?;
        interface::require_address(interface, source)?;

        let domain = Domain::for_address((source, 0).into());
        let socket = Socket::new(domain, Type::RAW, Some(Protocol::from(i32::from(PROTOCOL))))
            .map_err(Error::create(interface, "raw"))?;
        options::common(&socket, interface)?;
        match source {
            IpAddr::V4(_) => options::v4(&socket, interface, index, GROUP_V4)?,
            IpAddr::V6(_) => options::v6(&socket, interface, index, GROUP_V6)?,
        }
        Ok(AdvertSocket {
            socket: watch(socket, interface)?,
            index,
            source,
        })
    }

    /// Waits for the next advertisement. `buffer` of [`BUFFER_LEN`] octets holds any. Cancel-safe.
    ///
    /// # Errors
    /// `InvalidData`: this one packet made no sense or did not fit, and was dropped; go on receiving.
    /// Anything else is the kernel's.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<Received> {
        self.socket
            .async_io(Interest::READABLE, |socket| self.receive(socket, buffer))
            .await
    }

    /// The same for a caller that polls several sockets in one task; the last task that polled is woken.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<Received>> {
        loop {
            let mut guard = ready!(self.socket.poll_read_ready(context))?;
            if let Ok(result) = guard.try_io(|socket| self.receive(socket.get_ref(), buffer)) {
                return Poll::Ready(result);
            }
        }
    }

    /// An advertisement that has arrived already, if there is one. For a caller that must know all that
    /// was said before it acts on a timer: a process that was held up finds its timer run out *and*
    /// the adverts that arrived in time.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn try_recv(&self, buffer: &mut [u8]) -> io::Result<Option<Received>> {
        match self.receive(self.socket.get_ref(), buffer) {
            Ok(received) => Ok(Some(received)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends `payload` to the group ([`GROUP_V4`], [`GROUP_V6`]) or to one peer, at once.
    ///
    /// Success means queued, not sent: for a moment after the carrier came, until its state is `UP`,
    /// the kernel drops what goes out of an interface without a word.
    ///
    /// # Errors
    /// Never waits: `WouldBlock` means the interface's queue is full. `InvalidInput` where the family
    /// differs from the source's. `EINVAL` or `EADDRNOTAVAIL` after the source address was taken off
    /// the interface; `ENODEV` after the interface went.
    pub fn send(&self, payload: &[u8], destination: IpAddr) -> io::Result<()> {
        match (self.source, destination) {
            (IpAddr::V4(source), IpAddr::V4(to)) => self.send_v4(payload, source, to),
            (IpAddr::V6(source), IpAddr::V6(to)) => self.send_v6(payload, source, to),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("cannot send from {} to {destination}", self.source),
            )),
        }
    }

    /// The index of the interface.
    pub fn ifindex(&self) -> u32 {
        self.index.get()
    }

    /// The address advertisements are sent from.
    pub fn source(&self) -> IpAddr {
        self.source
    }

    fn receive(&self, mut socket: &Socket, buffer: &mut [u8]) -> io::Result<Received> {
        if self.source.is_ipv4() {
            let length = socket.read(buffer)?;
            return receive::from_ipv4(buffer.get(..length).unwrap_or_default());
        }
        let mut control = nix::cmsg_space!(libc::in6_pktinfo, libc::c_int);
        let mut parts = [IoSliceMut::new(buffer)];
        let message = recvmsg::<SockaddrIn6>(
            socket.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            MsgFlags::empty(),
        )?;
        receive::from_ipv6(&message)
    }

    // The source goes with each packet: binding the socket to it would keep group packets out.
    fn send_v4(&self, payload: &[u8], source: Ipv4Addr, to: Ipv4Addr) -> io::Result<()> {
        let info = libc::in_pktinfo {
            ipi_ifindex: self.index_as_int()?,
            ipi_spec_dst: libc::in_addr {
                s_addr: u32::from_ne_bytes(source.octets()),
            },
            ipi_addr: libc::in_addr { s_addr: 0 },
        };
        let to = SockaddrIn::from(SocketAddrV4::new(to, 0));
        self.send_with(payload, ControlMessage::Ipv4PacketInfo(&info), &to)
    }

    fn send_v6(&self, payload: &[u8], source: Ipv6Addr, to: Ipv6Addr) -> io::Result<()> {
        let info = libc::in6_pktinfo {
            ipi6_addr: libc::in6_addr {
                s6_addr: source.octets(),
            },
            ipi6_ifindex: self.index.get(),
        };
        let to = SockaddrIn6::from(SocketAddrV6::new(to, 0, 0, self.index.get()));
        self.send_with(payload, ControlMessage::Ipv6PacketInfo(&info), &to)
    }

    fn send_with<A: SockaddrLike>(
        &self,
        payload: &[u8],
        control: ControlMessage<'_>,
        to: &A,
    ) -> io::Result<()> {
        let descriptor = self.socket.get_ref().as_raw_fd();
        let parts = [IoSlice::new(payload)];
        sendmsg(descriptor, &parts, &[control], MsgFlags::empty(), Some(to))?;
        Ok(())
    }

    fn index_as_int(&self) -> io::Result<libc::c_int> {
        libc::c_int::try_from(self.index.get()).map_err(io::Error::other)
    }
}

fn watch(socket: Socket, interface: &str) -> Result<AsyncFd<Socket>, Error> {
    if Handle::try_current().is_err() {
        return Err(Error::NoRuntime {
            interface: interface.to_owned(),
        });
    }
    // SAFETY: `Socket` owns its descriptor; inside `AsyncFd` it is neither replaced nor closed early.
    #[allow(unsafe_code)]
    let registered = unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE) };
    registered.map_err(Error::setup(interface, "watch the socket"))
}
