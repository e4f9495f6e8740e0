//! Builds advertisements.

use core::net::IpAddr;

use thiserror::Error;

use super::checksum::Sum;
use super::{ADVERTISEMENT, ChecksumForm, HEADER, Version, address_len, packet_len};
use crate::{Authentication, Centis, Priority, Vrid};

/// An advertisement to send.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------+-------+---------------+---------------+---------------+
/// |version| type 1|     VRID      |   priority    | address count |
/// +-------+-------+---------------+---------------+---------------+
/// | v2: auth type | v2: seconds   |           checksum            |
/// | v3: 4 bits 0, 12 bits of 10 ms|                               |
/// +---------------+---------------+-------------------------------+
/// |           the addresses, 4 or 16 octets each                  |
/// +---------------------------------------------------------------+
/// |           v2: 8 octets of authentication, always              |
/// +---------------------------------------------------------------+
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Version 2 is for IPv4 only.
    pub version: Version,
    /// The virtual router.
    pub vrid: Vrid,
    /// [`Priority::ZERO`] resigns.
    pub priority: Priority,
    /// v2: whole seconds, 1..=255. v3: 1..=4095 centiseconds.
    pub interval: Centis,
    /// Version 3 has none; a password there is an error.
    pub authentication: Authentication,
    /// 1..=255 addresses of one family. For IPv6 the first has to be link-local (RFC 9568 §5.2.9);
    /// that is left to the configuration, as real routers differ.
    pub addresses: &'a [IpAddr],
    /// The sender's address in the IP header; the pseudo-header needs it.
    pub source: IpAddr,
    /// The group, or a unicast peer.
    pub destination: IpAddr,
    /// Only looked at for version 3 over IPv4.
    pub checksum: ChecksumForm,
}

/// Why an advertisement cannot be built. All are mistakes of the configuration or the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// The buffer is too short.
    #[error("the packet takes {needed} octets, the buffer has {available}: use MAX_LEN")]
    BufferTooSmall {
        /// Octets of the packet.
        needed: usize,
        /// Octets of the buffer.
        available: usize,
    },
    /// No address, or more than the count octet holds.
    #[error("{count} addresses: an advertisement carries 1 to 255")]
    AddressCount {
        /// Addresses given.
        count: usize,
    },
    /// The addresses, the source and the destination are not all of one family.
    #[error("{address} is not of the family of the source {source_address}")]
    MixedFamilies {
        /// The address that differs.
        address: IpAddr,
        /// The source, which sets the family.
        source_address: IpAddr,
    },
    /// Version 2 over IPv6.
    #[error("version 2 has no IPv6 (source {source_address}): use version 3")]
    Version2WithIpv6 {
        /// The source, which sets the family.
        source_address: IpAddr,
    },
    /// The interval does not fit the version.
    #[error(
        "version {version} cannot carry an interval of {interval}: v2 takes whole seconds up to 255 s, v3 up to 40.95 s"
    )]
    Interval {
        /// The version asked for.
        version: Version,
        /// The interval asked for.
        interval: Centis,
    },
    /// A password with version 3.
    #[error("version 3 has no authentication: leave the password out")]
    PasswordWithVersion3,
}

/// Writes the packet, from the version octet on (no IP header), and returns its length.
///
/// # Errors
/// See [`EncodeError`]; the buffer's content is then unspecified.
pub fn encode(packet: &Outgoing<'_>, buf: &mut [u8]) -> Result<usize, EncodeError> {
    let count = check(packet)?;
    let [fifth, sixth] = interval_octets(packet)?;
    let needed = packet_len(packet.version, packet.source, count);
    let available = buf.len();
    let too_small = EncodeError::BufferTooSmall { needed, available };
    let out = buf.get_mut(..needed).ok_or(too_small)?;

    let (header, mut rest) = out.split_first_chunk_mut::<HEADER>().ok_or(too_small)?;
    *header = [
        (packet.version.number() << 4) | ADVERTISEMENT,
        packet.vrid.get(),
        packet.priority.get(),
        count,
        fifth,
        sixth,
        0,
        0,
    ];
    for address in packet.addresses {
        rest = put_address(*address, rest).ok_or(too_small)?;
    }
    for (to, from) in rest.iter_mut().zip(packet.authentication.data()) {
        *to = from;
    }

    let [high, low] = checksum(packet, out).checksum();
    if let [_, _, _, _, _, _, sum_high, sum_low, ..] = out {
        (*sum_high, *sum_low) = (high, low);
    }
    Ok(needed)
}

/// Checks all but the interval and the buffer; returns the address count.
fn check(packet: &Outgoing<'_>) -> Result<u8, EncodeError> {
    let source_address = packet.source;
    if packet.version == Version::V2 && source_address.is_ipv6() {
        return Err(EncodeError::Version2WithIpv6 { source_address });
    }
    if packet.version == Version::V3 && packet.authentication != Authentication::None {
        return Err(EncodeError::PasswordWithVersion3);
    }
    let family = address_len(source_address);
    let mut others = packet.addresses.iter().chain([&packet.destination]);
    if let Some(&address) = others.find(|address| address_len(**address) != family) {
        return Err(EncodeError::MixedFamilies {
            address,
            source_address,
        });
    }
    let count = packet.addresses.len();
    match u8::try_from(count) {
        Ok(octet @ 1..) => Ok(octet),
        Ok(0) | Err(_) => Err(EncodeError::AddressCount { count }),
    }
}

/// The fifth and sixth octets: type of authentication and seconds, or 12 bits of centiseconds.
fn interval_octets(packet: &Outgoing<'_>) -> Result<[u8; 2], EncodeError> {
    let interval = packet.interval;
    let octets = match packet.version {
        Version::V2 => interval
            .whole_secs()
            .map(|secs| [packet.authentication.code(), secs]),
        Version::V3 => (interval.get() <= Centis::MAX_V3).then(|| interval.get().to_be_bytes()),
    };
    octets.ok_or(EncodeError::Interval {
        version: packet.version,
        interval,
    })
}

/// Writes one address and returns what is left; `None` if it does not fit.
fn put_address(address: IpAddr, out: &mut [u8]) -> Option<&mut [u8]> {
    match address {
        IpAddr::V4(address) => {
            let (to, rest) = out.split_first_chunk_mut()?;
            *to = address.octets();
            Some(rest)
        }
        IpAddr::V6(address) => {
            let (to, rest) = out.split_first_chunk_mut()?;
            *to = address.octets();
            Some(rest)
        }
    }
}

/// The sum over a packet whose checksum field is zero.
fn checksum(packet: &Outgoing<'_>, octets: &[u8]) -> Sum {
    let sum = Sum::default().octets(octets);
    let plain = packet.version == Version::V2
        || (packet.source.is_ipv4() && packet.checksum == ChecksumForm::WithoutPseudoHeader);
    if plain {
        return sum;
    }
    let length = u16::try_from(octets.len()).unwrap_or(u16::MAX);
    sum.pseudo_header(packet.source, packet.destination, length)
}
