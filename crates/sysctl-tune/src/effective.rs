//! How the kernel combines the value of `all` with that of an interface.

/// How `conf/all/NAME` and `conf/INTERFACE/NAME` combine (`include/linux/inetdevice.h`).
///
/// `conf/default` takes no part: it is only copied into interfaces that appear later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Combine {
    /// The larger of the two holds (`IN_DEV_MAXCONF`): a stray 2 in `all` cannot be lowered for one interface.
    Max,
    /// On if either is not 0 (`IN_DEV_ORCONF`): to switch it off, both must be 0.
    Or,
    /// On only if both are not 0 (`IN_DEV_ANDCONF`).
    And,
}

impl Combine {
    /// The rule for the parameter `name` of `net.ipv4.conf`; `None` for one this crate does not know, or that has a rule
    /// of its own (such as `accept_redirects`).
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "arp_ignore" | "arp_announce" | "arp_notify" | "rp_filter" => Some(Self::Max),
            "send_redirects"
            | "accept_local"
            | "log_martians"
            | "proxy_arp"
            | "shared_media"
            | "secure_redirects"
            | "route_localnet"
            | "promote_secondaries" => Some(Self::Or),
            "accept_source_route" | "mc_forwarding" => Some(Self::And),
            _ => None,
        }
    }

    /// The value that holds, given that of `all` and that of the interface. The two switches yield 0 or 1.
    pub fn effective(self, all: i32, interface: i32) -> i32 {
        match self {
            Self::Max => all.max(interface),
            Self::Or => i32::from(all != 0 || interface != 0),
            Self::And => i32::from(all != 0 && interface != 0),
        }
    }
}
