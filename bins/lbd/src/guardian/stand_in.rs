//! Sends a dead daemon's adverts, or resigns for it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{info, warn};
use vip_netlink::Netlink;
use vrrp_net::AdvertSocket;

use crate::testament::{Adverts, Role};

/// The roles of the daemon, and the sockets to keep them with. A socket is opened as soon as there is a
/// role: when the daemon dies there is no time to lose.
#[derive(Debug, Default)]
pub(super) struct StandIn {
    roles: BTreeMap<String, Held>,
    /// Roles that the daemon has given up. Should it die before it has taken their addresses off, or
    /// fail to, somebody must.
    released: BTreeMap<String, (Instant, Role)>,
    sockets: BTreeMap<(String, IpAddr), AdvertSocket>,
}

/// For so long after a role was given up its addresses may still be on the interface: the kernel thread of a daemon that
/// dies then may not have followed. Later they may be somebody else's.
const FOLLOWED: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Held {
    role: Role,
    /// When its next advert is due; none while the daemon does it.
    due: Option<Instant>,
}

impl StandIn {
    /// The routers whose roles are held.
    pub(super) fn routers(&self) -> Vec<String> {
        self.roles.keys().cloned().collect()
    }

    /// Whether the guardian is doing the daemon's work.
    pub(super) fn is_active(&self) -> bool {
        self.roles.values().any(|held| held.due.is_some())
    }

    /// The daemon lives, and has taken a role.
    pub(super) fn hold(&mut self, role: Role) {
        self.open_socket(&role);
        self.keep(&role);
        let due = None;
        self.roles.insert(role.router.clone(), Held { role, due });
    }

    /// The daemon lives, and has given the role of this router up.
    pub(super) fn release(&mut self, router: String) {
        let Some(held) = self.roles.remove(&router) else {
            return;
        };
        // A new daemon, under another file, that does not know the role.
        if held.due.is_some() {
            transmit(&self.sockets, &held.role, |adverts| &adverts.resign);
        }
        self.released.insert(router, (Instant::now(), held.role));
    }

    /// What a role has from now on is not taken off for an earlier one, whatever that one's name.
    fn keep(&mut self, role: &Role) {
        if let Some(before) = self.roles.remove(&role.router) {
            let name = role.router.clone();
            self.released.insert(name, (Instant::now(), before.role));
        }
        for (_, released) in self.released.values_mut() {
            if released.interface == role.interface {
                released
                    .addresses
                    .retain(|address| !role.addresses.contains(address));
            }
        }
    }

    /// Anew for each role taken: an interface may have been made anew too.
    fn open_socket(&mut self, role: &Role) {
        match AdvertSocket::open(&role.interface, role.source) {
            Ok(socket) => {
                self.sockets.insert(place(role), socket);
            }
            Err(error) => warn!("the guardian cannot stand in: {error}"),
        }
    }

    /// The daemon is dead. Its adverts are due now, because the last ones may be an interval old.
    pub(super) fn begin(&mut self) {
        for held in self.roles.values_mut() {
            held.due = Some(Instant::now());
        }
    }

    /// Waits until an advert is due.
    pub(super) async fn due(&self) {
        match self.roles.values().filter_map(|held| held.due).min() {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// Sends the adverts that are due.
    pub(super) fn send(&mut self) {
        let now = Instant::now();
        for held in self.roles.values_mut() {
            if held.due.is_some_and(|due| due <= now) {
                held.due = Some(now + Duration::from_micros(held.role.interval));
                transmit(&self.sockets, &held.role, |adverts| &adverts.keep);
            }
        }
    }

    /// Gives up every role that the daemon has not taken back: the resigning advert first, then
    /// the addresses.
    pub(super) async fn resign(&mut self) {
        for held in self.roles.values() {
            info!(router = %held.role.router, "resigning for the daemon");
            transmit(&self.sockets, &held.role, |adverts| &adverts.resign);
        }
        let held = std::mem::take(&mut self.roles)
            .into_values()
            .map(|held| held.role);
        let released = std::mem::take(&mut self.released).into_values();
        let released = released.filter(|(since, _)| since.elapsed() < FOLLOWED);
        for role in held.chain(released.map(|(_, role)| role)) {
            if let Err(error) = take_off(&role).await {
                let (router, interface) = (&role.router, &role.interface);
                warn!(%router, "cannot take the addresses off {interface}: {error}");
            }
        }
    }

    /// The same for the roles of which the daemon, alive again, has said nothing.
    pub(super) async fn resign_unclaimed(&mut self) {
        let all = std::mem::take(&mut self.roles);
        let (unclaimed, claimed) = all.into_iter().partition(|(_, held)| held.due.is_some());
        self.roles = unclaimed;
        self.resign().await;
        self.roles = claimed;
    }
}

fn place(role: &Role) -> (String, IpAddr) {
    (role.interface.clone(), role.source)
}

fn transmit(
    sockets: &BTreeMap<(String, IpAddr), AdvertSocket>,
    role: &Role,
    packet: impl Fn(&Adverts) -> &[u8],
) {
    let Some(socket) = sockets.get(&place(role)) else {
        return;
    };
    for adverts in &role.adverts {
        if let Err(error) = socket.send(packet(adverts), adverts.destination) {
            warn!("advert not sent to {}: {error}", adverts.destination);
        }
    }
}

async fn take_off(role: &Role) -> Result<(), vip_netlink::Error> {
    let netlink = Netlink::connect().await?;
    let Some(link) = netlink.link(&role.interface).await? else {
        return Ok(());
    };
    for address in &role.addresses {
        match netlink.delete_address(link.index, *address).await? {
            vip_netlink::Deleted::Deleted | vip_netlink::Deleted::NotThere => {}
        }
    }
    Ok(())
}
