//! Schedulers: how a service picks a destination for a new connection.

use core::fmt;
use core::str::FromStr;

use crate::name::{Name, NameError};

/// A scheduler by its kernel name. Any name is allowed: the kernel looks for a module `ip_vs_NAME`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scheduler(Name);

impl Scheduler {
    /// Round robin. Ignores every weight but 0.
    pub const RR: Self = Self::known("rr");
    /// Weighted round robin.
    pub const WRR: Self = Self::known("wrr");
    /// Least connections.
    pub const LC: Self = Self::known("lc");
    /// Weighted least connections, the default of `ipvsadm`.
    pub const WLC: Self = Self::known("wlc");
    /// Locality-based least connections, by destination address.
    pub const LBLC: Self = Self::known("lblc");
    /// Locality-based least connections with replication.
    pub const LBLCR: Self = Self::known("lblcr");
    /// Destination hashing.
    pub const DH: Self = Self::known("dh");
    /// Source hashing; see [`ServiceFlags::SH_FALLBACK`](crate::ServiceFlags::SH_FALLBACK) and
    /// [`ServiceFlags::SH_PORT`](crate::ServiceFlags::SH_PORT).
    pub const SH: Self = Self::known("sh");
    /// Shortest expected delay.
    pub const SED: Self = Self::known("sed");
    /// Never queue.
    pub const NQ: Self = Self::known("nq");
    /// Weighted fail-over: the heaviest destination that is available.
    pub const FO: Self = Self::known("fo");
    /// Weighted overflow.
    pub const OVF: Self = Self::known("ovf");
    /// Maglev hashing: equal tables choose equally on every director. From Linux 4.18.
    pub const MH: Self = Self::known("mh");
    /// Weighted random, twos choice. From Linux 5.11.
    pub const TWOS: Self = Self::known("twos");
    /// No scheduler: the service takes no new connections. The kernel's own word for it.
    pub const NONE: Self = Self::known("none");

    /// Every scheduler that Linux has, without [`NONE`](Self::NONE).
    pub const ALL: [Self; 14] = [
        Self::RR,
        Self::WRR,
        Self::LC,
        Self::WLC,
        Self::LBLC,
        Self::LBLCR,
        Self::DH,
        Self::SH,
        Self::SED,
        Self::NQ,
        Self::FO,
        Self::OVF,
        Self::MH,
        Self::TWOS,
    ];

    const fn known(name: &str) -> Self {
        Self(Name::known(name))
    }

    /// The scheduler of this name, known here or not.
    ///
    /// # Errors
    /// The name is empty, longer than 15 octets or holds a character no name has.
    pub fn new(name: &str) -> Result<Self, NameError> {
        Name::new(name).map(Self)
    }

    pub(crate) const fn from_name(name: Name) -> Self {
        Self(name)
    }

    /// The name as the kernel keeps it.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.0
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether Linux has it, as far as this crate knows.
    #[must_use]
    pub fn is_known(&self) -> bool {
        Self::ALL.contains(self)
    }
}

impl FromStr for Scheduler {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl fmt::Display for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scheduler({})", self.0)
    }
}
