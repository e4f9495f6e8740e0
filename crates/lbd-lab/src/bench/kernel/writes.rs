//! Counts what is asked of the kernel's IPVS: a netlink monitor (`drivers/net/nlmon.c`) shows every netlink message of
//! its network namespace.

use std::io::Read;
use std::os::fd::AsRawFd;

use ipvs_netlink::wire::{self, Body, Message, Messages};
use nix::libc;
use nix::sys::socket::{LinkAddr, recvfrom, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use crate::failed::{Failed, Result};
use crate::host::Host;

/// `ARPHRD_NETLINK` (`linux/if_arp.h`).
const MONITOR: u16 = 824;
/// `NLM_F_REQUEST` (`linux/netlink.h`): not an answer.
const REQUEST: u16 = 1;
/// `IPVS_CMD_GET_SERVICE`, `GET_DEST`, `GET_DAEMON`, `GET_CONFIG`, `GET_INFO` (`linux/ip_vs.h`): every other changes something.
const READS: [u8; 5] = [4, 8, 11, 13, 15];

/// A monitor in a host's network namespace.
#[derive(Debug)]
pub(super) struct Monitor {
    socket: Socket,
    family: u16,
}

/// Requests to the kernel's IPVS.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Requests {
    pub(super) reads: usize,
    pub(super) writes: usize,
}

impl Monitor {
    /// Sees what is asked from now on.
    pub(super) fn start(host: &Host) -> Result<Self> {
        host.run("ip link add nlmon0 type nlmon")?;
        host.run("ip link set nlmon0 up")?;
        let thread = host.thread(|| {
            // In network order, as a packet socket wants it.
            let every = u16::try_from(libc::ETH_P_ALL)?.to_be();
            let every = Protocol::from(i32::from(every));
            let socket = Socket::new(Domain::PACKET, Type::RAW, Some(every))?;
            socket.set_nonblocking(true)?;
            // A listing of the table must find room until it is looked at.
            setsockopt(&socket, sockopt::RcvBufForce, &(64 << 20))?;
            let family = family()?;
            Ok(Self { socket, family })
        })?;
        thread
            .join()
            .map_err(|_| Failed::new("the thread that opens the monitor panicked"))?
    }

    /// What was asked since the start, or since this was called last.
    pub(super) fn requests(&self) -> Result<Requests> {
        let mut requests = Requests::default();
        let mut datagram = vec![0; 1 << 17];
        loop {
            let (length, from) = match recvfrom::<LinkAddr>(self.socket.as_raw_fd(), &mut datagram)
            {
                Ok(received) => received,
                Err(nix::errno::Errno::EAGAIN) => return Ok(requests),
                Err(error) => return Err(error.into()),
            };
            // The host's card is heard, too.
            if from.is_none_or(|from| from.hatype() != MONITOR) {
                continue;
            }
            for message in Messages::new(datagram.get(..length).unwrap_or_default()) {
                self.count(&message?, &mut requests)?;
            }
        }
    }

    fn count(&self, message: &Message<'_>, requests: &mut Requests) -> Result {
        if message.kind != self.family || message.flags & REQUEST == 0 {
            return Ok(());
        }
        if let Body::Generic { command, .. } = message.body()? {
            if READS.contains(&command) {
                requests.reads += 1;
            } else {
                requests.writes += 1;
            }
        }
        Ok(())
    }
}

/// The number of the family `IPVS`.
fn family() -> Result<u16> {
    let netlink = Domain::from(libc::AF_NETLINK);
    let mut socket = Socket::new(
        netlink,
        Type::RAW,
        Some(Protocol::from(libc::NETLINK_GENERIC)),
    )?;
    let mut request = Vec::new();
    wire::encode_get_family(&mut request, 1);
    socket.send(&request)?;
    let mut answer = vec![0; 1 << 16];
    let length = socket.read(&mut answer)?;
    for message in Messages::new(answer.get(..length).unwrap_or_default()) {
        if let Body::Generic { attributes, .. } = message?.body()? {
            return Ok(wire::decode_family_id(attributes)?);
        }
    }
    Err(Failed::new("this kernel has no IPVS"))
}
