//! Short kernel names: schedulers, persistence engines, interfaces.

use core::fmt;
use core::str::FromStr;

/// A name the kernel keeps in 16 octets with a NUL at the end: 1 to 15 octets of UTF-8 without
/// white space, control characters or `/`.
///
/// `IP_VS_SCHEDNAME_MAXLEN`, `IP_VS_PENAME_MAXLEN` and `IP_VS_IFNAME_MAXLEN` of `linux/ip_vs.h`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name([u8; Name::SIZE]);

/// Why a text is no [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or more than 15 octets.
    #[error("a kernel name has 1 to 15 octets, not {0}")]
    Length(usize),
    /// A character the kernel would not take, or that is not UTF-8.
    #[error("a kernel name cannot hold the octet {octet:#04x} at position {position}")]
    Character {
        /// Where, counted in octets from 0.
        position: usize,
        /// Which octet.
        octet: u8,
    },
}

impl Name {
    const SIZE: usize = 16;
    /// The longest name, in octets.
    pub const MAX_LEN: usize = Self::SIZE - 1;

    /// Takes the name as it is.
    ///
    /// # Errors
    /// See [`NameError`].
    pub fn new(name: &str) -> Result<Self, NameError> {
        Self::from_bytes(name.as_bytes())
    }

    /// Takes the octets up to the first NUL, as they stand in a netlink attribute.
    ///
    /// # Errors
    /// See [`NameError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NameError> {
        let name = bytes.split(|octet| *octet == 0).next().unwrap_or_default();
        if name.is_empty() || name.len() > Self::MAX_LEN {
            return Err(NameError::Length(name.len()));
        }
        let refuse = |position: usize| NameError::Character {
            position,
            octet: name.get(position).copied().unwrap_or_default(),
        };
        let text = core::str::from_utf8(name).map_err(|error| refuse(error.valid_up_to()))?;
        let bad = |(_, c): &(usize, char)| c.is_whitespace() || c.is_control() || *c == '/';
        if let Some((position, _)) = text.char_indices().find(bad) {
            return Err(refuse(position));
        }
        let mut octets = [0; Self::SIZE];
        for (slot, octet) in octets.iter_mut().zip(name) {
            *slot = *octet;
        }
        Ok(Self(octets))
    }

    /// For the names written in this crate; they are checked by a test.
    pub(crate) const fn known(name: &str) -> Self {
        let bytes = name.as_bytes();
        let mut octets = [0; Self::SIZE];
        let mut at = 0;
        while at < bytes.len() {
            octets[at] = bytes[at];
            at += 1;
        }
        Self(octets)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let name = self.0.split(|octet| *octet == 0).next().unwrap_or_default();
        // Every constructor has checked that it is UTF-8.
        core::str::from_utf8(name).unwrap_or_default()
    }

    /// The octets with the closing NUL, as an attribute carries them.
    pub(crate) fn as_bytes_with_nul(&self) -> &[u8] {
        let len = self.as_str().len();
        self.0.get(..=len).unwrap_or(&self.0)
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}
