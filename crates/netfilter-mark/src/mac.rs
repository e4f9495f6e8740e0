//! Hardware addresses.

use std::fmt;
use std::str::FromStr;

/// An Ethernet hardware address, in the order of transmission. Printed in lower case with colons.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mac({self})")
    }
}

impl From<[u8; 6]> for Mac {
    fn from(octets: [u8; 6]) -> Self {
        Self(octets)
    }
}

/// The text is no hardware address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is no MAC: expected six pairs of hexadecimal digits, like 02:00:5e:10:00:01")]
pub struct ParseMacError {
    /// The text as given, cut after 64 characters.
    pub text: String,
}

impl FromStr for Mac {
    type Err = ParseMacError;

    /// Six pairs of hexadecimal digits of either case, between colons or between dashes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(Self).ok_or_else(|| ParseMacError {
            text: text.chars().take(64).collect(),
        })
    }
}

fn parse(text: &str) -> Option<[u8; 6]> {
    let separator = if text.contains('-') { '-' } else { ':' };
    let mut parts = text.split(separator);
    let mut octets = [0; 6];
    for octet in &mut octets {
        let pair = parts.next()?;
        // from_str_radix would take "+1" and "1" as well.
        if pair.len() != 2 || !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *octet = u8::from_str_radix(pair, 16).ok()?;
    }
    parts.next().is_none().then_some(octets)
}
