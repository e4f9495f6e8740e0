//! The packet sockets that announcements go out of, one for each interface.
//!
//! They are kept: closing a packet socket waits until every processor has seen it go, tens of milliseconds on
//! a busy host, and the next address, or the order to take addresses off, would wait with it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use vip_netlink::Link;
use vrrp_net::Announcer;

/// Gratuitous ARPs sent at once, as many as keepalived sends.
const TIMES: u32 = 5;

#[derive(Debug, Default)]
pub(super) struct Announcers {
    open: BTreeMap<String, Held>,
}

#[derive(Debug)]
struct Held {
    index: u32,
    mac: [u8; 6],
    announcer: Announcer,
}

impl Announcers {
    /// Announces an address at the interface's MAC; an interface without one needs no announcement.
    pub(super) fn announce(&mut self, link: &Link, address: IpAddr) -> Result<(), String> {
        let Some(mac) = link.mac else {
            return Ok(());
        };
        let held = self.open.remove(&link.name);
        let kept = held.filter(|held| held.index == link.index && held.mac == mac);
        let held = match kept.map(|held| held.send(address)) {
            Some(Ok(held)) => held,
            // None yet, one for what the interface was before, or one that went down with it.
            Some(Err(_)) | None => Held::open(link.index, mac)?.send(address)?,
        };
        self.open.insert(link.name.clone(), held);
        Ok(())
    }
}

impl Held {
    fn open(index: u32, mac: [u8; 6]) -> Result<Self, String> {
        let announcer = Announcer::open(index, mac).map_err(|error| error.to_string())?;
        Ok(Self {
            index,
            mac,
            announcer,
        })
    }

    fn send(self, address: IpAddr) -> Result<Self, String> {
        for _ in 0..TIMES {
            self.announcer
                .announce(address)
                .map_err(|error| error.to_string())?;
        }
        Ok(self)
    }
}
