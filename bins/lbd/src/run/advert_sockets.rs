//! The sockets that adverts travel on, one for each link of the engine.

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::task::Poll;

use lbd_core::engine::{AdvertLink, LinkId};
use tracing::warn;
use vrrp_net::{AdvertSocket, Received};

use crate::failure::Failure;

/// By link; none for a link that no router uses any more.
#[derive(Debug, Default)]
pub(super) struct AdvertSockets(Vec<Option<AdvertSocket>>);

impl AdvertSockets {
    /// Opens a socket for each link that is used and has none yet; on failure there are as many as before.
    pub(super) fn open_missing(
        &mut self,
        links: &[AdvertLink],
        used: impl Fn(LinkId) -> bool,
    ) -> Result<(), Failure> {
        let open = |(index, link): (usize, &AdvertLink)| match self.0.get(index) {
            Some(Some(_)) => Ok(None),
            // One that an earlier file used may be gone with its interface.
            Some(None) | None if !used(LinkId(index)) => Ok(None),
            Some(None) | None => AdvertSocket::open(&link.interface, link.source).map(Some),
        };
        let opened: Vec<Option<AdvertSocket>> = links
            .iter()
            .enumerate()
            .map(open)
            .collect::<Result<_, _>>()
            .map_err(|error| Failure::Runtime(error.to_string()))?;
        self.0.resize_with(links.len(), || None);
        for (socket, opened) in self.0.iter_mut().zip(opened) {
            if opened.is_some() {
                *socket = opened;
            }
        }
        Ok(())
    }

    pub(super) fn close_unused(&mut self, used: impl Fn(LinkId) -> bool) {
        for (index, socket) in self.0.iter_mut().enumerate() {
            if !used(LinkId(index)) {
                *socket = None;
            }
        }
    }

    pub(super) fn links(&self) -> impl Iterator<Item = LinkId> + use<> {
        (0..self.0.len()).map(LinkId)
    }

    /// An advert that has come already.
    pub(super) fn try_recv(&self, link: LinkId, buffer: &mut [u8]) -> Option<io::Result<Received>> {
        let socket = self.0.get(link.0)?.as_ref()?;
        socket.try_recv(buffer).transpose()
    }

    /// The next advert on any socket.
    pub(super) async fn next(&self, buffer: &mut [u8]) -> (LinkId, io::Result<Received>) {
        poll_fn(|context| {
            for (index, socket) in self.0.iter().enumerate() {
                if let Some(socket) = socket
                    && let Poll::Ready(received) = socket.poll_recv(context, buffer)
                {
                    return Poll::Ready((LinkId(index), received));
                }
            }
            Poll::Pending
        })
        .await
    }

    pub(super) fn send(&self, link: LinkId, destination: IpAddr, payload: &[u8]) {
        let Some(Some(socket)) = self.0.get(link.0) else {
            return;
        };
        if let Err(error) = socket.send(payload, destination) {
            warn!("advert not sent to {destination}: {error}");
        }
    }
}
