//! Telling the neighbours where a virtual address lives now.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd;

use nix::sys::socket::bind;
use socket2::{Domain, Socket, Type};

use crate::{Error, frame, interface};

/// Sends gratuitous ARP and unsolicited neighbour advertisements out of one Ethernet interface.
///
/// When and how often is the caller's to say: keepalived sends five at once and five more after 5 s.
#[derive(Debug)]
pub struct Announcer {
    socket: Socket,
    mac: [u8; 6],
}

impl Announcer {
    /// Opens a packet socket on the interface `ifindex` that announces addresses at `mac`, as a rule the
    /// interface's own. Open another when the MAC changes or the interface is made anew.
    ///
    /// # Errors
    /// [`Error`]: no such interface, or no `CAP_NET_RAW`.
    pub fn open(ifindex: u32, mac: [u8; 6]) -> Result<Announcer, Error> {
        let name = interface::name(ifindex)?;
        let link = interface::link_address(&name)?;
        // No protocol: the socket receives nothing, so nothing is queued that nobody reads.
        let socket =
            Socket::new(Domain::PACKET, Type::RAW, None).map_err(Error::create(&name, "packet"))?;
        socket
            .set_nonblocking(true)
            .map_err(Error::setup(&name, "make the socket non-blocking"))?;
        bind(socket.as_raw_fd(), &link).map_err(Error::setup(&name, "bind the packet socket"))?;
        Ok(Announcer { socket, mac })
    }

    /// Sends one announcement for `vip`, at once.
    ///
    /// # Errors
    /// Never waits: `WouldBlock` means the interface's queue is full. `ENETDOWN` while the interface is
    /// down, `ENXIO` after it went.
    pub fn announce(&self, vip: IpAddr) -> io::Result<()> {
        let frame = match vip {
            IpAddr::V4(vip) => frame::gratuitous_arp(self.mac, vip),
            IpAddr::V6(vip) => frame::unsolicited_advertisement(self.mac, vip),
        };
        self.socket.send(&frame)?;
        Ok(())
    }
}
