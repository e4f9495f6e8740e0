//! Which server it is, and what follows from that.

use healthcheck::mysql::replica::statement;
use healthcheck::mysql::{Flavour, Version};
use proptest::prelude::*;

#[test]
fn every_flavour_s_way_to_say_its_version_is_read() {
    use Flavour::{MariaDb, MySql};
    for (text, flavour, number, statement_for_it) in [
        (
            "5.5.5-10.11.19-MariaDB-0+deb12u1-log",
            MariaDb,
            (10, 11, 19),
            "SHOW ALL SLAVES STATUS",
        ),
        (
            "11.4.2-MariaDB",
            MariaDb,
            (11, 4, 2),
            "SHOW ALL SLAVES STATUS",
        ),
        (
            "12.0.2-MariaDB-ubu2404",
            MariaDb,
            (12, 0, 2),
            "SHOW ALL SLAVES STATUS",
        ),
        ("5.7.44-log", MySql, (5, 7, 44), "SHOW SLAVE STATUS"),
        ("8.0.21", MySql, (8, 0, 21), "SHOW SLAVE STATUS"),
        ("8.0.22", MySql, (8, 0, 22), "SHOW REPLICA STATUS"),
        ("8.0.36-28", MySql, (8, 0, 36), "SHOW REPLICA STATUS"),
        ("8.4.3", MySql, (8, 4, 3), "SHOW REPLICA STATUS"),
        ("9.1.0-commercial", MySql, (9, 1, 0), "SHOW REPLICA STATUS"),
        (
            "8.0.30 (ProxySQL)",
            MySql,
            (8, 0, 30),
            "SHOW REPLICA STATUS",
        ),
    ] {
        let version = Version::read(text);
        assert_eq!(
            (version.flavour, version.number),
            (flavour, number),
            "{text}"
        );
        assert_eq!(statement(&version), statement_for_it, "{text}");
        assert!(!version.text.starts_with("5.5.5-"), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_as_some_version(text in ".*") {
        let version = Version::read(&text);
        prop_assert!(text.ends_with(&version.text));
    }
}
