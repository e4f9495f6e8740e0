//! The numbers of VRRP, each in its own type and range.

use core::fmt;
use core::num::{NonZeroU8, NonZeroU16};
use core::time::Duration;

/// A virtual router identifier, 1..=255 (RFC 9568 §5.2.3), one octet on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vrid(NonZeroU8);

impl Vrid {
    /// `None` for 0, which names no virtual router.
    #[must_use]
    pub const fn new(vrid: u8) -> Option<Self> {
        match NonZeroU8::new(vrid) {
            Some(vrid) => Some(Self(vrid)),
            None => None,
        }
    }

    /// The identifier, 1..=255.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0.get()
    }
}

impl fmt::Display for Vrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// A priority in the election, 0..=255 (RFC 9568 §5.2.4), one octet on the wire.
///
/// 0 is never a router's own: it says that a master resigns. 255 is the owner of the addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u8);

impl Priority {
    /// A master that sends this resigns.
    pub const ZERO: Self = Self(0);
    /// The least a router in the election can have.
    pub const LOWEST: Self = Self(1);
    /// The RFC's default for a router that does not own the addresses.
    pub const DEFAULT: Self = Self(100);
    /// The router that owns the virtual router's addresses.
    pub const OWNER: Self = Self(255);

    /// Every octet is a priority.
    #[must_use]
    pub const fn new(priority: u8) -> Self {
        Self(priority)
    }

    /// A configured priority after the weights of tracked things, clamped to 1..=254.
    #[must_use]
    pub fn clamped(priority: i32) -> Self {
        u8::try_from(priority.clamp(1, 254)).map_or(Self::LOWEST, Self)
    }

    /// The octet on the wire.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An advertisement interval in centiseconds, at least 1.
///
/// Version 3 carries 1..=4095 (0.01 s to 40.95 s, RFC 9568 §5.2.7); version 2 carries whole seconds,
/// 1..=255 (RFC 3768 §5.3.7). [`encode`](crate::encode) refuses what its version cannot carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Centis(NonZeroU16);

impl Centis {
    /// The longest interval that version 3 can carry, 40.95 s.
    pub const MAX_V3: u16 = 0x0FFF;

    /// `None` for 0.
    #[must_use]
    pub const fn new(centis: u16) -> Option<Self> {
        match NonZeroU16::new(centis) {
            Some(centis) => Some(Self(centis)),
            None => None,
        }
    }

    /// Whole seconds, as version 2 counts; `None` for 0.
    #[must_use]
    pub fn from_secs(secs: u8) -> Option<Self> {
        Self::new(u16::from(secs).saturating_mul(100))
    }

    /// Centiseconds, at least 1.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    /// Whole seconds if it is that, and version 2 can carry them.
    #[must_use]
    pub fn whole_secs(self) -> Option<u8> {
        if !self.get().is_multiple_of(100) {
            return None;
        }
        self.get()
            .checked_div(100)
            .and_then(|secs| u8::try_from(secs).ok())
    }

    /// Microseconds: the unit of every timer here.
    #[must_use]
    pub fn micros(self) -> u64 {
        u64::from(self.get()).saturating_mul(10_000)
    }

    /// As a duration.
    #[must_use]
    pub fn as_duration(self) -> Duration {
        Duration::from_micros(self.micros())
    }
}

impl fmt::Display for Centis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_duration())
    }
}
