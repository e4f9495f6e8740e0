//! News of changes to nf_tables.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket,
};

use crate::Error;

/// The multicast group of nf_tables, `NFNLGRP_NFTABLES` of linux/netfilter/nfnetlink.h.
const GROUP: u32 = 7;

/// The most messages that are taken at once, so that somebody who changes tables without end does not hold up the
/// caller.
const TAKEN: usize = 4096;

/// Hears of every change to nf_tables in one network namespace: what nft and iptables-nft do, also for others, and what
/// this crate does itself. It does not say what was changed; have a look ([`Backend::read`](crate::Backend::read)), not
/// more often than is affordable, as other programs may change their tables many times a second.
///
/// Legacy iptables tells nobody: there, only looking from time to time helps
/// ([`Backend::tells_of_changes`](crate::Backend::tells_of_changes)).
///
/// The socket does not block. To wait, give it to poll(2) or to a runtime: it becomes readable when there is news. Then
/// [`drain`](Self::drain) it first and look afterwards, so that no change falls in between.
#[derive(Debug)]
pub struct Changes {
    socket: OwnedFd,
}

impl Changes {
    /// Listens, from now on, to the network namespace of the calling thread. Needs CAP_NET_ADMIN.
    ///
    /// # Errors
    /// [`Error::Watch`].
    pub fn watch() -> Result<Self, Error> {
        let socket = open().map_err(Error::Watch)?;
        Ok(Self { socket })
    }

    /// Takes the news away, and says whether there was any. News that the kernel had to throw away because nobody took
    /// it counts. After very much at once the socket may still be readable.
    ///
    /// # Errors
    /// [`Error::Watch`].
    pub fn drain(&self) -> Result<bool, Error> {
        let mut any = false;
        for _ in 0..TAKEN {
            // What does not fit is cut off, which is fine: that it came is all that matters.
            match recv(self.as_raw_fd(), &mut [0; 64], MsgFlags::MSG_DONTWAIT) {
                Ok(_) | Err(nix::Error::ENOBUFS) => any = true,
                Err(nix::Error::EINTR) => {}
                Err(nix::Error::EAGAIN) => break,
                Err(error) => return Err(Error::Watch(error.into())),
            }
        }
        Ok(any)
    }
}

impl AsFd for Changes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for Changes {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

fn open() -> io::Result<OwnedFd> {
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkNetFilter,
    )?;
    // The address has one bit for each of the first 32 groups; they are counted from 1.
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 1 << (GROUP - 1)))?;
    Ok(socket)
}
