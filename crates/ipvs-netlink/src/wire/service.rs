//! Services: `IPVS_SVC_ATTR_*`.

use core::num::NonZeroU32;

use super::attributes::{Attribute, Attributes, Writer};
use super::command::ATTR_SERVICE;
use super::error::{DecodeError, EncodeError};
use super::message::nest;
use super::stats::{decode_stats, decode_stats64};
use crate::key::{Family, Protocol, ServiceKey};
use crate::service::{ClientMask, Persistence, Service, ServiceEntry, ServiceFlags};
use crate::{Name, Scheduler, UnknownAttribute};

const AF: u16 = 1;
const PROTOCOL: u16 = 2;
const ADDR: u16 = 3;
const PORT: u16 = 4;
const FWMARK: u16 = 5;
const SCHED_NAME: u16 = 6;
const FLAGS: u16 = 7;
const TIMEOUT: u16 = 8;
const NETMASK: u16 = 9;
const STATS: u16 = 10;
const PE_NAME: u16 = 11;
const STATS64: u16 = 12;

/// The key alone: what deletes, reads and destinations need.
pub(crate) fn encode_key(out: &mut Writer<'_>, key: &ServiceKey) {
    out.nest(ATTR_SERVICE, |out| key_attributes(out, key));
}

fn key_attributes(out: &mut Writer<'_>, key: &ServiceKey) {
    out.family(AF, key.family());
    match key {
        ServiceKey::Fwmark { mark, .. } => out.u32(FWMARK, mark.get()),
        ServiceKey::Address {
            protocol,
            address,
            port,
        } => {
            out.u16(PROTOCOL, protocol.number());
            out.address(ADDR, *address);
            out.be16(PORT, *port);
        }
    }
}

pub(crate) fn encode_service(out: &mut Writer<'_>, service: &Service) -> Result<(), EncodeError> {
    let family = service.key.family();
    let persistence = service.persistence.unwrap_or(Persistence {
        timeout: 0,
        mask: ClientMask::single(family),
    });
    if persistence.mask.family() != family {
        return Err(EncodeError::MaskFamily);
    }
    out.nest(ATTR_SERVICE, |out| {
        key_attributes(out, &service.key);
        out.name(SCHED_NAME, service.scheduler.name());
        if let Some(engine) = &service.engine {
            out.name(PE_NAME, engine);
        }
        out.bytes(FLAGS, &flags(service));
        out.u32(TIMEOUT, persistence.timeout);
        match persistence.mask {
            ClientMask::Netmask(mask) => out.bytes(NETMASK, &mask.octets()),
            ClientMask::PrefixLength(bits) => out.u32(NETMASK, bits),
        }
    });
    Ok(())
}

/// `struct ip_vs_flags`: the flags, then which of them are meant, here all.
fn flags(service: &Service) -> [u8; 8] {
    let persistent = match service.persistence {
        Some(_) => ServiceFlags::PERSISTENT,
        None => 0,
    };
    let [a, b, c, d] = (service.flags.bits() | persistent).to_ne_bytes();
    [a, b, c, d, 0xff, 0xff, 0xff, 0xff]
}

/// Reads a service from the attributes of a reply (`IPVS_CMD_NEW_SERVICE`), or of a request that
/// adds or edits one.
///
/// # Errors
/// Something that names or describes the service is missing or malformed. Unknown attributes
/// are kept and are no error.
pub fn decode_service(attributes: &[u8]) -> Result<ServiceEntry, DecodeError> {
    let nest = nest(attributes, ATTR_SERVICE, "IPVS_CMD_ATTR_SERVICE")?;
    let mut raw = Raw::default();
    for attribute in Attributes::new(nest.payload) {
        raw.take(&attribute?)?;
    }
    raw.finish()
}

#[derive(Default)]
struct Raw<'a> {
    family: Option<Family>,
    protocol: Option<u16>,
    address: Option<Attribute<'a>>,
    port: Option<u16>,
    fwmark: Option<u32>,
    scheduler: Option<Name>,
    flags: u32,
    timeout: u32,
    netmask: Option<Attribute<'a>>,
    engine: Option<Name>,
    stats: Option<Attribute<'a>>,
    stats64: Option<Attribute<'a>>,
    unknown: Vec<UnknownAttribute>,
}

impl<'a> Raw<'a> {
    fn take(&mut self, attribute: &Attribute<'a>) -> Result<(), DecodeError> {
        match attribute.kind {
            AF => self.family = Some(attribute.family("IPVS_SVC_ATTR_AF")?),
            PROTOCOL => self.protocol = Some(attribute.u16("IPVS_SVC_ATTR_PROTOCOL")?),
            ADDR => self.address = Some(*attribute),
            PORT => self.port = Some(attribute.be16("IPVS_SVC_ATTR_PORT")?),
            FWMARK => self.fwmark = Some(attribute.u32("IPVS_SVC_ATTR_FWMARK")?),
            SCHED_NAME => self.scheduler = Some(attribute.name("IPVS_SVC_ATTR_SCHED_NAME")?),
            FLAGS => self.flags = decode_flags(attribute)?,
            TIMEOUT => self.timeout = attribute.u32("IPVS_SVC_ATTR_TIMEOUT")?,
            NETMASK => self.netmask = Some(*attribute),
            PE_NAME => self.engine = Some(attribute.name("IPVS_SVC_ATTR_PE_NAME")?),
            STATS => self.stats = Some(*attribute),
            STATS64 => self.stats64 = Some(*attribute),
            _unknown => attribute.keep(&mut self.unknown),
        }
        Ok(())
    }

    fn finish(self) -> Result<ServiceEntry, DecodeError> {
        let key = self.key()?;
        let persistence = if self.flags & ServiceFlags::PERSISTENT == 0 {
            None
        } else {
            Some(Persistence {
                timeout: self.timeout,
                mask: self.mask(key.family())?,
            })
        };
        let stats = match (&self.stats64, &self.stats) {
            (Some(stats64), _) => decode_stats64(stats64.payload)?,
            (None, Some(stats)) => decode_stats(stats.payload)?,
            (None, None) => Default::default(),
        };
        Ok(ServiceEntry {
            service: Service {
                key,
                scheduler: self
                    .scheduler
                    .map(Scheduler::from_name)
                    .ok_or(DecodeError::Missing("IPVS_SVC_ATTR_SCHED_NAME"))?,
                flags: ServiceFlags::from_bits(self.flags),
                persistence,
                engine: self.engine,
            },
            hashed: self.flags & ServiceFlags::HASHED != 0,
            stats,
            unknown: self.unknown,
        })
    }

    fn key(&self) -> Result<ServiceKey, DecodeError> {
        let family = self
            .family
            .ok_or(DecodeError::Missing("IPVS_SVC_ATTR_AF"))?;
        if let Some(mark) = self.fwmark.and_then(NonZeroU32::new) {
            return Ok(ServiceKey::Fwmark { mark, family });
        }
        let protocol = self
            .protocol
            .ok_or(DecodeError::Missing("IPVS_SVC_ATTR_PROTOCOL"))?;
        Ok(ServiceKey::Address {
            protocol: Protocol::from_number(protocol),
            address: self
                .address
                .ok_or(DecodeError::Missing("IPVS_SVC_ATTR_ADDR"))?
                .address(family, "IPVS_SVC_ATTR_ADDR")?,
            port: self
                .port
                .ok_or(DecodeError::Missing("IPVS_SVC_ATTR_PORT"))?,
        })
    }

    fn mask(&self, family: Family) -> Result<ClientMask, DecodeError> {
        let mask = self
            .netmask
            .ok_or(DecodeError::Missing("IPVS_SVC_ATTR_NETMASK"))?;
        match family {
            Family::Ipv4 => mask.ipv4("IPVS_SVC_ATTR_NETMASK").map(ClientMask::Netmask),
            Family::Ipv6 => mask
                .u32("IPVS_SVC_ATTR_NETMASK")
                .map(ClientMask::PrefixLength),
        }
    }
}

/// Only the flags whose bit in the mask is set are meant.
fn decode_flags(attribute: &Attribute<'_>) -> Result<u32, DecodeError> {
    let &[a, b, c, d, e, f, g, h] = attribute.payload else {
        return Err(DecodeError::Size {
            attribute: "IPVS_SVC_ATTR_FLAGS",
            expected: 8,
            found: attribute.payload.len(),
        });
    };
    Ok(u32::from_ne_bytes([a, b, c, d]) & u32::from_ne_bytes([e, f, g, h]))
}
