//! The asynchronous client.

mod batch;
mod error;
mod socket;
mod table;

use core::time::Duration;

use nix::libc::ENOENT;
use tokio::time::timeout;

use self::socket::Socket;
use crate::change::{Change, Query};
use crate::daemon::{Daemon, DaemonEntry, DaemonRole};
use crate::destination::{Destination, DestinationEntry};
use crate::info::{Info, Timeouts};
use crate::key::{DestinationKey, ServiceKey};
use crate::service::{Service, ServiceEntry};
use crate::wire::{self, Body, DecodeError, Header};

pub use self::error::{Error, Operation};

/// How long a call waits for the kernel unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection to the kernel's IPVS, in the network namespace of the thread that opened it.
///
/// Every call needs `CAP_NET_ADMIN` and gives up after five seconds, or after what
/// [`set_timeout`](Self::set_timeout) says. A call may be dropped half-way: what still
/// arrives for it is thrown away by the next one, but a change may or may not have happened.
///
/// The kernel carries out a change inside the system call that sends it, so a call occupies the
/// thread for as long as the kernel works, tens of microseconds for most changes; stopping a sync
/// daemon waits for its thread.
#[derive(Debug)]
pub struct Client {
    socket: Socket,
    family: u16,
    timeout: Duration,
}

impl Client {
    /// Opens a socket in the current thread's network namespace and looks for IPVS. Must be
    /// polled in a tokio runtime with IO and time enabled; a current-thread runtime will do.
    ///
    /// # Errors
    /// [`Error::NoIpvs`] if the kernel has no IPVS or has not loaded it.
    pub async fn connect() -> Result<Self, Error> {
        let mut client = Self {
            socket: Socket::open()?,
            family: 0,
            timeout: PATIENCE,
        };
        client.family = client.find_family().await?;
        Ok(client)
    }

    /// How long each further call waits for the kernel.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Every service of the namespace, with its counters. One round trip for every hundred or so.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn services(&mut self) -> Result<Vec<ServiceEntry>, Error> {
        self.ask(Query::Services, wire::decode_service).await
    }

    /// One service, with its counters.
    ///
    /// # Errors
    /// [`Error::NoSuchService`].
    pub async fn service(&mut self, key: &ServiceKey) -> Result<ServiceEntry, Error> {
        self.ask_one(Query::Service(*key), wire::decode_service)
            .await
    }

    /// The destinations of a service, with their counters and numbers of connections.
    ///
    /// # Errors
    /// [`Error::NoSuchService`].
    pub async fn destinations(&mut self, key: &ServiceKey) -> Result<Vec<DestinationEntry>, Error> {
        let family = key.family();
        let decode = |attributes: &[u8]| wire::decode_destination(attributes, family);
        let found = self.ask(Query::Destinations(*key), decode).await?;
        if found.is_empty() {
            // The kernel's answer is as empty when there is no such service.
            self.service(key).await?;
        }
        Ok(found)
    }

    /// Adds a service.
    ///
    /// # Errors
    /// [`Error::ServiceExists`], [`Error::NoSuchScheduler`].
    pub async fn add_service(&mut self, service: &Service) -> Result<(), Error> {
        self.change(Change::AddService(*service)).await
    }

    /// Gives a service another scheduler, flags or persistence. Connections live on.
    ///
    /// # Errors
    /// [`Error::NoSuchService`], [`Error::NoSuchScheduler`].
    pub async fn edit_service(&mut self, service: &Service) -> Result<(), Error> {
        self.change(Change::EditService(*service)).await
    }

    /// Deletes a service and its destinations.
    ///
    /// # Errors
    /// [`Error::NoSuchService`].
    pub async fn delete_service(&mut self, key: &ServiceKey) -> Result<(), Error> {
        self.change(Change::DeleteService(*key)).await
    }

    /// Adds a destination to a service.
    ///
    /// # Errors
    /// [`Error::NoSuchService`], [`Error::DestinationExists`], [`Error::OutOfRange`].
    pub async fn add_destination(
        &mut self,
        service: &ServiceKey,
        destination: &Destination,
    ) -> Result<(), Error> {
        self.change(Change::AddDestination(*service, *destination))
            .await
    }

    /// Gives a destination another weight, forwarding method or thresholds. Connections live on.
    ///
    /// # Errors
    /// [`Error::NoSuchService`], [`Error::NoSuchDestination`], [`Error::OutOfRange`].
    pub async fn edit_destination(
        &mut self,
        service: &ServiceKey,
        destination: &Destination,
    ) -> Result<(), Error> {
        self.change(Change::EditDestination(*service, *destination))
            .await
    }

    /// Deletes a destination from a service. What happens to its connections depends on
    /// `net.ipv4.vs.expire_nodest_conn`.
    ///
    /// # Errors
    /// [`Error::NoSuchService`], [`Error::NoSuchDestination`].
    pub async fn delete_destination(
        &mut self,
        service: &ServiceKey,
        destination: &DestinationKey,
    ) -> Result<(), Error> {
        self.change(Change::DeleteDestination(*service, *destination))
            .await
    }

    /// The sync daemons that run in the namespace: none, one or two.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn daemons(&mut self) -> Result<Vec<DaemonEntry>, Error> {
        self.ask(Query::Daemons, wire::decode_daemon).await
    }

    /// Starts a sync daemon.
    ///
    /// # Errors
    /// [`Error::DaemonExists`], [`Error::NoSuchInterface`].
    pub async fn start_daemon(&mut self, daemon: &Daemon) -> Result<(), Error> {
        self.change(Change::StartDaemon(*daemon)).await
    }

    /// Stops a sync daemon.
    ///
    /// # Errors
    /// [`Error::NoSuchDaemon`].
    pub async fn stop_daemon(&mut self, role: DaemonRole) -> Result<(), Error> {
        self.change(Change::StopDaemon(role)).await
    }

    /// How long idle connections are remembered.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn timeouts(&mut self) -> Result<Timeouts, Error> {
        self.ask_one(Query::Timeouts, wire::decode_timeouts).await
    }

    /// Sets how long idle connections are remembered; `None` and 0 change nothing.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn set_timeouts(&mut self, timeouts: &Timeouts) -> Result<(), Error> {
        self.change(Change::SetTimeouts(*timeouts)).await
    }

    /// The version of IPVS and the size of its table of connections.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn info(&mut self) -> Result<Info, Error> {
        self.ask_one(Query::Info, wire::decode_info).await
    }

    /// Sets the counters of one service and its destinations to zero; of all, if `None`.
    ///
    /// # Errors
    /// [`Error::NoSuchService`].
    pub async fn zero(&mut self, service: Option<&ServiceKey>) -> Result<(), Error> {
        let change = service.map_or(Change::ZeroAll, |key| Change::ZeroService(*key));
        self.change(change).await
    }

    /// Deletes every service of the namespace, of whomever.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.change(Change::Flush).await
    }

    async fn change(&mut self, change: Change) -> Result<(), Error> {
        let results = self.apply(&[change]).await?;
        results.into_iter().next().unwrap_or(Ok(()))
    }

    async fn ask_one<T>(
        &mut self,
        query: Query,
        decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<T, Error> {
        let found = self.ask(query, decode).await?;
        let missing = DecodeError::Missing("the answer to a query");
        found.into_iter().next().ok_or(Error::Decode(missing))
    }

    async fn ask<T>(
        &mut self,
        query: Query,
        decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, Error> {
        let patience = self.timeout;
        let mut answer = timeout(patience, self.ask_once(query, &decode)).await;
        // No question is answered "no such entry" unless the module was loaded anew.
        if matches!(&answer, Ok(Err(Error::Kernel { errno: ENOENT, .. })))
            && self.family_has_moved().await?
        {
            answer = timeout(patience, self.ask_once(query, &decode)).await;
        }
        answer.unwrap_or(Err(Error::Timeout(patience)))
    }

    async fn ask_once<T>(
        &mut self,
        query: Query,
        decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, Error> {
        let family = self.family;
        let sequence = self.socket.next_sequence();
        let mut request = Vec::with_capacity(128);
        wire::encode_query(&mut request, &Header { family, sequence }, &query);
        self.socket.send(&request).await?;
        let mut found = Vec::new();
        loop {
            for message in self.socket.receive().await? {
                let message = message?;
                if message.sequence != sequence {
                    continue;
                }
                match message.body()? {
                    Body::Generic { attributes, .. } => found.push(decode(attributes)?),
                    Body::Error { errno: 0, .. } | Body::Done { errno: 0 } => {
                        self.socket.answered();
                        return Ok(found);
                    }
                    Body::Error { errno, text } => {
                        return Err(Error::of_query(&query, errno, text));
                    }
                    Body::Done { errno } => return Err(Error::of_query(&query, errno, None)),
                    Body::Overrun => return Err(Error::Overrun),
                    Body::Noop => {}
                }
            }
        }
    }

    /// The module may have been unloaded and loaded again; its number is then another one.
    async fn family_has_moved(&mut self) -> Result<bool, Error> {
        let family = self.find_family().await?;
        let moved = family != self.family;
        self.family = family;
        Ok(moved)
    }

    async fn find_family(&mut self) -> Result<u16, Error> {
        let patience = self.timeout;
        timeout(patience, self.find_family_once())
            .await
            .unwrap_or(Err(Error::Timeout(patience)))
    }

    async fn find_family_once(&mut self) -> Result<u16, Error> {
        let sequence = self.socket.next_sequence();
        let mut request = Vec::with_capacity(32);
        wire::encode_get_family(&mut request, sequence);
        self.socket.send(&request).await?;
        let mut family = None;
        loop {
            for message in self.socket.receive().await? {
                let message = message?;
                if message.sequence != sequence {
                    continue;
                }
                match message.body()? {
                    Body::Generic { attributes, .. } => {
                        family = Some(wire::decode_family_id(attributes)?);
                    }
                    Body::Error { errno: 0, .. } => return family.ok_or(Error::NoIpvs),
                    Body::Error { errno, text } => return Err(Error::of_family(errno, text)),
                    Body::Overrun => return Err(Error::Overrun),
                    Body::Done { .. } | Body::Noop => {}
                }
            }
        }
    }
}
