//! The lines of sysctl.conf(5), or of `sysctl -a`.

use std::collections::BTreeMap;
use std::sync::Arc;

use sysctl_tune::Key;

use crate::Place;
use crate::syntax::Source;

/// The parameters with whole numbers, each with its last line, which counts.
pub(super) fn parse(source: &Source) -> BTreeMap<Key, (i32, Place)> {
    let file: Arc<str> = Arc::from(source.name.as_str());
    let mut found = BTreeMap::new();
    for (line, number) in source.text.lines().zip(1..) {
        let line = line.trim().trim_start_matches('-');
        if line.starts_with(['#', ';']) {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        if let (Ok(key), Ok(value)) = (key.trim().parse::<Key>(), value.trim().parse::<i32>()) {
            let place = Place {
                file: Arc::clone(&file),
                line: number,
                column: 1,
            };
            found.insert(key, (value, place));
        }
    }
    found
}
