//! What weights follow.

use std::num::NonZeroU32;
use std::time::Duration;

/// How the weights of one service's servers follow from what is known of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How a replica that is behind loses weight; none: however far it is behind.
    pub lag: Option<LagLimits>,
    /// How a server that was down gets its weight back; none: at once.
    pub slow_start: Option<SlowStart>,
    /// At least so many servers serve as long as so many live, lagging, busy or suspected ones included:
    /// wrong answers from few servers at once are worse than old or slow ones. Default 1.
    pub min_serving: usize,
    /// Whether the primary serves like the others. Default: it does.
    pub primary: Primary,
    /// No more than this many changes in any second, so that a whole cluster's lag does not become a storm of
    /// kernel updates. Changes that stop connections to a server that is not to get any, or that
    /// `min_serving` asks for, do not wait, but count. Default: no limit.
    pub changes_per_second: Option<NonZeroU32>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            lag: None,
            slow_start: None,
            min_serving: 1,
            primary: Primary::Serves,
            changes_per_second: None,
        }
    }
}

/// Whether the primary serves reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Primary {
    /// Like any other server.
    #[default]
    Serves,
    /// Only when fewer than [`Policy::min_serving`] replicas live, lagging ones included.
    LastResort,
}

/// The two limits of replication lag.
///
/// Each is passed when the lag is *more* than it, and passed back only at half of it or less, so that a lag
/// near a limit does not make the weight go to and fro. The primary has no lag.
///
/// ```text
///            lag > soft              lag > hard
///   full ───────────────► reduced ───────────────► nothing
///        ◄───────────────         ◄───────────────
///          lag ≤ soft / 2           lag ≤ hard / 2
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LagLimits {
    /// Above it, the weight is reduced.
    pub soft: Duration,
    /// Above it, the server gets no new connections. One below `soft` is read as `soft`.
    pub hard: Duration,
    /// Hundredths of its weight that a server keeps between the two, 1 to 100; other values are read as the
    /// nearest of these. At least a weight of 1 is left.
    pub percent: u32,
    /// A server whose lag was measured once, and is not any more, keeps its standing for so long;
    /// then it counts as above `hard`. One whose lag was never measured does so from the start.
    pub patience: Duration,
}

/// A weight that grows in equal steps after a server was down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowStart {
    /// From coming up to the full weight.
    pub duration: Duration,
    /// How many steps there are below the full weight, each equally long and equally high; 0 is none.
    /// The scheduler must honour weights: `rr` does not.
    pub steps: u32,
}
