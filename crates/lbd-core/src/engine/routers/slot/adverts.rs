//! What a router says.

use std::net::IpAddr;

use vrrp_proto::{MAX_LEN, Outgoing, Priority};

use super::Slot;
use crate::engine::event::{Effect, Holding, Report};

impl Slot {
    pub(in crate::engine::routers) fn holding(&self) -> Holding {
        Holding {
            router: self.config.name.clone(),
            interface: self.config.interface.clone(),
            source: self.source,
            interval: self.config.advert_interval.as_duration(),
            adverts: self.adverts(),
            addresses: self.config.addresses.clone(),
        }
    }

    /// For each destination the advert of a master, and the one that resigns.
    pub(super) fn adverts(&self) -> Vec<(IpAddr, Vec<u8>, Vec<u8>)> {
        let both = |to: &IpAddr| {
            let keep = self.encode(self.router.priority(), *to).ok()?;
            Some((*to, keep, self.encode(Priority::ZERO, *to).ok()?))
        };
        self.destinations.iter().filter_map(both).collect()
    }

    pub(super) fn send(&mut self, priority: Priority, effects: &mut Vec<Effect>) {
        for destination in &self.destinations {
            effects.push(match self.encode(priority, *destination) {
                Ok(payload) => {
                    self.tally.sent();
                    Effect::Send {
                        link: self.link,
                        destination: *destination,
                        payload,
                    }
                }
                Err(error) => Effect::Report(Report::NotSent {
                    router: self.config.name.clone(),
                    detail: error.to_string(),
                }),
            });
        }
    }

    fn encode(
        &self,
        priority: Priority,
        destination: IpAddr,
    ) -> Result<Vec<u8>, vrrp_proto::EncodeError> {
        let outgoing = Outgoing {
            version: self.config.version,
            vrid: self.config.id,
            priority,
            interval: self.config.advert_interval,
            authentication: self.config.authentication,
            addresses: &self.addresses,
            source: self.source,
            destination,
            checksum: self.config.checksum,
        };
        let mut payload = vec![0; MAX_LEN];
        let length = vrrp_proto::encode(&outgoing, &mut payload)?;
        payload.truncate(length);
        Ok(payload)
    }
}
