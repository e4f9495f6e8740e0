//! Destinations: `IPVS_DEST_ATTR_*`.

use core::num::NonZeroU16;

use super::attributes::{Attribute, Attributes, Writer};
use super::command::ATTR_DEST;
use super::error::DecodeError;
use super::message::nest;
use super::stats::{decode_stats, decode_stats64};
use crate::UnknownAttribute;
use crate::destination::{
    Destination, DestinationEntry, Forwarding, Thresholds, Tunnel, TunnelFlags,
};
use crate::key::{DestinationKey, Family};

const ADDR: u16 = 1;
const PORT: u16 = 2;
const FWD_METHOD: u16 = 3;
const WEIGHT: u16 = 4;
const U_THRESH: u16 = 5;
const L_THRESH: u16 = 6;
const ACTIVE_CONNS: u16 = 7;
const INACT_CONNS: u16 = 8;
const PERSIST_CONNS: u16 = 9;
const STATS: u16 = 10;
const ADDR_FAMILY: u16 = 11;
const STATS64: u16 = 12;
const TUN_TYPE: u16 = 13;
const TUN_PORT: u16 = 14;
const TUN_FLAGS: u16 = 15;

/// `IP_VS_CONN_F_FWD_MASK`.
const METHOD_MASK: u8 = 0x7;
const IPIP: u8 = 0;
const GUE: u8 = 1;
const GRE: u8 = 2;

/// The key alone: what a delete needs.
pub(crate) fn encode_key(out: &mut Writer<'_>, key: &DestinationKey) {
    out.nest(ATTR_DEST, |out| key_attributes(out, key));
}

fn key_attributes(out: &mut Writer<'_>, key: &DestinationKey) {
    out.family(ADDR_FAMILY, Family::of(key.address));
    out.address(ADDR, key.address);
    out.be16(PORT, key.port);
}

pub(crate) fn encode_destination(out: &mut Writer<'_>, destination: &Destination) {
    out.nest(ATTR_DEST, |out| {
        key_attributes(out, &destination.key());
        out.u32(FWD_METHOD, method(destination.forwarding).into());
        out.u32(WEIGHT, destination.weight);
        let (kind, port, flags) = tunnel_numbers(destination.forwarding);
        out.u8(TUN_TYPE, kind);
        out.be16(TUN_PORT, port);
        out.u16(TUN_FLAGS, flags);
        out.u32(U_THRESH, destination.thresholds.upper);
        out.u32(L_THRESH, destination.thresholds.lower);
    });
}

fn method(forwarding: Forwarding) -> u8 {
    match forwarding {
        Forwarding::Masquerade => 0,
        Forwarding::Local => 1,
        Forwarding::Tunnel(_) => 2,
        Forwarding::DirectRoute => 3,
        Forwarding::Bypass => 4,
        Forwarding::Other(number) => number & METHOD_MASK,
    }
}

fn tunnel_numbers(forwarding: Forwarding) -> (u8, u16, u16) {
    match forwarding {
        Forwarding::Tunnel(Tunnel::Gue { port, flags }) => (GUE, port.get(), flags.bits()),
        Forwarding::Tunnel(Tunnel::Gre { flags }) => (GRE, 0, flags.bits()),
        Forwarding::Tunnel(Tunnel::Other { kind, port, flags }) => (kind, port, flags.bits()),
        Forwarding::Tunnel(Tunnel::Ipip)
        | Forwarding::Masquerade
        | Forwarding::Local
        | Forwarding::DirectRoute
        | Forwarding::Bypass
        | Forwarding::Other(_) => (IPIP, 0, 0),
    }
}

/// Reads a destination from the attributes of a reply (`IPVS_CMD_NEW_DEST`), or of a request that
/// adds or edits one. Kernels before 3.18 do not say its address family: it is then the
/// service's, `service_family`.
///
/// # Errors
/// Something that names or describes the destination is missing or malformed. Unknown attributes
/// are kept and are no error.
pub fn decode_destination(
    attributes: &[u8],
    service_family: Family,
) -> Result<DestinationEntry, DecodeError> {
    let nest = nest(attributes, ATTR_DEST, "IPVS_CMD_ATTR_DEST")?;
    let mut raw = Raw::default();
    for attribute in Attributes::new(nest.payload) {
        raw.take(&attribute?)?;
    }
    raw.finish(service_family)
}

#[derive(Default)]
struct Raw<'a> {
    family: Option<Family>,
    address: Option<Attribute<'a>>,
    port: Option<u16>,
    method: Option<u32>,
    weight: Option<u32>,
    thresholds: Thresholds,
    tunnel: (u8, u16, u16),
    connections: [u32; 3],
    stats: Option<Attribute<'a>>,
    stats64: Option<Attribute<'a>>,
    unknown: Vec<UnknownAttribute>,
}

impl<'a> Raw<'a> {
    fn take(&mut self, attribute: &Attribute<'a>) -> Result<(), DecodeError> {
        let [active, inactive, persistent] = &mut self.connections;
        match attribute.kind {
            ADDR => self.address = Some(*attribute),
            PORT => self.port = Some(attribute.be16("IPVS_DEST_ATTR_PORT")?),
            FWD_METHOD => self.method = Some(attribute.u32("IPVS_DEST_ATTR_FWD_METHOD")?),
            WEIGHT => self.weight = Some(attribute.u32("IPVS_DEST_ATTR_WEIGHT")?),
            U_THRESH => self.thresholds.upper = attribute.u32("IPVS_DEST_ATTR_U_THRESH")?,
            L_THRESH => self.thresholds.lower = attribute.u32("IPVS_DEST_ATTR_L_THRESH")?,
            ACTIVE_CONNS => *active = attribute.u32("IPVS_DEST_ATTR_ACTIVE_CONNS")?,
            INACT_CONNS => *inactive = attribute.u32("IPVS_DEST_ATTR_INACT_CONNS")?,
            PERSIST_CONNS => *persistent = attribute.u32("IPVS_DEST_ATTR_PERSIST_CONNS")?,
            STATS => self.stats = Some(*attribute),
            ADDR_FAMILY => self.family = Some(attribute.family("IPVS_DEST_ATTR_ADDR_FAMILY")?),
            STATS64 => self.stats64 = Some(*attribute),
            TUN_TYPE => self.tunnel.0 = attribute.u8("IPVS_DEST_ATTR_TUN_TYPE")?,
            TUN_PORT => self.tunnel.1 = attribute.be16("IPVS_DEST_ATTR_TUN_PORT")?,
            TUN_FLAGS => self.tunnel.2 = attribute.u16("IPVS_DEST_ATTR_TUN_FLAGS")?,
            _unknown => attribute.keep(&mut self.unknown),
        }
        Ok(())
    }

    fn finish(self, service_family: Family) -> Result<DestinationEntry, DecodeError> {
        let family = self.family.unwrap_or(service_family);
        let [
            active_connections,
            inactive_connections,
            persistent_connections,
        ] = self.connections;
        let stats = match (&self.stats64, &self.stats) {
            (Some(stats64), _) => decode_stats64(stats64.payload)?,
            (None, Some(stats)) => decode_stats(stats.payload)?,
            (None, None) => Default::default(),
        };
        Ok(DestinationEntry {
            destination: Destination {
                address: self
                    .address
                    .ok_or(DecodeError::Missing("IPVS_DEST_ATTR_ADDR"))?
                    .address(family, "IPVS_DEST_ATTR_ADDR")?,
                port: self
                    .port
                    .ok_or(DecodeError::Missing("IPVS_DEST_ATTR_PORT"))?,
                forwarding: self.forwarding()?,
                weight: self
                    .weight
                    .ok_or(DecodeError::Missing("IPVS_DEST_ATTR_WEIGHT"))?,
                thresholds: self.thresholds,
            },
            active_connections,
            inactive_connections,
            persistent_connections,
            stats,
            unknown: self.unknown,
        })
    }

    fn forwarding(&self) -> Result<Forwarding, DecodeError> {
        let method = self
            .method
            .ok_or(DecodeError::Missing("IPVS_DEST_ATTR_FWD_METHOD"))?;
        // The other bits are the kernel's own flags for connections.
        let [low, ..] = method.to_le_bytes();
        Ok(match low & METHOD_MASK {
            0 => Forwarding::Masquerade,
            1 => Forwarding::Local,
            2 => Forwarding::Tunnel(self.tunnel()),
            3 => Forwarding::DirectRoute,
            4 => Forwarding::Bypass,
            other => Forwarding::Other(other),
        })
    }

    fn tunnel(&self) -> Tunnel {
        let (kind, port, bits) = self.tunnel;
        let flags = TunnelFlags::from_bits(bits);
        match (kind, NonZeroU16::new(port)) {
            (IPIP, _) => Tunnel::Ipip,
            (GUE, Some(port)) => Tunnel::Gue { port, flags },
            (GRE, _) => Tunnel::Gre { flags },
            (kind, _) => Tunnel::Other { kind, port, flags },
        }
    }
}
