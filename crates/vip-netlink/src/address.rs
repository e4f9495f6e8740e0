//! Addresses on interfaces.

use ipnet::IpNet;

/// An address on an interface.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// The interface's index.
    pub index: u32,
    /// The address with its prefix length. On a point-to-point interface it is the local one.
    pub address: IpNet,
    /// IPv4 only: its label, by default the interface's name.
    pub label: Option<String>,
    /// How far it is valid.
    pub scope: Scope,
    /// Whether it brought no route for its prefix (`IFA_F_NOPREFIXROUTE`).
    pub no_prefix_route: bool,
    /// IPv6 only: duplicate detection still runs, the address cannot be used yet (`IFA_F_TENTATIVE`).
    pub tentative: bool,
    /// IPv6 only: another host has the address, it will not be used (`IFA_F_DADFAILED`).
    pub duplicate: bool,
}

/// How far an address is valid (`rt_scope_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everywhere.
    Global,
    /// Inside the site.
    Site,
    /// On the link.
    Link,
    /// On this host.
    Host,
    /// Nowhere.
    Nowhere,
    /// A value the kernel lets administrators define.
    Other(u8),
}

/// How adding an address ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "an address that was there already is perhaps not ours to take off"]
pub enum Added {
    /// It was not there, and is now.
    Added,
    /// The interface has it already; nothing was changed.
    AlreadyThere,
}

/// How deleting an address ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "says whether it had been there"]
pub enum Deleted {
    /// It was there, and is gone now.
    Deleted,
    /// The interface does not have it with this prefix length; nothing was changed.
    NotThere,
}
