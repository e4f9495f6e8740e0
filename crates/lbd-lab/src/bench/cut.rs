//! Cuts a port off the switch at a known moment.
//!
//! `ip link set PORT nomaster` would take some milliseconds of a process's life, somewhere within which the cut is.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Instant;

use nix::libc;

use crate::failed::{Failed, Result};
use crate::lab::Lab;
use crate::switch::BRIDGE;

/// `SIOCBRDELIF` (`linux/sockios.h`).
const REMOVE_PORT: libc::Ioctl = 0x89a3;

/// Takes the port `name` off the bridge. The kernel stops forwarding first of all, so the moment just before the
/// call is the moment of the cut.
pub(super) fn cut(lab: &Lab, name: &str) -> Result<Instant> {
    let port = name.to_owned();
    let thread = lab.switch().space().thread("cut", move || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        let request = request(&port)?;
        let at = Instant::now();
        remove_port(&socket, &request)?;
        Ok(at)
    })?;
    thread
        .join()
        .map_err(|_| Failed::new("the thread that cuts panicked"))?
}

fn request(port: &str) -> Result<libc::ifreq> {
    let index = nix::net::if_::if_nametoindex(port)?;
    let mut ifr_name = [0; libc::IFNAMSIZ];
    for (to, from) in ifr_name.iter_mut().zip(BRIDGE.bytes()) {
        *to = libc::c_char::try_from(from)?;
    }
    let ifr_ifru = libc::__c_anonymous_ifr_ifru {
        ifru_ifindex: libc::c_int::try_from(index)?,
    };
    Ok(libc::ifreq { ifr_name, ifr_ifru })
}

#[allow(unsafe_code)]
fn remove_port(socket: &UdpSocket, request: &libc::ifreq) -> io::Result<()> {
    let request: *const libc::ifreq = request;
    // SAFETY: SIOCBRDELIF reads a `struct ifreq`, which lives for the call.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), REMOVE_PORT, request) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
