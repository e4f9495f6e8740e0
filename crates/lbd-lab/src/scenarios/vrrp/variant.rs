//! The forms of VRRP that the scenarios run, as files for lbd and numbers to hold it to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::lan::Lan;

/// The virtual router's number in every scenario.
pub(super) const VRID: u8 = 51;

/// One form of the protocol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variant {
    pub(super) name: &'static str,
    pub(super) version: u8,
    pub(super) interval: Duration,
    pub(super) vips: &'static [IpAddr],
    pub(super) password: Option<&'static str>,
    pub(super) unicast: bool,
}

const IPV4: &[IpAddr] = &[
    IpAddr::V4(Ipv4Addr::new(10, 243, 95, 101)),
    IpAddr::V4(Ipv4Addr::new(10, 243, 95, 102)),
];
/// RFC 9568, 5.2.9: the first is link-local.
const IPV6: &[IpAddr] = &[
    IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x101)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x101)),
];

impl Variant {
    pub(super) const V2_PASS: Self = Self {
        name: "v2-pass",
        version: 2,
        interval: Duration::from_secs(1),
        vips: IPV4,
        password: Some("secret12"),
        unicast: false,
    };
    pub(super) const V2_UNICAST: Self = Self {
        name: "v2-unicast",
        password: None,
        unicast: true,
        ..Self::V2_PASS
    };
    pub(super) const V3_IPV4: Self = Self {
        name: "v3-ipv4",
        version: 3,
        interval: Duration::from_millis(200),
        password: None,
        ..Self::V2_PASS
    };
    pub(super) const V3_IPV6: Self = Self {
        name: "v3-ipv6",
        vips: IPV6,
        ..Self::V3_IPV4
    };
    /// The shortest interval that there is.
    pub(super) const V3_FAST: Self = Self {
        name: "v3-10ms",
        interval: Duration::from_millis(10),
        ..Self::V3_IPV4
    };

    /// The address by which the holder is told: the last, so that all of them have been added.
    pub(super) fn vip(&self) -> IpAddr {
        let last = self.vips.last().copied();
        last.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }

    pub(super) fn is_ipv6(&self) -> bool {
        self.vips.iter().any(IpAddr::is_ipv6)
    }

    /// RFC 3768, 6.1 (fractions of a second) and RFC 9568, 6.1 (fractions of the interval).
    pub(super) fn skew(&self, priority: u8) -> Duration {
        let whole = match self.version {
            2 => Duration::from_secs(1),
            _ => self.interval,
        };
        whole * (256 - u32::from(priority)) / 256
    }

    /// How long a backup of this priority waits for a silent master.
    pub(super) fn master_down(&self, priority: u8) -> Duration {
        self.interval * 3 + self.skew(priority)
    }

    /// lbd's file, the same on both hosts.
    pub(super) fn file(&self, lan: &Lan, first: u8, second: u8) -> String {
        let (one, two) = (lan.first.address(), lan.second.address());
        let vips: Vec<String> = self.vips.iter().map(ToString::to_string).collect();
        let mut text = format!(
            "cluster: lan\nnodes:\n  first: {{ address: {one} }}\n  second: {{ address: {two} }}\n\
             virtual_routers:\n  - name: VI_1\n    id: {VRID}\n    interface: eth0\n    version: {}\n    \
             priority: {{ first: {first}, second: {second} }}\n    advert_interval: {}ms\n    \
             addresses: [{}]\n",
            self.version,
            self.interval.as_millis(),
            vips.iter()
                .map(|vip| format!("\"{vip}\""))
                .collect::<Vec<_>>()
                .join(", "),
        );
        if let Some(password) = self.password {
            text.push_str(&format!("    authentication: {{ pass: {password} }}\n"));
        }
        if self.unicast {
            text.push_str("    unicast: true\n");
        }
        text
    }
}
