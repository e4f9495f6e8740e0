//! Netlink attributes: length (2 octets, header included), kind (2), payload, padding to 4.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::command::{AF_INET, AF_INET6};
use super::error::DecodeError;
use crate::attribute::UnknownAttribute;
use crate::key::Family;
use crate::name::Name;

const HEADER: usize = 4;
/// `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`; the rest is the kind.
const FLAGS: u16 = 0xc000;
const NESTED: u16 = 0x8000;

/// One attribute, borrowed from the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its number within the nest, without flags.
    pub kind: u16,
    /// Its octets, without padding.
    pub payload: &'a [u8],
}

/// Splits octets into attributes. Stops after the first error.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Attributes<'a> {
    /// The attributes in `bytes`, with which the first one begins.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The payload of the first attribute of this kind.
    pub(crate) fn find(bytes: &'a [u8], kind: u16) -> Result<Option<&'a [u8]>, DecodeError> {
        for attribute in Self::new(bytes) {
            let attribute = attribute?;
            if attribute.kind == kind {
                return Ok(Some(attribute.payload));
            }
        }
        Ok(None)
    }

    fn split(&mut self) -> Result<Attribute<'a>, DecodeError> {
        let left = self.rest.len();
        let &[len0, len1, kind0, kind1, ..] = self.rest else {
            return Err(DecodeError::AttributeLength { says: 0, left });
        };
        let says = usize::from(u16::from_ne_bytes([len0, len1]));
        let payload = self
            .rest
            .get(HEADER..says)
            .ok_or(DecodeError::AttributeLength { says, left })?;
        self.rest = self.rest.get(padded(says)..).unwrap_or_default();
        Ok(Attribute {
            kind: u16::from_ne_bytes([kind0, kind1]) & !FLAGS,
            payload,
        })
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let item = self.split();
        if item.is_err() {
            self.rest = &[];
        }
        Some(item)
    }
}

impl Attribute<'_> {
    fn array<const N: usize>(&self, attribute: &'static str) -> Result<[u8; N], DecodeError> {
        self.payload.try_into().map_err(|_| DecodeError::Size {
            attribute,
            expected: N,
            found: self.payload.len(),
        })
    }

    pub(crate) fn u8(&self, name: &'static str) -> Result<u8, DecodeError> {
        self.array(name).map(u8::from_ne_bytes)
    }

    pub(crate) fn u16(&self, name: &'static str) -> Result<u16, DecodeError> {
        self.array(name).map(u16::from_ne_bytes)
    }

    pub(crate) fn be16(&self, name: &'static str) -> Result<u16, DecodeError> {
        self.array(name).map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&self, name: &'static str) -> Result<u32, DecodeError> {
        self.array(name).map(u32::from_ne_bytes)
    }

    pub(crate) fn u64(&self, name: &'static str) -> Result<u64, DecodeError> {
        self.array(name).map(u64::from_ne_bytes)
    }

    pub(crate) fn ipv4(&self, name: &'static str) -> Result<Ipv4Addr, DecodeError> {
        self.array::<4>(name).map(Ipv4Addr::from)
    }

    pub(crate) fn ipv6(&self, name: &'static str) -> Result<Ipv6Addr, DecodeError> {
        self.array::<16>(name).map(Ipv6Addr::from)
    }

    pub(crate) fn name(&self, attribute: &'static str) -> Result<Name, DecodeError> {
        Name::from_bytes(self.payload).map_err(|source| DecodeError::Name { attribute, source })
    }

    pub(crate) fn family(&self, attribute: &'static str) -> Result<Family, DecodeError> {
        match self.u16(attribute)? {
            AF_INET => Ok(Family::Ipv4),
            AF_INET6 => Ok(Family::Ipv6),
            other => Err(DecodeError::Value {
                attribute,
                value: other.into(),
            }),
        }
    }

    /// `union nf_inet_addr`: always 16 octets from the kernel; an IPv4 address is the first four.
    pub(crate) fn address(
        &self,
        family: Family,
        attribute: &'static str,
    ) -> Result<IpAddr, DecodeError> {
        match family {
            Family::Ipv6 => self.ipv6(attribute).map(IpAddr::V6),
            Family::Ipv4 => match *self.payload {
                [a, b, c, d, ..] => Ok(Ipv4Addr::new(a, b, c, d).into()),
                _ => Err(DecodeError::Size {
                    attribute,
                    expected: 16,
                    found: self.payload.len(),
                }),
            },
        }
    }

    /// Keeps what this crate does not know, up to a bound.
    pub(crate) fn keep(&self, unknown: &mut Vec<UnknownAttribute>) {
        if unknown.len() < UnknownAttribute::MAX_KEPT {
            unknown.push(UnknownAttribute {
                kind: self.kind,
                payload: self.payload.to_vec(),
            });
        }
    }
}

/// Appends attributes to a message.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(crate) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    pub(crate) fn bytes(&mut self, kind: u16, payload: &[u8]) {
        // Nothing in this crate has a payload of more than a few hundred octets.
        let len = u16::try_from(HEADER + payload.len()).unwrap_or(u16::MAX);
        self.out.extend_from_slice(&len.to_ne_bytes());
        self.out.extend_from_slice(&kind.to_ne_bytes());
        self.out.extend_from_slice(payload);
        self.out.resize(padded(self.out.len()), 0);
    }

    pub(crate) fn u8(&mut self, kind: u16, value: u8) {
        self.bytes(kind, &[value]);
    }

    pub(crate) fn u16(&mut self, kind: u16, value: u16) {
        self.bytes(kind, &value.to_ne_bytes());
    }

    pub(crate) fn be16(&mut self, kind: u16, value: u16) {
        self.bytes(kind, &value.to_be_bytes());
    }

    pub(crate) fn u32(&mut self, kind: u16, value: u32) {
        self.bytes(kind, &value.to_ne_bytes());
    }

    pub(crate) fn name(&mut self, kind: u16, name: &Name) {
        self.bytes(kind, name.as_bytes_with_nul());
    }

    pub(crate) fn family(&mut self, kind: u16, family: Family) {
        self.u16(
            kind,
            match family {
                Family::Ipv4 => AF_INET,
                Family::Ipv6 => AF_INET6,
            },
        );
    }

    /// `union nf_inet_addr`: always 16 octets.
    pub(crate) fn address(&mut self, kind: u16, address: IpAddr) {
        match address {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                self.bytes(kind, &[a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            }
            IpAddr::V6(v6) => self.bytes(kind, &v6.octets()),
        }
    }

    pub(crate) fn nest(&mut self, kind: u16, content: impl FnOnce(&mut Writer<'_>)) {
        let start = self.out.len();
        self.bytes(kind | NESTED, &[]);
        content(&mut Writer::new(self.out));
        let len = u16::try_from(self.out.len() - start).unwrap_or(u16::MAX);
        if let Some(slot) = self.out.get_mut(start..start + 2) {
            slot.copy_from_slice(&len.to_ne_bytes());
        }
    }
}

/// Netlink aligns everything to 4 octets.
pub(crate) const fn padded(len: usize) -> usize {
    len.next_multiple_of(4)
}
