//! `advert_int`, as the version can carry it.

use std::time::Duration;

use crate::note::{Kind, Notes};
use crate::syntax::Directive;

/// The longest of version 3: 12 bits of hundredths (RFC 9568, 5.2.7).
const LONGEST_V3: Duration = Duration::from_millis(40_950);

/// The interval: 1 s where the file has none; whole seconds in version 2, hundredths in version 3.
pub(super) fn fit(
    value: Option<(Duration, &Directive)>,
    version: u8,
    notes: &mut Notes,
) -> Duration {
    let Some((interval, directive)) = value else {
        return Duration::from_secs(1);
    };
    let fitted = match version {
        2 => Duration::from_secs(round(interval.as_millis(), 1000).max(1)),
        _ => Duration::from_millis(round(interval.as_micros(), 10_000).saturating_mul(10))
            .min(LONGEST_V3),
    };
    if fitted != interval {
        let unit = if version == 2 {
            "whole seconds"
        } else {
            "hundredths of a second, up to 40.95"
        };
        let message = format!("version {version} has {unit}; keepalived rounds this to {fitted:?}");
        notes.add(Kind::Ignored, &directive.name.place, message);
    }
    fitted
}

fn round(value: u128, unit: u128) -> u64 {
    u64::try_from((value + unit / 2) / unit).unwrap_or(u64::MAX)
}
