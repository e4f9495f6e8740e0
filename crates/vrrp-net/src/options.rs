//! The socket options an advertisement needs, in one place per address family.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;

use nix::libc;
use nix::sys::socket::sockopt::SetStruct;
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{InterfaceIndexOrAddress, Socket};

use crate::Error;

/// RFC 9568 sections 5.1.1.3 and 5.1.2.3. A receiver drops anything lower: it would have crossed a router.
const TTL: u32 = 255;
/// Precedence *internetwork control* (RFC 791), as keepalived sends; CS6 in today's words.
const TOS: u32 = 0xc0;
/// TC_PRIO_INTERACTIVE (linux/pkt_sched.h): ahead of bulk traffic in the local queues.
const PRIORITY: u32 = 6;
/// Octets asked for; the kernel caps it at `net.core.rmem_max`. Room for some hundred adverts while the
/// daemon is busy elsewhere.
const RECEIVE_BUFFER: usize = 256 * 1024;

// `IP_MTU_DISCOVER` (ip(7)): neither socket2 nor nix has it ready-made.
#[derive(Clone)]
struct MtuDiscover;
nix::setsockopt_impl!(
    MtuDiscover,
    libc::IPPROTO_IP,
    libc::IP_MTU_DISCOVER,
    libc::c_int,
    SetStruct<libc::c_int>
);

/// What both families share. `SO_BINDTODEVICE` first, so that nothing of another interface is ever queued.
pub(crate) fn common(socket: &Socket, interface: &str) -> Result<(), Error> {
    let fail = Error::setup;
    socket
        .bind_device(Some(interface.as_bytes()))
        .map_err(fail(interface, "bind the socket"))?;
    socket
        .set_nonblocking(true)
        .map_err(fail(interface, "make the socket non-blocking"))?;
    socket
        .set_recv_buffer_size(RECEIVE_BUFFER)
        .map_err(fail(interface, "raise the receive buffer"))
}

/// The options of IPv4: TTL, TOS, no DF, one group on one interface, no loop.
pub(crate) fn v4(
    socket: &Socket,
    interface: &str,
    index: NonZeroU32,
    group: Ipv4Addr,
) -> Result<(), Error> {
    set_v4(socket).map_err(Error::setup(interface, "set the IPv4 options"))?;
    socket
        .join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index.get()))
        .map_err(Error::setup(interface, "join 224.0.0.18"))
}

fn set_v4(socket: &Socket) -> io::Result<()> {
    socket.set_ttl_v4(TTL)?;
    socket.set_multicast_ttl_v4(TTL)?;
    socket.set_multicast_loop_v4(false)?;
    // Groups other sockets of this host joined are not ours.
    socket.set_multicast_all_v4(false)?;
    // IP_TOS also sets SO_PRIORITY, hence this order.
    socket.set_tos_v4(TOS)?;
    socket.set_priority(PRIORITY)?;
    Ok(setsockopt(socket, MtuDiscover, &libc::IP_PMTUDISC_DONT)?)
}

/// The options of IPv6: hop limit, traffic class, one group on one interface, no loop, and the
/// ancillary data that stands in for the header a raw IPv6 socket does not show (RFC 3542).
pub(crate) fn v6(
    socket: &Socket,
    interface: &str,
    index: NonZeroU32,
    group: Ipv6Addr,
) -> Result<(), Error> {
    set_v6(socket, index).map_err(Error::setup(interface, "set the IPv6 options"))?;
    socket
        .join_multicast_v6(&group, index.get())
        .map_err(Error::setup(interface, "join ff02::12"))
}

fn set_v6(socket: &Socket, index: NonZeroU32) -> io::Result<()> {
    socket.set_unicast_hops_v6(TTL)?;
    socket.set_multicast_hops_v6(TTL)?;
    socket.set_multicast_if_v6(index.get())?;
    socket.set_multicast_loop_v6(false)?;
    socket.set_multicast_all_v6(false)?;
    socket.set_tclass_v6(TOS)?;
    socket.set_priority(PRIORITY)?;
    socket.set_recv_hoplimit_v6(true)?;
    Ok(setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true)?)
}
