//! The lines of sysctl.conf(5), or of `sysctl -a`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Place;
use crate::syntax::Source;

/// A kernel parameter that lbd sees to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its name as sysctl(8) prints it, such as `net.ipv4.conf.all.arp_ignore`.
    pub key: String,
    /// The value that is set where the present one will not do.
    pub value: i32,
    /// Other values that will do.
    pub also: Vec<i32>,
    /// Why, in one sentence for people.
    pub why: String,
}

/// A file of kernel parameters, and what they should be.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// sysctl.conf, or the output of `sysctl -a`.
    pub source: Source,
    /// What a host wants whose virtual addresses are on this interface.
    pub wanted: fn(&str) -> Vec<Wanted>,
}

/// The parameters with whole numbers by their names, each with its last line, which counts.
pub(super) fn parse(source: &Source) -> BTreeMap<String, (i32, Place)> {
    let file: Arc<str> = Arc::from(source.name.as_str());
    let mut found = BTreeMap::new();
    for (line, number) in source.text.lines().zip(1..) {
        // A dash in front lets sysctl(8) pass over errors.
        let line = line.trim().trim_start_matches('-');
        if line.starts_with(['#', ';']) {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        if let Ok(value) = value.trim().parse::<i32>() {
            let place = Place {
                file: Arc::clone(&file),
                line: number,
                column: 1,
            };
            found.insert(dotted(key.trim()), (value, place));
        }
    }
    found
}

/// The name with dots between its parts. Written with slashes, a dot is part of an interface's name and becomes a slash.
fn dotted(key: &str) -> String {
    if key
        .find(['.', '/'])
        .is_some_and(|at| key.get(at..=at) == Some("."))
    {
        return key.to_owned();
    }
    let swap = |letter| match letter {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    key.chars().map(swap).collect()
}

#[cfg(test)]
mod tests {
    use super::dotted;

    #[test]
    fn both_ways_to_write_a_name_are_one() {
        let name = "net.ipv4.conf.eth0/100.arp_ignore";
        assert_eq!(dotted("net/ipv4/conf/eth0.100/arp_ignore"), name);
        assert_eq!(dotted(name), name);
    }
}
