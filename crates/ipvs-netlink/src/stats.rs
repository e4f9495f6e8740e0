//! Counters of services and destinations.

/// What has passed since the entry was made or its counters were zeroed, and the current rates.
/// The kernel adds these numbers up every two seconds, so they lag behind by as much; the numbers
/// of connections of a [`DestinationEntry`](crate::DestinationEntry) do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections scheduled.
    pub connections: u64,
    /// Packets from clients.
    pub packets_in: u64,
    /// Packets to clients; 0 with direct routing and tunnels, whose answers pass IPVS by.
    pub packets_out: u64,
    /// Octets from clients.
    pub bytes_in: u64,
    /// Octets to clients.
    pub bytes_out: u64,
    /// Estimates over the last seconds.
    pub rates: Rates,
    /// How far the counters of connections and packets reach.
    pub width: CounterWidth,
}

/// Rates, as the kernel estimates them every two seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Connections per second.
    pub connections: u64,
    /// Packets per second from clients.
    pub packets_in: u64,
    /// Packets per second to clients.
    pub packets_out: u64,
    /// Octets per second from clients.
    pub bytes_in: u64,
    /// Octets per second to clients.
    pub bytes_out: u64,
}

/// How many bits the counters of connections and packets have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CounterWidth {
    /// An old kernel (before 4.1): they wrap at 2^32. Octets are 64 bits even there.
    Bits32,
    /// They do not wrap in practice.
    #[default]
    Bits64,
}
