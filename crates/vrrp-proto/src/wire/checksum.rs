//! The Internet checksum (RFC 1071) over a packet and the pseudo-header of its IP version.

use core::net::IpAddr;

use super::PROTOCOL;

/// A running ones'-complement sum. The end-around carry is added at once, so it fits 16 bits.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum(u16);

impl Sum {
    /// Adds the octets as big-endian 16-bit words; an odd last one is padded with zero.
    pub(super) fn octets(self, octets: &[u8]) -> Self {
        let (pairs, rest) = octets.as_chunks::<2>();
        let sum = pairs
            .iter()
            .fold(self, |sum, pair| sum.word(u16::from_be_bytes(*pair)));
        match rest {
            [last] => sum.word(u16::from_be_bytes([*last, 0])),
            _ => sum,
        }
    }

    /// Adds one word.
    fn word(self, word: u16) -> Self {
        let (sum, carry) = self.0.overflowing_add(word);
        // Cannot overflow: a sum that carried is at most 0xFFFE.
        Self(sum.wrapping_add(u16::from(carry)))
    }

    /// Adds source, destination, protocol and length (RFC 9568 §5.2.8, RFC 8200 §8.1).
    ///
    /// One order serves both families, as the sum does not depend on it. The length is below 64 KiB,
    /// so the upper half of IPv6's 32-bit length is zero.
    pub(super) fn pseudo_header(self, source: IpAddr, destination: IpAddr, length: u16) -> Self {
        self.address(source)
            .address(destination)
            .word(u16::from(PROTOCOL))
            .word(length)
    }

    fn address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => self.octets(&address.octets()),
            IpAddr::V6(address) => self.octets(&address.octets()),
        }
    }

    /// What goes into a packet whose checksum field was zero.
    pub(super) fn checksum(self) -> [u8; 2] {
        (!self.0).to_be_bytes()
    }

    /// Whether a packet, checksum included, is as it was sent.
    pub(super) fn is_valid(self) -> bool {
        self.0 == 0xFFFF
    }
}
