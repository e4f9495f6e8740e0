//! Watches interfaces, addresses and neighbours, and tells the engine whenever one changed.

use std::net::IpAddr;
use std::time::Duration;

use lbd_core::engine::{Neighbour, Resolution};
use lbd_core::host::Interface;
use netfilter_mark::Mac;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::watch;
use tracing::{debug, error};
use vip_netlink::{Netlink, NudState};

use super::driver::Input;

/// Several changes often come together; they are read once.
const SETTLE: Duration = Duration::from_millis(5);

/// How soon watching begins again after it failed.
const RETRY: Duration = Duration::from_secs(1);

/// An order to make the kernel ask for a neighbour's MAC.
#[derive(Debug)]
pub(super) struct Solicit {
    pub(super) interface: String,
    pub(super) address: IpAddr,
}

/// All interfaces of the host.
pub(crate) async fn interfaces(netlink: &Netlink) -> Result<Vec<Interface>, vip_netlink::Error> {
    let addresses = netlink.addresses().await?;
    let links = netlink.links().await?;
    let interface = |link: vip_netlink::Link| Interface {
        addresses: addresses
            .iter()
            .filter(|address| address.index == link.index)
            .map(|address| address.address.addr())
            .collect(),
        index: link.index,
        usable: link.up && link.running,
        mac: link.mac.map(Mac),
        name: link.name,
    };
    Ok(links.into_iter().map(interface).collect())
}

/// Runs until the engine is gone. The neighbours are those of the NIC, which another file may change.
pub(super) async fn watch(
    mut nic: watch::Receiver<String>,
    events: Sender<Input>,
    mut orders: Receiver<Solicit>,
) {
    while let Err(error) = try_watch(&mut nic, &events, &mut orders).await {
        error!("interfaces and neighbours cannot be watched, trying again: {error}");
        tokio::time::sleep(RETRY).await;
    }
}

async fn try_watch(
    nic: &mut watch::Receiver<String>,
    events: &Sender<Input>,
    orders: &mut Receiver<Solicit>,
) -> Result<(), vip_netlink::Error> {
    let netlink = Netlink::connect().await?;
    let mut changes = netlink.watch()?;
    let mut changed = true;
    loop {
        if changed {
            let name = nic.borrow_and_update().clone();
            if events.send(view(&netlink, &name).await?).await.is_err() {
                return Ok(());
            }
        }
        tokio::select! {
            change = changes.next() => { change?; }
            known = nic.changed() => if known.is_err() { return Ok(()); },
            order = orders.recv() => match order {
                Some(order) => {
                    // It is asked again all the time, and its lack is reported by the engine.
                    if let Err(error) = solicit(&netlink, &order).await {
                        debug!("cannot ask for the MAC of {}: {error}", order.address);
                    }
                    changed = false;
                    continue;
                }
                None => return Ok(()),
            },
        }
        changed = true;
        let settled = tokio::time::Instant::now() + SETTLE;
        while let Ok(change) = tokio::time::timeout_at(settled, changes.next()).await {
            change?;
        }
    }
}

async fn view(netlink: &Netlink, nic: &str) -> Result<Input, vip_netlink::Error> {
    let interfaces = interfaces(netlink).await?;
    let neighbours = match interfaces.iter().find(|interface| interface.name == nic) {
        Some(interface) => netlink.neighbours(interface.index).await?,
        None => Vec::new(),
    };
    Ok(Input::Network {
        interfaces,
        neighbours: neighbours.iter().map(neighbour).collect(),
    })
}

fn neighbour(entry: &vip_netlink::Neighbour) -> Neighbour {
    let resolution = match (entry.valid_mac(), entry.state) {
        (Some(mac), _) => Resolution::Known(Mac(mac)),
        (None, NudState::Failed) => Resolution::Failed,
        (None, _) => Resolution::Pending,
    };
    Neighbour {
        address: entry.address,
        resolution,
    }
}

async fn solicit(netlink: &Netlink, order: &Solicit) -> Result<(), vip_netlink::Error> {
    match netlink.link(&order.interface).await? {
        Some(link) => netlink.solicit(link.index, order.address).await,
        None => Ok(()),
    }
}
