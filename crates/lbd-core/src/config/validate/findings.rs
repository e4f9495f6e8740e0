//! Collects problems, and the small conversions that report to it.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use serde_yaml::{Location, Spanned};

use crate::config::duration::Span;
use crate::config::error::{ConfigError, Problem};

/// The problems found so far.
#[derive(Default)]
pub(super) struct Findings {
    problems: Vec<Problem>,
}

impl Findings {
    /// Notes a problem at its place.
    pub(super) fn add(&mut self, at: Location, message: impl Into<String>) {
        self.problems.push(Problem::at(at, message));
    }

    /// The value when nothing was wrong.
    pub(super) fn finish<T>(mut self, value: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() {
            return Ok(value);
        }
        self.problems.sort_by_key(|p| (p.line, p.column));
        Err(ConfigError {
            problems: self.problems,
        })
    }

    /// A number within its bounds, as a smaller type.
    pub(super) fn number<T: TryFrom<u64>>(
        &mut self,
        value: &Spanned<u64>,
        what: &str,
        range: std::ops::RangeInclusive<u64>,
    ) -> Option<T> {
        let number = range
            .contains(&value.value)
            .then(|| T::try_from(value.value).ok())
            .flatten();
        if number.is_none() {
            let (low, high) = (range.start(), range.end());
            self.add(
                value.referenced,
                format!("{what} is {}; it must be {low} to {high}", value.value),
            );
        }
        number
    }

    /// An address that one host can have.
    pub(super) fn host_address(&mut self, value: &Spanned<String>) -> Option<IpAddr> {
        let Ok(address) = value.value.parse::<IpAddr>() else {
            self.add(
                value.referenced,
                format!("`{}` is no IPv4 or IPv6 address", value.value),
            );
            return None;
        };
        if is_a_hosts(address) {
            return Some(address);
        }
        self.add(
            value.referenced,
            format!(
                "{address} is no host's address: unspecified, loopback, multicast and reserved addresses cannot be used here"
            ),
        );
        None
    }

    /// An address with or without a prefix length.
    pub(super) fn virtual_address(&mut self, value: &Spanned<String>) -> Option<IpNet> {
        let net = match value.value.parse::<IpNet>() {
            Ok(net) => net,
            Err(_) => self.host_address(value)?.into(),
        };
        let address = net.addr();
        let whole = net.prefix_len() + 1 >= net.max_prefix_len();
        let reserved = !whole
            && (address == net.network() || address == net.broadcast() && net.addr().is_ipv4());
        if is_a_hosts(address) && !reserved && net.prefix_len() > 0 {
            return Some(net);
        }
        self.add(
            value.referenced,
            format!("{net}: {address} is no host's address in that network"),
        );
        None
    }

    /// A duration, not zero and not over a day.
    pub(super) fn duration(
        &mut self,
        value: Option<&Spanned<Span>>,
        what: &str,
        default: Duration,
    ) -> Duration {
        let Some(value) = value else {
            return default;
        };
        let duration = value.value.0;
        if duration.is_zero() || duration > Duration::from_secs(86_400) {
            self.add(
                value.referenced,
                format!("{what} must be longer than 0 and at most a day"),
            );
            return default;
        }
        duration
    }

    /// A path from the root on.
    pub(super) fn absolute_path(&mut self, value: &Spanned<String>, what: &str) -> String {
        let path = self.text(value, what);
        if !path.starts_with('/') {
            self.add(
                value.referenced,
                format!(
                    "{what} must be an absolute path, not `{}`",
                    path.escape_debug()
                ),
            );
        }
        path
    }

    /// A text that must say something and stay on one line.
    pub(super) fn text(&mut self, value: &Spanned<String>, what: &str) -> String {
        let text = &value.value;
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            self.add(
                value.referenced,
                format!(
                    "{what} must be a text on one line, not `{}`",
                    text.escape_debug()
                ),
            );
        }
        text.clone()
    }
}

fn is_a_hosts(address: IpAddr) -> bool {
    let reserved =
        matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 0 || v4.octets()[0] >= 240);
    !(address.is_unspecified() || address.is_loopback() || address.is_multicast() || reserved)
}
