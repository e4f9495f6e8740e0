//! The authentication that version 2 carries (RFC 2338 §5.3.6; RFC 3768 keeps the field, unused).

use core::fmt;
use core::hint::black_box;

/// What the last 8 octets of a version 2 packet hold. Version 3 has no authentication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authentication {
    /// Type 0: the 8 octets are zero when sent and not looked at when received.
    #[default]
    None,
    /// Type 1, keepalived's `auth_type PASS`: a password in clear text. No security.
    Pass(Password),
}

impl Authentication {
    /// The number in the "auth type" octet.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Pass(_) => 1,
        }
    }

    /// The 8 octets at the end of the packet.
    pub(crate) const fn data(self) -> [u8; Password::LEN] {
        match self {
            Self::None => [0; Password::LEN],
            Self::Pass(password) => password.0,
        }
    }
}

/// A password of 1..=8 octets, padded with zeros on the wire.
///
/// Compared in constant time; never shown by `Debug`.
#[derive(Clone, Copy)]
pub struct Password([u8; Self::LEN]);

impl Password {
    /// The octets it takes on the wire.
    pub const LEN: usize = 8;

    /// `None` if it is empty or longer than 8 octets.
    ///
    /// keepalived cuts a longer `auth_pass` at 8 octets; whoever wants that cuts before the call.
    #[must_use]
    pub fn new(password: &[u8]) -> Option<Self> {
        if password.is_empty() || password.len() > Self::LEN {
            return None;
        }
        let mut octets = [0; Self::LEN];
        for (to, from) in octets.iter_mut().zip(password) {
            *to = *from;
        }
        Some(Self(octets))
    }

    /// Whether these wire octets are this password; takes the same time wherever they differ.
    pub(crate) fn matches(&self, octets: &[u8; Self::LEN]) -> bool {
        let difference = self
            .0
            .iter()
            .zip(octets)
            .fold(0, |sum, (ours, theirs)| black_box(sum | (ours ^ theirs)));
        difference == 0
    }
}

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl Eq for Password {}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}
