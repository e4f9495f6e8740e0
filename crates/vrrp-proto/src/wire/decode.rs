//! Reads advertisements, with every receive check.

use core::net::IpAddr;

use super::checksum::Sum;
use super::{ADVERTISEMENT, ChecksumForm, HEADER, Reject, TTL, Version, address_len, packet_len};
use crate::{Authentication, Centis, Heard, Password, Priority, Vrid};

/// What the IP header said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The sender.
    pub source: IpAddr,
    /// The group, or our own address for a unicast peer.
    pub destination: IpAddr,
    /// TTL of IPv4, hop limit of IPv6.
    pub ttl: u8,
}

/// What this virtual router is configured with, to compare with.
#[derive(Clone, Copy, Debug)]
pub struct Expect<'a> {
    /// Another version is refused.
    pub version: Version,
    /// Another virtual router is refused.
    pub vrid: Vrid,
    /// v2: another interval is refused. v3: the sender's is reported, and backups adopt it.
    pub interval: Centis,
    /// v2: another type or password is refused. v3: not looked at.
    pub authentication: Authentication,
    /// Compared, in any order; a difference is reported, not refused.
    pub addresses: &'a [IpAddr],
    /// Our own primary address; packets from it are our own, come back.
    pub own_address: IpAddr,
}

/// An advertisement that passed every check.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The sender's address.
    pub source: IpAddr,
    /// The virtual router.
    pub vrid: Vrid,
    /// The sender's priority; zero resigns.
    pub priority: Priority,
    /// The sender's advertisement interval.
    pub interval: Centis,
    /// The form of checksum that fitted.
    pub checksum: ChecksumForm,
    /// Whether its addresses are ours, in any order. keepalived up to 2.3.2 refuses ours if not.
    pub addresses_match: bool,
    addresses: Addresses<'a>,
}

impl<'a> Incoming<'a> {
    /// The addresses that it lists.
    #[must_use]
    pub const fn addresses(&self) -> Addresses<'a> {
        self.addresses
    }

    /// What the election needs of it.
    #[must_use]
    pub const fn heard(&self) -> Heard {
        Heard {
            source: self.source,
            priority: self.priority,
            interval: self.interval,
        }
    }
}

/// The virtual router that a packet is for, to find whose [`Expect`] to decode it with.
///
/// Nothing is checked; `None` if the packet has no second octet or that is zero.
#[must_use]
pub fn peek_vrid(packet: &[u8]) -> Option<Vrid> {
    packet.get(1).copied().and_then(Vrid::new)
}

/// Reads a packet, from the version octet on (no IP header).
///
/// The checks, in the order of RFC 9568 §7.1 and RFC 3768 §7.1, are those of
/// [`Reason`](super::Reason). Octets after the packet proper (Ethernet padding) are tolerated.
///
/// # Errors
/// The first check that fails.
pub fn decode<'a>(
    packet: &'a [u8],
    envelope: &Envelope,
    expect: &Expect<'_>,
) -> Result<Incoming<'a>, Reject> {
    if envelope.ttl != TTL {
        return Err(Reject::Ttl {
            found: envelope.ttl,
        });
    }
    let (header, body) = packet.split_first_chunk::<HEADER>().ok_or(Reject::Length {
        found: packet.len(),
        needed: HEADER,
    })?;
    let [
        first,
        vrid,
        priority,
        count,
        fifth,
        sixth,
        sum_high,
        sum_low,
    ] = *header;

    check_kind(first, count, envelope, expect.version)?;
    let needed = packet_len(expect.version, envelope.source, count);
    let cut = Reject::Length {
        found: packet.len(),
        needed,
    };
    let whole = packet.get(..needed).ok_or(cut)?;
    let listed = usize::from(count).saturating_mul(address_len(envelope.source));
    let (addresses, trailer) = body.split_at_checked(listed).ok_or(cut)?;

    let checksum = check_sum(whole, envelope, expect.version).ok_or(Reject::Checksum {
        found: u16::from_be_bytes([sum_high, sum_low]),
    })?;
    if envelope.source == expect.own_address {
        return Err(Reject::OwnAddress {
            address: envelope.source,
        });
    }
    if vrid != expect.vrid.get() {
        return Err(Reject::Vrid {
            found: vrid,
            expected: expect.vrid,
        });
    }
    let interval = match expect.version {
        Version::V2 => {
            let data = trailer.first_chunk().ok_or(cut)?;
            check_authentication(fifth, data, expect.authentication)?;
            check_interval(sixth, expect.interval)?
        }
        Version::V3 => adopt_interval(fifth, sixth)?,
    };

    let addresses = Addresses::new(addresses, envelope.source);
    Ok(Incoming {
        source: envelope.source,
        vrid: expect.vrid,
        priority: Priority::new(priority),
        interval,
        checksum,
        addresses_match: addresses.are(expect.addresses),
        addresses,
    })
}

/// Version, type, family and that there are addresses.
fn check_kind(first: u8, count: u8, envelope: &Envelope, expected: Version) -> Result<(), Reject> {
    let found = first >> 4;
    if found != expected.number() {
        return Err(Reject::Version { found, expected });
    }
    let found = first & 0x0F;
    if found != ADVERTISEMENT {
        return Err(Reject::Type { found });
    }
    let (source_address, destination) = (envelope.source, envelope.destination);
    let one_family = source_address.is_ipv4() == destination.is_ipv4();
    if !one_family || (expected == Version::V2 && source_address.is_ipv6()) {
        return Err(Reject::Family {
            source_address,
            destination,
        });
    }
    if count == 0 {
        return Err(Reject::NoAddresses);
    }
    Ok(())
}

/// The form of the checksum that fits, if any is valid.
fn check_sum(whole: &[u8], envelope: &Envelope, version: Version) -> Option<ChecksumForm> {
    let plain = Sum::default().octets(whole);
    let may_be_plain = version == Version::V2 || envelope.source.is_ipv4();
    if may_be_plain && plain.is_valid() {
        return Some(ChecksumForm::WithoutPseudoHeader);
    }
    let length = u16::try_from(whole.len()).ok()?;
    let full = plain.pseudo_header(envelope.source, envelope.destination, length);
    (version == Version::V3 && full.is_valid()).then_some(ChecksumForm::WithPseudoHeader)
}

/// Version 2: type first, then the password.
fn check_authentication(
    found: u8,
    data: &[u8; Password::LEN],
    expected: Authentication,
) -> Result<(), Reject> {
    if found != expected.code() {
        return Err(Reject::AuthenticationType {
            found,
            expected: expected.code(),
        });
    }
    match expected {
        Authentication::None => Ok(()),
        Authentication::Pass(password) if password.matches(data) => Ok(()),
        Authentication::Pass(_) => Err(Reject::Password),
    }
}

/// Version 2: the interval has to be ours.
fn check_interval(found_secs: u8, expected: Centis) -> Result<Centis, Reject> {
    if Centis::from_secs(found_secs) == Some(expected) {
        Ok(expected)
    } else {
        Err(Reject::Interval {
            found_secs,
            expected,
        })
    }
}

/// Version 3: the interval is the sender's; the four reserved bits above it are not looked at.
fn adopt_interval(fifth: u8, sixth: u8) -> Result<Centis, Reject> {
    Centis::new(u16::from_be_bytes([fifth & 0x0F, sixth])).ok_or(Reject::ZeroInterval)
}

/// Iterates over the addresses of a packet.
#[derive(Clone, Copy, Debug)]
pub struct Addresses<'a>(Octets<'a>);

#[derive(Clone, Copy, Debug)]
enum Octets<'a> {
    V4(&'a [[u8; 4]]),
    V6(&'a [[u8; 16]]),
}

impl<'a> Addresses<'a> {
    /// The octets are a whole number of addresses of this family.
    fn new(octets: &'a [u8], family: IpAddr) -> Self {
        Self(match family {
            IpAddr::V4(_) => Octets::V4(octets.as_chunks().0),
            IpAddr::V6(_) => Octets::V6(octets.as_chunks().0),
        })
    }

    /// Whether these are the same addresses, in any order.
    fn are(self, expected: &[IpAddr]) -> bool {
        self.len() == expected.len()
            && self.clone().all(|address| expected.contains(&address))
            && expected
                .iter()
                .all(|wanted| self.clone().any(|address| address == *wanted))
    }
}

impl Iterator for Addresses<'_> {
    type Item = IpAddr;

    fn next(&mut self) -> Option<IpAddr> {
        match &mut self.0 {
            Octets::V4(octets) => octets.split_off_first().map(|first| IpAddr::from(*first)),
            Octets::V6(octets) => octets.split_off_first().map(|first| IpAddr::from(*first)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match self.0 {
            Octets::V4(octets) => octets.len(),
            Octets::V6(octets) => octets.len(),
        };
        (left, Some(left))
    }
}

impl ExactSizeIterator for Addresses<'_> {}
