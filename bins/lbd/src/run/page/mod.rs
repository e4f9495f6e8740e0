//! The status page and the metrics, over HTTP, on the io thread: whoever looks, and however badly, the election does not
//! notice. There are limits to everything: the clients at once, the time that each may take, the octets that each may
//! send, and how often the engine is asked.

mod client;
mod shown;
mod traffic;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ipvs_netlink::ServiceKey;
use lbd_core::engine::Status;
use status_page::{Counts, News};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot, watch};
use tracing::{debug, info, warn};

pub(super) use shown::Shown;

/// Clients served at the same time; others wait.
const CLIENTS: usize = 16;
/// How long one may take, from its first octet to the end of its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How soon it is tried again to listen.
const RETRY: Duration = Duration::from_secs(5);

/// The wish to see what the daemon does.
pub(super) type Glance = oneshot::Sender<Moment>;

/// What the engine's thread knows of one moment.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) status: Status,
    /// The services of the status in the kernel's table, in the same order.
    pub(super) keys: Vec<ServiceKey>,
    pub(super) counts: Counts,
    pub(super) news: Vec<News>,
}

/// Serves on the address that the file has, if any, until the task is ended.
pub(super) async fn serve(mut listen: watch::Receiver<Option<SocketAddr>>, shown: Shown) {
    let shown = Arc::new(shown);
    loop {
        let address = *listen.borrow_and_update();
        let changed = tokio::select! {
            changed = listen.changed() => changed,
            never = serve_at(address, &shown) => match never {},
        };
        if changed.is_err() {
            return;
        }
    }
}

async fn serve_at(address: Option<SocketAddr>, shown: &Arc<Shown>) -> Infallible {
    let Some(address) = address else {
        return std::future::pending().await;
    };
    let mut said = false;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                info!("status page and metrics on http://{address}/");
                said = false;
                accept(&listener, shown).await;
            }
            Err(error) if !said => {
                said = true;
                warn!("the status page cannot be served on {address}, trying again: {error}");
            }
            Err(error) => debug!("the status page cannot be served on {address}: {error}"),
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Accepts clients until that fails.
async fn accept(listener: &TcpListener, shown: &Arc<Shown>) {
    let places = Arc::new(Semaphore::new(CLIENTS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!("the status page accepts nobody: {error}");
                return;
            }
        };
        let shown = Arc::clone(shown);
        tokio::spawn(async move {
            let served = tokio::time::timeout(PATIENCE, client::serve(stream, &shown)).await;
            if let Ok(Err(error)) = served {
                debug!("a client of the status page: {error}");
            }
            drop(place);
        });
    }
}
