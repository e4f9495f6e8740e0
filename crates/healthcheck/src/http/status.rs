//! Sets of HTTP statuses.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A set of HTTP statuses, written as in `200-299,401`.
///
/// ```
/// let statuses: healthcheck::http::Statuses = "200-299, 401".parse()?;
/// assert!(statuses.contain(204) && statuses.contain(401) && !statuses.contain(302));
/// assert_eq!(statuses.to_string(), "200-299,401");
/// # Ok::<(), healthcheck::http::BadStatuses>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses(Vec<RangeInclusive<u16>>);

/// A text that is no set of statuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no set of HTTP statuses: write numbers from 100 to 599 and ranges, as 200-299,401"
)]
pub struct BadStatuses(String);

impl Statuses {
    /// Whether a status is among them.
    pub fn contain(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

impl Default for Statuses {
    /// 200-399.
    fn default() -> Self {
        Statuses(vec![200..=399])
    }
}

impl FromStr for Statuses {
    type Err = BadStatuses;

    fn from_str(text: &str) -> Result<Self, BadStatuses> {
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        ranges
            .map(Statuses)
            .ok_or_else(|| BadStatuses(text.to_owned()))
    }
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (status(first)?, status(last)?);
    (first <= last).then_some(first..=last)
}

fn status(text: &str) -> Option<u16> {
    let text = text.trim();
    let is_number = text.bytes().all(|octet| octet.is_ascii_digit());
    let status = text.parse().ok().filter(|_| is_number);
    status.filter(|status| (100..=599).contains(status))
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, range) in self.0.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            match (range.start(), range.end()) {
                (first, last) if first == last => write!(f, "{comma}{first}")?,
                (first, last) => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}
