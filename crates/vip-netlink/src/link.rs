//! Network interfaces.

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// The kernel's number for it; never reused while it lives, but a new interface of the same name has a new one.
    pub index: u32,
    /// Its name, such as `eth0`.
    pub name: String,
    /// Its MAC, if it has one of 6 octets. `lo` has one of zeros.
    pub mac: Option<[u8; 6]>,
    /// Whether it is switched on (`IFF_UP`).
    pub up: bool,
    /// Whether it is up and can pass frames: carrier (`IFF_LOWER_UP`), and not dormant
    /// (`IFF_RUNNING`).
    pub running: bool,
    /// Whether it is the loopback interface.
    pub loopback: bool,
    /// The interface this one is a member of: a bond, bridge or VRF.
    pub controller: Option<u32>,
}
