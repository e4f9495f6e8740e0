//! What a host of the cluster wants, and why.

use crate::Key;

/// One wanted parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Which parameter.
    pub key: Key,
    /// The value to write where the present one will not do.
    pub value: i32,
    /// Other values that serve as well, and are left as they are.
    pub also: &'static [i32],
    /// Why, in one sentence for people.
    pub why: &'static str,
}

impl Setting {
    /// Whether `actual` will do.
    pub fn accepts(&self, actual: i32) -> bool {
        actual == self.value || self.also.contains(&actual)
    }
}

/// What a real server of an LVS direct-routing cluster needs, for ARP and redirects; `nic` is the interface that the
/// virtual address is served on.
///
/// | parameter | `all`, `lo` | `default` | NIC | also kept |
/// |---|---|---|---|---|
/// | `arp_ignore` | 1 | | as it is, if 0, 1 or 2 | 2 |
/// | `arp_announce` | 2 | | as it is, if 0, 1 or 2 | |
/// | `send_redirects` | 0 (`all`) | 0 | 0 | |
///
/// `arp_ignore` 2 is kept: it also answers only for the NIC's own addresses, and asks in addition that the sender be in
/// one subnet with the address, which holds for neighbours wherever the virtual address lies inside the NIC's subnet (a
/// /32 outside of it would go unanswered). 3 answers for addresses on `lo`, and 8 for none at all, so they are replaced.
/// `arp_announce` above 2 is the same as 0 to the kernel.
///
/// The NIC's own ARP values count through [`Combine::Max`](crate::Combine): 0 is as good as 1 there, because `all` holds
/// 1, but an 8 would win.
pub fn direct_route_host(nic: &str) -> Vec<Setting> {
    const IGNORE: &str = "answer ARP only for addresses of the interface asked on, so that the copy of the virtual address on lo stays silent";
    const ANNOUNCE: &str = "ask with the NIC's own address, so that no neighbour learns the virtual address from an ARP request of this host";
    const REDIRECTS: &str =
        "tell no client to go round the balancer; the value of all and of the interface both count";
    const LATER: &str = "interfaces that appear later start with this value";
    let conf = |interface: &str, name: &str, value, also, why| Setting {
        key: Key::ipv4_conf(interface, name),
        value,
        also,
        why,
    };
    let mut settings = vec![
        conf("all", "arp_ignore", 1, &[2], IGNORE),
        conf("lo", "arp_ignore", 1, &[2], IGNORE),
        conf("all", "arp_announce", 2, &[], ANNOUNCE),
        conf("lo", "arp_announce", 2, &[], ANNOUNCE),
        conf("all", "send_redirects", 0, &[], REDIRECTS),
        conf("default", "send_redirects", 0, &[], LATER),
    ];
    if !matches!(nic, "all" | "default" | "lo") {
        settings.push(conf(nic, "arp_ignore", 1, &[0, 2], IGNORE));
        settings.push(conf(nic, "arp_announce", 2, &[0, 1], ANNOUNCE));
        settings.push(conf(nic, "send_redirects", 0, &[], REDIRECTS));
    }
    settings
}
