//! Carries out probes and hands their results to the engine.

use std::net::SocketAddr;

use healthcheck::tcp;
use lbd_core::engine::ProbeId;
use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;

use super::driver::Input;

/// Starts one probe. It ends by its time-out at the latest, and there is at most one for each
/// server, so what is running is bounded by the configuration.
pub(super) fn start(
    handle: &Handle,
    results: Sender<Input>,
    id: ProbeId,
    target: SocketAddr,
    options: tcp::Options,
) {
    handle.spawn(async move {
        let outcome = tcp::probe(target, &options).await;
        // Nobody listens any more when the daemon stops.
        let _ = results.send(Input::Probed { id, outcome }).await;
    });
}
