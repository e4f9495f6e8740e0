//! Requests.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use futures_util::{Stream, StreamExt, TryStreamExt};
use ipnet::IpNet;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, CacheInfo};
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState,
};
use rtnetlink::packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkMessage,
    NetlinkPayload,
};
use rtnetlink::{AddressMessageBuilder, Handle};
use tokio::task::AbortHandle;

use super::{Watch, decode};
use crate::{Added, Address, Deleted, Error, Link, Neighbour, Operation};

/// A netlink request is answered at once; one that is not will never be.
const PATIENCE: Duration = Duration::from_secs(5);

/// Linux error numbers the kernel answers with (`asm-generic/errno-base.h`, `asm-generic/errno.h`).
const EPERM: i32 = 1;
const ENODEV: i32 = 19;
const EEXIST: i32 = 17;
const EADDRNOTAVAIL: i32 = 99;

/// A connection to the kernel's routing interface, in the network namespace it was opened in. Clones share it.
#[derive(Clone, Debug)]
pub struct Netlink {
    handle: Handle,
    /// The task that moves the messages; rtnetlink shows its end only as an empty answer.
    connection: AbortHandle,
}

impl Netlink {
    /// Connects, in the network namespace of the calling thread.
    ///
    /// # Errors
    /// [`Error::Socket`].
    ///
    /// # Panics
    /// Outside of a tokio runtime with IO and time enabled.
    // async although nothing is awaited: the runtime it needs is then there, and callers need not know how it connects.
    pub async fn connect() -> Result<Self, Error> {
        let (connection, handle, _) = rtnetlink::new_connection().map_err(Error::Socket)?;
        let connection = tokio::spawn(connection).abort_handle();
        Ok(Self { handle, connection })
    }

    /// All links.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::TimedOut`], [`Error::Closed`].
    pub async fn links(&self) -> Result<Vec<Link>, Error> {
        let answers = self
            .collect(Operation::Links, self.handle.link().get().execute())
            .await?;
        Ok(answers.iter().filter_map(decode::link).collect())
    }

    /// The link of this name, if there is one.
    ///
    /// # Errors
    /// As [`links`](Self::links).
    pub async fn link(&self, name: &str) -> Result<Option<Link>, Error> {
        Ok(self
            .links()
            .await?
            .into_iter()
            .find(|link| link.name == name))
    }

    /// All addresses of all interfaces, IPv4 and IPv6.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::TimedOut`], [`Error::Closed`].
    pub async fn addresses(&self) -> Result<Vec<Address>, Error> {
        let answers = self
            .collect(Operation::Addresses, self.handle.address().get().execute())
            .await?;
        Ok(answers.iter().filter_map(decode::address).collect())
    }

    /// The neighbours known through the interface `index`, IPv4 and IPv6; empty for an index that does not exist.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::TimedOut`], [`Error::Closed`].
    pub async fn neighbours(&self, index: u32) -> Result<Vec<Neighbour>, Error> {
        let answers = self
            .collect(
                Operation::Neighbours,
                self.handle.neighbours().get().execute(),
            )
            .await?;
        Ok(answers
            .iter()
            .filter_map(decode::neighbour)
            .filter(|neighbour| neighbour.index == index)
            .collect())
    }

    /// Puts `address` on the interface `index`, for good, with global scope. An address that is there already is left
    /// as it is.
    ///
    /// A whole address (/32, /128) brings no prefix route, so that one on a NIC and its copy on `lo` do not compete for
    /// it. An IPv6 address skips duplicate detection: at a fail-over the former holder may still have it, and the wait
    /// of a second would be an outage. It is deprecated from the start, so that the host's own connections do not
    /// begin at an address that may go to another host (RFC 6724, 5, rule 3); what arrives for it is served.
    ///
    /// # Errors
    /// [`Error::NoSuchLink`], [`Error::NotPermitted`], [`Error::Refused`], [`Error::TimedOut`], [`Error::Closed`].
    pub async fn add_address(&self, index: u32, address: IpNet) -> Result<Added, Error> {
        let mut message = address_message(index, address);
        let mut flags = AddressFlags::empty();
        flags.set(
            AddressFlags::Noprefixroute,
            address.prefix_len() == address.max_prefix_len(),
        );
        flags.set(AddressFlags::Nodad, matches!(address, IpNet::V6(_)));
        message.attributes.push(AddressAttribute::Flags(flags));
        if matches!(address, IpNet::V6(_)) {
            message.attributes.push(deprecated());
        }
        let answer = self
            .request(
                Operation::Add(index, address),
                RouteNetlinkMessage::NewAddress(message),
                NLM_F_CREATE | NLM_F_EXCL,
            )
            .await?;
        match answer {
            Ok(()) => Ok(Added::Added),
            Err(EEXIST) => Ok(Added::AlreadyThere),
            Err(code) => Err(refusal(Operation::Add(index, address), index, code)),
        }
    }

    /// Takes `address` off the interface `index`. Only an address with the same prefix length is meant; the same address
    /// on another interface stays.
    ///
    /// Mind with IPv4 prefixes shorter than /32: when the first address of a subnet goes, the kernel drops the others of
    /// that subnet with it, unless `net.ipv4.conf.*.promote_secondaries` is 1.
    ///
    /// # Errors
    /// [`Error::NoSuchLink`], [`Error::NotPermitted`], [`Error::Refused`], [`Error::TimedOut`], [`Error::Closed`].
    pub async fn delete_address(&self, index: u32, address: IpNet) -> Result<Deleted, Error> {
        let message = RouteNetlinkMessage::DelAddress(address_message(index, address));
        match self
            .request(Operation::Delete(index, address), message, 0)
            .await?
        {
            Ok(()) => Ok(Deleted::Deleted),
            Err(EADDRNOTAVAIL) => Ok(Deleted::NotThere),
            Err(code) => Err(refusal(Operation::Delete(index, address), index, code)),
        }
    }

    /// Makes the kernel resolve the neighbour `address` through the interface `index`, as if a packet had to go there
    /// (`NTF_USE`). Returns at once; the result shows in [`neighbours`](Self::neighbours) and in a [`Watch`].
    ///
    /// An unknown or failed neighbour is asked for by broadcast now. A stale one counts as used: if nothing confirms it
    /// within 5 s it is asked at its known MAC, and fails after 3 unanswered probes, so a neighbour that changed
    /// its MAC in silence is found after about 8 s and one more call. [`probe`](Self::probe) skips the 5 s.
    ///
    /// IPv6 solicits from the interface's link-local address: without one, or within the second or two that duplicate
    /// detection takes after the interface came up, the neighbour ends as failed.
    ///
    /// # Errors
    /// [`Error::NoSuchLink`], [`Error::NotPermitted`], [`Error::Refused`], [`Error::TimedOut`], [`Error::Closed`].
    pub async fn solicit(&self, index: u32, address: IpAddr) -> Result<(), Error> {
        let mut message = neighbour_message(index, address);
        message.header.flags = NeighbourFlags::Use;
        self.resolve(index, address, message, NLM_F_CREATE).await
    }

    /// Makes the kernel ask a *known* neighbour now, at its known MAC, whether it is still there (`NUD_PROBE`). One that
    /// does not answer fails after 3 s (`ucast_solicit` times `retrans_time_ms`). One without a MAC yet is left alone.
    ///
    /// # Errors
    /// [`Error::NoSuchLink`], [`Error::NotPermitted`], [`Error::Refused`], [`Error::TimedOut`], [`Error::Closed`].
    pub async fn probe(&self, index: u32, address: IpAddr) -> Result<(), Error> {
        let Some(mac) = self
            .neighbours(index)
            .await?
            .iter()
            .find(|one| one.address == address)
            .and_then(Neighbour::valid_mac)
        else {
            return Ok(());
        };
        let mut message = neighbour_message(index, address);
        message.header.state = NeighbourState::Probe;
        message
            .attributes
            .push(NeighbourAttribute::LinkLayerAddress(mac.to_vec()));
        self.resolve(index, address, message, NLM_F_REPLACE).await
    }

    /// Watches links, addresses and neighbours from now on, in the network namespace of the calling thread.
    ///
    /// # Errors
    /// [`Error::Socket`].
    ///
    /// # Panics
    /// Outside of a tokio runtime with IO enabled.
    pub fn watch(&self) -> Result<Watch, Error> {
        Watch::open()
    }

    async fn resolve(
        &self,
        index: u32,
        address: IpAddr,
        message: NeighbourMessage,
        flags: u16,
    ) -> Result<(), Error> {
        let operation = Operation::Resolve(index, address);
        self.request(operation, RouteNetlinkMessage::NewNeighbour(message), flags)
            .await?
            .map_err(|code| refusal(operation, index, code))
    }

    /// Sends one message and waits for its acknowledgement: the inner error is the kernel's error number.
    async fn request(
        &self,
        operation: Operation,
        message: RouteNetlinkMessage,
        flags: u16,
    ) -> Result<Result<(), i32>, Error> {
        let mut message = NetlinkMessage::from(message);
        message.header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        let mut answers = self
            .handle
            .clone()
            .request(message)
            .map_err(|_| Error::Closed { operation })?;
        // The positive acknowledgement ends the stream without showing up in it.
        let answer = self.wait(operation, answers.next()).await?;
        match answer.map(|answer| answer.payload) {
            None => Ok(Ok(())),
            Some(NetlinkPayload::Error(error)) => Ok(match error.code {
                None => Ok(()),
                Some(code) => Err(code.get().saturating_abs()),
            }),
            Some(other) => Err(Error::Unexpected {
                operation,
                answer: format!("{other:?}"),
            }),
        }
    }

    async fn collect<T>(
        &self,
        operation: Operation,
        answers: impl Stream<Item = Result<T, rtnetlink::Error>>,
    ) -> Result<Vec<T>, Error> {
        self.wait(operation, answers.try_collect())
            .await?
            .map_err(|error| match error {
                rtnetlink::Error::NetlinkError(message) => Error::Refused {
                    operation,
                    source: message.to_io(),
                },
                rtnetlink::Error::RequestFailed => Error::Closed { operation },
                rtnetlink::Error::UnexpectedMessage(_)
                | rtnetlink::Error::NamespaceError(_)
                | rtnetlink::Error::InvalidHardwareAddress(_)
                | rtnetlink::Error::InvalidIp(_)
                | rtnetlink::Error::InvalidAddress(..)
                | rtnetlink::Error::InvalidNla(_) => Error::Unexpected {
                    operation,
                    answer: error.to_string(),
                },
            })
    }

    async fn wait<T>(
        &self,
        operation: Operation,
        answer: impl Future<Output = T>,
    ) -> Result<T, Error> {
        let answer = tokio::time::timeout(PATIENCE, answer)
            .await
            .map_err(|_| Error::TimedOut { operation })?;
        if self.connection.is_finished() {
            return Err(Error::Closed { operation });
        }
        Ok(answer)
    }
}

/// For ever valid, never preferred as a source (`struct ifa_cacheinfo`, linux/if_addr.h; in seconds).
fn deprecated() -> AddressAttribute {
    let mut life = CacheInfo::default();
    life.ifa_preferred = 0;
    life.ifa_valid = u32::MAX;
    AddressAttribute::CacheInfo(life)
}

fn address_message(index: u32, address: IpNet) -> AddressMessage {
    match address {
        IpNet::V4(net) => AddressMessageBuilder::<Ipv4Addr>::new()
            .index(index)
            .address(net.addr(), net.prefix_len())
            .build(),
        IpNet::V6(net) => AddressMessageBuilder::<Ipv6Addr>::new()
            .index(index)
            .address(net.addr(), net.prefix_len())
            .build(),
    }
}

fn neighbour_message(index: u32, address: IpAddr) -> NeighbourMessage {
    use netlink_packet_route::AddressFamily;
    let (family, destination) = match address {
        IpAddr::V4(ip) => (AddressFamily::Inet, NeighbourAddress::Inet(ip)),
        IpAddr::V6(ip) => (AddressFamily::Inet6, NeighbourAddress::Inet6(ip)),
    };
    let mut message = NeighbourMessage::default();
    message.header.family = family;
    message.header.ifindex = index;
    message
        .attributes
        .push(NeighbourAttribute::Destination(destination));
    message
}

fn refusal(operation: Operation, index: u32, code: i32) -> Error {
    match code {
        EPERM => Error::NotPermitted { operation },
        ENODEV => Error::NoSuchLink { operation, index },
        _ => Error::Refused {
            operation,
            source: io::Error::from_raw_os_error(code),
        },
    }
}
