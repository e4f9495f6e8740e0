//! Durations as people write them: `10s`, `500ms`, `1m 30s`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// A duration of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span(pub(super) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map(Self).map_err(|error| {
            de::Error::custom(format_args!(
                "`{text}` is no duration ({error}); write it like 10s, 500ms or 1m30s"
            ))
        })
    }
}
