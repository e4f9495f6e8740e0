//! What a daemon leaves to its guardian: the roles it holds, and all that is needed to keep them
//! for a moment or to give them up. What the service manager is to know goes the same way.

use std::io;
use std::net::IpAddr;

use ipnet::IpNet;
use lbd_core::engine::Holding;
use serde::{Deserialize, Serialize};

use crate::service_manager::News;

/// One line of the testament, written as JSON whenever a role changes or there is news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Clause {
    /// This host is master of this router now.
    Hold(Role),
    /// It is no longer master of the router of this name.
    Release(String),
    /// The service manager is to be told.
    News(News),
}

/// One virtual router of which this host is master.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Role {
    /// The router's name.
    pub(crate) router: String,
    /// Where its adverts are sent.
    pub(crate) interface: String,
    /// The address they are sent from.
    pub(crate) source: IpAddr,
    /// Microseconds from one advert to the next.
    pub(crate) interval: u64,
    /// To whom, and with what: an advert, and the one that resigns.
    pub(crate) adverts: Vec<Adverts>,
    /// The addresses on the interface.
    pub(crate) addresses: Vec<IpNet>,
}

/// The packets for one destination, without IP header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Adverts {
    pub(crate) destination: IpAddr,
    pub(crate) keep: Vec<u8>,
    pub(crate) resign: Vec<u8>,
}

impl Clause {
    pub(crate) fn to_line(&self) -> io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }

    pub(crate) fn from_line(line: &[u8]) -> io::Result<Self> {
        Ok(serde_json::from_slice(line)?)
    }
}

impl From<&Holding> for Role {
    fn from(holding: &Holding) -> Self {
        Self {
            router: holding.router.clone(),
            interface: holding.interface.clone(),
            source: holding.source,
            interval: u64::try_from(holding.interval.as_micros()).unwrap_or(u64::MAX),
            adverts: holding
                .adverts
                .iter()
                .map(|(destination, keep, resign)| Adverts {
                    destination: *destination,
                    keep: keep.clone(),
                    resign: resign.clone(),
                })
                .collect(),
            addresses: holding.addresses.clone(),
        }
    }
}
