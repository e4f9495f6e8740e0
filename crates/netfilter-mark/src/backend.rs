//! The firewall that this host uses: iptables or nftables.

use std::fmt;

use crate::{ChainState, Error, Iptables, MarkRule, Nftables, Variant};

/// Where our rules are kept. The kernel obeys all of them at once, so rules left behind in another backend still have
/// their effect: [`remove_from_others`](Self::remove_from_others).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Two chains in the table mangle, of either variant of iptables.
    Iptables(Iptables),
    /// A table of their own.
    Nftables(Nftables),
}

/// Which backend is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Choice {
    /// What the host uses.
    #[default]
    Auto,
    /// iptables, in the variant that the host uses.
    Iptables,
    /// nftables.
    Nftables,
}

impl Backend {
    /// The backend to use. [`Choice::Auto`] is the first of these:
    ///
    /// 1. the one that holds something of ours already: nftables, iptables-nft, iptables-legacy;
    /// 2. iptables, if any of its tables holds rules, in the variant that does;
    /// 3. nftables, whether the host has rules there or none at all;
    /// 4. iptables.
    ///
    /// The last three only if they work here, which is tried out as told at [`Iptables::detect`] and
    /// [`Nftables::detect`].
    ///
    /// # Errors
    /// Those of the two. Of `Auto`: [`Error::NoneWorks`], or that iptables is in use and cannot be used by us.
    pub fn detect(choice: Choice) -> Result<Self, Error> {
        match choice {
            Choice::Auto => auto(),
            Choice::Iptables => Iptables::detect().map(Self::Iptables),
            Choice::Nftables => Nftables::detect().map(Self::Nftables),
        }
    }

    /// Every backend that is installed, whether it works or not.
    pub fn installed() -> Vec<Self> {
        let nftables = Nftables::installed().map(Self::Nftables);
        let iptables = Iptables::installed().into_iter().map(Self::Iptables);
        nftables.into_iter().chain(iptables).collect()
    }

    /// Whether [`Changes`](crate::Changes) hears of changes to this backend. Legacy iptables tells nobody, and a kernel
    /// that has only that cannot be listened to at all.
    pub fn tells_of_changes(&self) -> bool {
        match self {
            Self::Iptables(iptables) => iptables.variant() == Variant::Nft,
            Self::Nftables(_) => true,
        }
    }

    /// What the kernel holds of ours in this backend.
    ///
    /// # Errors
    /// Those of [`Iptables::read`] and [`Nftables::read`].
    pub fn read(&self) -> Result<ChainState, Error> {
        match self {
            Self::Iptables(iptables) => iptables.read(),
            Self::Nftables(nftables) => nftables.read(),
        }
    }

    /// Makes the kernel hold exactly these rules in this backend.
    ///
    /// # Errors
    /// Those of [`Iptables::replace`] and [`Nftables::replace`].
    pub fn replace(&self, rules: &[MarkRule]) -> Result<(), Error> {
        match self {
            Self::Iptables(iptables) => iptables.replace(rules),
            Self::Nftables(nftables) => nftables.replace(rules),
        }
    }

    /// Takes everything of ours out of this backend, and nothing else. Nothing there is nothing to do.
    ///
    /// # Errors
    /// Those of [`Iptables::remove`] and [`Nftables::remove`].
    pub fn remove(&self) -> Result<(), Error> {
        match self {
            Self::Iptables(iptables) => iptables.remove(),
            Self::Nftables(nftables) => nftables.remove(),
        }
    }

    /// Takes everything of ours out of every installed backend. One that this kernel does not have holds nothing.
    ///
    /// # Errors
    /// The first; the others have been cleared all the same.
    pub fn remove_everywhere() -> Result<(), Error> {
        remove_from(&Self::installed())
    }

    /// Takes everything of ours out of every installed backend but this: after the choice has changed.
    ///
    /// # Errors
    /// The first; the others have been cleared all the same.
    pub fn remove_from_others(&self) -> Result<(), Error> {
        let mut others = Self::installed();
        others.retain(|other| other != self);
        remove_from(&others)
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Iptables(iptables) => write!(f, "iptables ({})", iptables.variant()),
            Self::Nftables(_) => f.write_str("nftables"),
        }
    }
}

fn auto() -> Result<Backend, Error> {
    let installed = Backend::installed();
    let holds_ours = |backend: &&Backend| {
        let state = backend.read();
        state.is_ok_and(|state| state != ChainState::Absent)
    };
    if let Some(backend) = installed.iter().find(holds_ours) {
        return Ok(backend.clone());
    }
    if Iptables::installed().iter().any(Iptables::is_used) {
        match Iptables::detect() {
            // Somebody uses nft on the tables of iptables; a table of our own does not mind.
            Err(Error::Incompatible) => {}
            result => return result.map(Backend::Iptables),
        }
    }
    Nftables::detect().map(Backend::Nftables).or_else(|nft| {
        Iptables::detect()
            .map(Backend::Iptables)
            .map_err(|iptables| Error::NoneWorks(vec![nft, iptables]))
    })
}

fn remove_from(backends: &[Backend]) -> Result<(), Error> {
    let mut first = Ok(());
    for backend in backends {
        match backend.remove() {
            Err(error) if !error.is_no_support() => first = first.and(Err(error)),
            Ok(()) | Err(_) => {}
        }
    }
    first
}
