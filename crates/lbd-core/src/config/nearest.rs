//! The name that was probably meant.

/// A suggestion to put behind the name that is not known; empty where none is near.
pub(crate) fn suggestion<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(given, known) {
        Some(name) => format!(" (did you mean `{name}`?)"),
        None => String::new(),
    }
}

/// The known name that takes the fewest changes of a character, up to a third of them; case and the kind of dash do not count.
fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let given = plain(given);
    let most = (given.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&given, &plain(name)), name))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_and_none_that_is_far() {
        let known = ["weight", "health_check", "port", "db1", "db2"];
        for (given, meant) in [
            ("wieght", Some("weight")),
            ("Weight", Some("weight")),
            ("health-check", Some("health_check")),
            ("healthcheck", Some("health_check")),
            ("db3", Some("db1")),
            ("prot", Some("port")),
            ("scheduler", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, known), meant, "{given}");
        }
        assert_eq!(suggestion("prot", known), " (did you mean `port`?)");
        assert_eq!(suggestion("scheduler", known), "");
    }
}
